{{/* Seconds between the deletion of the pod and SIGTERM: a sleep, or what the preStop hook of lifecycle takes at most. */}}
{{- define "service.preStop" -}}
{{- $preStop := int64 .Values.shutdown.preStopSleepSeconds -}}
{{- with dig "preStop" dict (default dict .Values.lifecycle) -}}
{{- if .sleep -}}
{{- fail "lifecycle.preStop.sleep delays SIGTERM without the grace period knowing: set shutdown.preStopSleepSeconds instead, or set it to 0, the window is in the process" -}}
{{- end -}}
{{- if not $preStop -}}
{{- fail "lifecycle.preStop takes its time from the grace period before SIGTERM comes: say with shutdown.preStopSleepSeconds how many seconds it takes at most" -}}
{{- end -}}
{{- else -}}
{{- if and $preStop (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "shutdown.preStopSleepSeconds is %d, but Kubernetes %s does not know the sleep action of preStop, 1.30 is the first that does: set it to 0, the window is in the process" $preStop .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end -}}
{{- $preStop -}}
{{- end -}}

{{/* The container's hooks, if it has any. */}}
{{- define "service.lifecycle" -}}
{{- $hooks := deepCopy (default dict .Values.lifecycle) -}}
{{- $preStop := include "service.preStop" . | int64 -}}
{{- if and $preStop (not $hooks.preStop) -}}
{{- $_ := set $hooks "preStop" (dict "sleep" (dict "seconds" $preStop)) -}}
{{- end -}}
{{- with $hooks -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
