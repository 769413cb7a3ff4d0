{{/*
The annotations that have Stakater's Reloader restart the pods: a variable is read once. Not what is mounted, which the
service reads again, and not its own ConfigMap, whose checksum is in the pod.
*/}}
{{- define "service.reloader" -}}
{{- if (default dict .Values.reloader).enabled -}}
{{- $read := dict "secret" list "configmap" list -}}
{{- range .Values.extraEnvFrom -}}
{{- $_ := set $read "secret" (append $read.secret (dig "secretRef" "name" "" .)) -}}
{{- $_ := set $read "configmap" (append $read.configmap (dig "configMapRef" "name" "" .)) -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $_ := set $read "secret" (append $read.secret (dig "valueFrom" "secretKeyRef" "name" "" .)) -}}
{{- $_ := set $read "configmap" (append $read.configmap (dig "valueFrom" "configMapKeyRef" "name" "" .)) -}}
{{- end -}}
{{- range $kind, $names := $read -}}
{{- with $names | compact | uniq }}
{{ $kind }}.reloader.stakater.com/reload: {{ join "," . | quote }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
