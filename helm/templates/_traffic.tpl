{{/* Whether there is a plain HTTP listener: a room may take its place. "" is no. */}}
{{- define "service.plain" -}}
{{- if not (fromYaml (include "service.rooms" .)).instead -}}
yes
{{- end -}}
{{- end -}}

{{/* The ports of the container for traffic. */}}
{{- define "service.containerPorts" -}}
{{- if include "service.plain" . }}
- name: http
  containerPort: {{ .Values.ports.http }}
{{- end }}
{{- with (fromYaml (include "service.rooms" .)).containerPorts }}
{{ toYaml . }}
{{- end }}
{{- with .Values.extraContainerPorts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The ports of the Service. The first one is where people and tests are sent, and has the node port. */}}
{{- define "service.servicePorts" -}}
{{- $ports := list -}}
{{- if include "service.plain" . -}}
{{- $ports = append $ports (dict "name" "http" "port" .Values.service.port "targetPort" "http") -}}
{{- end -}}
{{- $ports = concat $ports (default list (fromYaml (include "service.rooms" .)).servicePorts) -}}
{{- with .Values.service.nodePort -}}
{{- $_ := set (first $ports) "nodePort" . -}}
{{- end -}}
{{- concat $ports (default list .Values.service.extraPorts) | toYaml -}}
{{- end -}}

{{/* The port of the Service that a route sends its traffic to, as JSON: {root, key, name}; without a name, the first one. */}}
{{- define "service.backendPort" -}}
{{- $ports := fromYamlArray (include "service.servicePorts" .root) -}}
{{- $found := ternary (first $ports) nil (empty .name) -}}
{{- $names := list -}}
{{- range $ports -}}
{{- $names = append $names .name -}}
{{- if eq .name (default "" $.name) -}}
{{- $found = . -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- fail (printf "%s is %s, and the Service has no port of that name: expected %s" .key .name (join " or " $names)) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}
