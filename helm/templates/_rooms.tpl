{{/*
What the rooms of the engine add, as YAML: {checked: [{name, port}], env: [[name, value, key?]], fields: [[name, path]],
containerPorts, servicePorts, volumes, volumeMounts, instead, observed: [file]}, each only if there is something; `fields` are
variables that the pod's own fields give, `instead` is [http] if they take the place of the plain listener. A room has a file of
its own with one template of its name, and a block of its name in values.yaml; it is there if that block is. Without both, the
chart knows nothing of it: docs/taking-out.md. `observed` names its files in files/alerts/ and files/panels/.
*/}}
{{- define "service.rooms" -}}
{{- $all := dict -}}
{{- range $room := list "tls" "gateway" "tracing" -}}
{{- if hasKey $.Values $room -}}
{{- range $part, $added := fromYaml (include (printf "service.%s" $room) $) -}}
{{- $_ := set $all $part (concat (default list (get $all $part)) $added) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
