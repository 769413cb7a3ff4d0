{{/* OpenTelemetry: what it adds to the chart, see _rooms.tpl. The variables are those of its specification. */}}
{{- define "service.tracing" -}}
{{- with .Values.tracing -}}
{{- if .endpoint -}}
{{- if contains "$(HOST_IP)" .endpoint }}
fields:
  - [HOST_IP, status.hostIP]
{{- end }}
env:
  - [OTEL_EXPORTER_OTLP_ENDPOINT, {{ .endpoint | quote }}]
  - [OTEL_EXPORTER_OTLP_PROTOCOL, {{ .protocol }}]
  - [OTEL_SERVICE_NAME, {{ default (include "service.fullname" $) .serviceName | quote }}]
  - [OTEL_RESOURCE_ATTRIBUTES, {{ include "service.tracing.attributes" . | quote }}]
  {{- with .sampler }}
  - [OTEL_TRACES_SAMPLER, {{ . }}]
  {{- end }}
  {{- with .samplerArg }}
  - [OTEL_TRACES_SAMPLER_ARG, {{ . | quote }}]
  {{- end }}
  {{- if .metrics }}
  - [OTEL_METRICS_EXPORTER, otlp]
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where the process runs, by OpenTelemetry's conventions, and what the values add. */}}
{{- define "service.tracing.attributes" -}}
{{- $own := dict "k8s.namespace.name" "$(POD_NAMESPACE)" "k8s.pod.name" "$(POD_NAME)" "k8s.node.name" "$(NODE_NAME)" -}}
{{- $pairs := list -}}
{{- range $name, $value := mergeOverwrite $own (default dict .resourceAttributes) -}}
{{- $pairs = append $pairs (printf "%s=%s" $name $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}
