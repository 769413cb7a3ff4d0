{{/*
The container's environment, without the user's extraEnv. Only names that the service's config.ts reads (a
test holds the two together), and NODE_OPTIONS and the pod's identity for everybody else in the process.
*/}}
{{- define "service.env" -}}
{{- $derived := fromJson (include "service.shutdown" .) -}}
{{- $config := .Values.config -}}
{{- $shutdown := .Values.shutdown -}}
{{- $env := list -}}
{{- if include "service.plain" . -}}
{{- $env = append $env (list "PORT" .Values.ports.http) -}}
{{- end -}}
{{- $env = concat $env (list
  (list "MANAGEMENT_PORT" .Values.ports.management)
  (list "LOG_LEVEL" $config.logLevel)
  (list "LOG_FORMAT" $config.logFormat)
  (list "KEEP_ALIVE_TIMEOUT" $config.keepAliveTimeout)
  (list "HEADERS_TIMEOUT" $config.headersTimeout)
  (list "REQUEST_TIMEOUT" $config.requestTimeout)
  (list "BODY_LIMIT" $config.bodyLimit)
  (list "TRUST_PROXY" $config.trustProxy)
  (list "HEALTH_CHECK_TIMEOUT" $config.healthCheckTimeout)
  (list "HEALTH_CHECK_INTERVAL" $config.healthCheckInterval)
  (list "SHUTDOWN_WINDOW" $derived.texts.window)
  (list "SHUTDOWN_QUIET_PERIOD" $shutdown.quietPeriod)
  (list "SHUTDOWN_WINDOW_MAX" $derived.texts.windowMax)
  (list "SHUTDOWN_DRAIN_TIMEOUT" $derived.texts.drain)
  (list "SHUTDOWN_KEEP_ALIVE_MIN_IDLE" $shutdown.keepAliveMinIdle)
  (list "SHUTDOWN_CLEANUP_TIMEOUT" $derived.texts.cleanup)
  (list "SHUTDOWN_SCRAPE_WAIT" $derived.texts.scrapeWait)
  (list "SHUTDOWN_LIVENESS" $shutdown.liveness)
  (list "SHUTDOWN_READINESS" $shutdown.readiness)
  (list "SHUTDOWN_GRACE_PERIOD" (printf "%ds" (int64 $derived.processGrace)))
) -}}
{{- /* Not in the values of a release that is older: helm upgrade --reuse-values. */ -}}
{{- with $config.sendTimeout -}}
{{- $env = append $env (list "SEND_TIMEOUT" .) -}}
{{- end -}}
{{- if ne (toString (get $config "maxConnections")) "" -}}
{{- $env = append $env (list "MAX_CONNECTIONS" (int64 $config.maxConnections)) -}}
{{- end -}}
{{- if $config.overloadEventLoopDelay -}}
{{- $env = append $env (list "OVERLOAD_EVENT_LOOP_DELAY" $config.overloadEventLoopDelay) -}}
{{- end -}}
{{- with $config.maxConcurrentRequests -}}
{{- $env = append $env (list "MAX_CONCURRENT_REQUESTS" .) -}}
{{- end -}}
{{- with $config.maxConcurrentRequestsPerClient -}}
{{- $env = append $env (list "MAX_CONCURRENT_REQUESTS_PER_CLIENT" .) -}}
{{- end -}}
{{- with (fromYaml (include "service.rooms" .)).env -}}
{{- $env = concat $env . -}}
{{- end -}}
{{- with include "service.nodeOptions" . -}}
{{- $env = append $env (list "NODE_OPTIONS" .) -}}
{{- end -}}
{{- include "service.checkDurations" (dict "root" . "env" $env) -}}
{{- range $env }}
- name: {{ index . 0 }}
  value: {{ index . 1 | toString | quote }}
{{- end }}
{{- range $name, $field := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $field }}
{{- end }}
{{- end -}}

{{/*
Refuses durations that the service would refuse at its start: {root, env: [[name, value, key?]]}. KEEP_ALIVE_TIMEOUT is
config.keepAliveTimeout, unless there is another key. The bounds are those of the service's schema: npm run docs.
*/}}
{{- define "service.checkDurations" -}}
{{- $least := .root.Files.Get "files/durations.json" | fromJson -}}
{{- range .env -}}
{{- $name := first . -}}
{{- if hasKey $least $name -}}
{{- $key := ternary (last .) ($name | lower | camelcase | untitle | printf "config.%s") (eq (len .) 3) -}}
{{- $value := index . 1 -}}
{{- if lt (include "service.ms" (dict "key" $key "value" $value) | int64) (get $least $name | int64) -}}
{{- fail (printf "%s is %v, too short for the service: expected %vms to 24h" $key $value (get $least $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Without a memory limit, a percentage would be one of the whole node. */}}
{{- define "service.nodeOptions" -}}
{{- $flags := list -}}
{{- if and .Values.node.heapPercent (dig "limits" "memory" "" (default dict .Values.resources)) -}}
{{- $flags = append $flags (printf "--max-old-space-size-percentage=%d" (int64 .Values.node.heapPercent)) -}}
{{- end -}}
{{- with .Values.node.options -}}
{{- $flags = append $flags . -}}
{{- end -}}
{{- join " " $flags -}}
{{- end -}}
