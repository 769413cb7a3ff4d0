{{/* The reverse proxy: what it adds to the chart, see _rooms.tpl. */}}
{{- define "service.gateway" -}}
{{- with .Values.gateway -}}
{{- if .targets -}}
{{- $targets := list -}}
{{- range .targets -}}
{{- $targets = append $targets (printf "%s%s=%s" (default "" .host) .path .url) -}}
{{- end -}}
observed: [gateway]
env:
  - [GATEWAY_TARGETS, {{ join "," $targets | quote }}]
  {{- with .timeout }}
  - [GATEWAY_TIMEOUT, {{ . | quote }}, gateway.timeout]
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
