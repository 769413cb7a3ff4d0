{{/* Values that are fine by themselves and can't work together. The shutdown has its own in _shutdown.tpl. */}}
{{- define "service.checks" -}}
{{- $rooms := fromYaml (include "service.rooms" .) -}}
{{- $names := list "ports.http" "ports.management" -}}
{{- $texts := list (toString (int64 .Values.ports.http)) (toString (int64 .Values.ports.management)) -}}
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
{{- fail (printf "extraEnv sets %s, which the chart renders from its own values (config, shutdown, ports, node, tls, gateway): two truths about one number" .name) -}}
{{- end -}}
{{- end -}}

{{- with .Values.autoscaling -}}
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
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.podMonitor and metrics.serviceMonitor are both enabled: every pod would be scraped twice and every sum doubled" -}}
{{- end -}}
{{- range $name := list "podMonitor" "serviceMonitor" -}}
{{- range (get $.Values.metrics $name).relabelings -}}
{{- if eq (default "" .targetLabel) "job" -}}
{{- fail (printf "metrics.%s.relabelings sets the label job, by which the alerts and the dashboard find this service: use another label" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
