{{/* Refuses further ports that Kubernetes would, and any way to the management port. */}}
{{- define "service.portChecks" -}}
{{- $taken := list "management" (toString .Values.ports.management) -}}
{{- range fromYamlArray (include "service.containerPorts" .) -}}
{{- range list .name (toString .containerPort) -}}
{{- if has . $taken -}}
{{- fail (printf "extraContainerPorts has %s, which the container has already: expected something beside %s" . (join ", " $taken)) -}}
{{- end -}}
{{- $taken = append $taken . -}}
{{- end -}}
{{- end -}}
{{- $taken = list -}}
{{- range fromYamlArray (include "service.servicePorts" .) -}}
{{- if has (toString .targetPort) (list "management" (toString $.Values.ports.management)) -}}
{{- fail (printf "service.extraPorts leads %s to the management port, which is for probes and metrics: what is in a Service can end up on the internet" .name) -}}
{{- end -}}
{{- range list .name (printf "%v/%s" .port (default "TCP" .protocol)) -}}
{{- if has . $taken -}}
{{- fail (printf "service.extraPorts has %s, which the Service has already: expected something beside %s" . (join ", " $taken)) -}}
{{- end -}}
{{- $taken = append $taken . -}}
{{- end -}}
{{- end -}}
{{- end -}}
