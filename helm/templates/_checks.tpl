{{/* Values that are fine by themselves and can't work together. The shutdown has its own in _shutdown.tpl. */}}
{{- define "service.checks" -}}
{{- $rooms := fromYaml (include "service.rooms" .) -}}
{{- $names := list "ports.management" -}}
{{- $texts := list (toString (int64 .Values.ports.management)) -}}
{{- if include "service.plain" . -}}
{{- $names = prepend $names "ports.http" -}}
{{- $texts = prepend $texts (toString (int64 .Values.ports.http)) -}}
{{- end -}}
{{- range $rooms.checked -}}
{{- $names = append $names .name -}}
{{- $texts = append $texts (toString (int64 .port)) -}}
{{- end -}}
{{- if ne (len (uniq $texts)) (len $texts) -}}
{{- fail (printf "%s and %s must differ: %s" (join ", " (initial $names)) (last $names) (join ", " $texts)) -}}
{{- end -}}

{{- $own := dict -}}
{{- range fromYamlArray (include "service.env" .) -}}
{{- $_ := set $own .name true -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if or (hasKey $own .name) (hasPrefix "SHUTDOWN_" .name) -}}
{{- fail (printf "extraEnv sets %s, which the chart renders from its own values (config, shutdown, ports, node, tls, gateway, tracing): two truths about one number" .name) -}}
{{- end -}}
{{- end -}}

{{- include "service.checkVolumes" . -}}

{{- $headers := include "service.ms" (dict "key" "config.headersTimeout" "value" .Values.config.headersTimeout) | int64 -}}
{{- $request := include "service.ms" (dict "key" "config.requestTimeout" "value" .Values.config.requestTimeout) | int64 -}}
{{- if and $request (gt $headers $request) -}}
{{- fail (printf "config.headersTimeout is %v: expected at most config.requestTimeout, which is %v" .Values.config.headersTimeout .Values.config.requestTimeout) -}}
{{- end -}}

{{- if not (has .Values.config.trustProxy (list "true" "false")) -}}
{{- range splitList "," .Values.config.trustProxy -}}
{{- if not (regexMatch "^([0-9]{1,2}|loopback|linklocal|uniquelocal|[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(/[1-9][0-9]{0,2})?)$" (trim .)) -}}
{{- fail (printf "config.trustProxy has %s: expected true, false, a number of hops, or a list of addresses, subnets, loopback, linklocal, uniquelocal" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and (kindIs "invalid" .Values.replicaCount) (not (include "service.autoscaled" .)) -}}
{{- fail "replicaCount is not set: expected a number, or autoscaling.external: true where something outside of the chart sets it" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled .external -}}
{{- fail "autoscaling.enabled and autoscaling.external are both true: two autoscalers would fight for the replicas" -}}
{{- end -}}
{{- if .enabled -}}
{{- if lt (int64 .maxReplicas) (int64 .minReplicas) -}}
{{- fail (printf "autoscaling.maxReplicas is %d, below autoscaling.minReplicas, which is %d" (int64 .maxReplicas) (int64 .minReplicas)) -}}
{{- end -}}
{{- if and .targetCPUUtilizationPercentage (not (dig "requests" "cpu" "" (default dict $.Values.resources))) -}}
{{- fail "autoscaling.targetCPUUtilizationPercentage is a percentage of resources.requests.cpu, which is not set" -}}
{{- end -}}
{{- if and .targetMemoryUtilizationPercentage (not (dig "requests" "memory" "" (default dict $.Values.resources))) -}}
{{- fail "autoscaling.targetMemoryUtilizationPercentage is a percentage of resources.requests.memory, which is not set" -}}
{{- end -}}
{{- if not (or .targetCPUUtilizationPercentage .targetMemoryUtilizationPercentage .metrics) -}}
{{- fail "autoscaling.enabled needs something to look at: targetCPUUtilizationPercentage, targetMemoryUtilizationPercentage or metrics" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and (has (toString .Values.strategy.maxUnavailable) (list "0" "0%")) (has (toString .Values.strategy.maxSurge) (list "0" "0%")) -}}
{{- fail "strategy.maxSurge and strategy.maxUnavailable are both 0: no pod could ever be replaced" -}}
{{- end -}}
{{- $monitors := list -}}
{{- range $monitor := list "podMonitor" "serviceMonitor" "podMonitoring" -}}
{{- with get $.Values.metrics $monitor -}}
{{- $interval := include "service.ms" (dict "key" (printf "metrics.%s.interval" $monitor) "value" .interval) | int64 -}}
{{- $timeout := include "service.ms" (dict "key" (printf "metrics.%s.scrapeTimeout" $monitor) "value" .scrapeTimeout) | int64 -}}
{{- if .enabled -}}
{{- $monitors = append $monitors (printf "metrics.%s" $monitor) -}}
{{- if gt $timeout $interval -}}
{{- fail (printf "metrics.%s.scrapeTimeout is %s: expected at most the interval, which is %s, or Prometheus takes none of its configuration" $monitor .scrapeTimeout .interval) -}}
{{- end -}}
{{- end -}}
{{- range .relabelings -}}
{{- if eq (default "" .targetLabel) "job" -}}
{{- fail (printf "metrics.%s.relabelings sets the label job, by which the alerts and the dashboard find this service: use another label" $monitor) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if gt (len $monitors) 1 -}}
{{- fail (printf "%s are enabled: every pod would be scraped twice and every sum doubled" (join " and " $monitors)) -}}
{{- end -}}
{{- end -}}
