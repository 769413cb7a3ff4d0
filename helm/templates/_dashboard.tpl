{{/*
files/dashboard.json for this release, and files/panels/ for its rooms. It is called by its full name and namespace, and
its uid is made of both: with a fixed one, the second release of a Grafana would take the place of the first. At most 40
characters, as Grafana wants it; the hash is there because "a-b" in "c" and "a" in "b-c" read the same.
*/}}
{{- define "service.dashboard" -}}
{{- $dashboard := .Files.Get "files/dashboard.json" | fromJson -}}
{{- $name := include "service.fullname" . -}}
{{- $readable := printf "%s-%s" (include "service.namespace" .) $name | replace "." "-" | trunc 27 | trimSuffix "-" -}}
{{- $hash := printf "%s/%s" (include "service.namespace" .) $name | sha256sum | trunc 12 -}}
{{- $_ := set $dashboard "uid" (printf "%s-%s" $readable $hash) -}}
{{- $_ := set $dashboard "title" (printf "%s in %s" $name (include "service.namespace" .)) -}}
{{- $_ := set $dashboard "tags" (list .Chart.Name) -}}
{{/* What is chosen when it is opened; the monitors set job to the full name. */}}
{{- $chosen := dict "namespace" (include "service.namespace" .) "service" $name -}}
{{- range $variable := $dashboard.templating.list -}}
{{- with get $chosen $variable.name -}}
{{- $_ := set $variable "current" (dict "text" . "value" .) -}}
{{- end -}}
{{- end -}}
{{/* Below them, a row for each room that is on; its panels are placed as if there were nothing above. */}}
{{- range $room := (fromYaml (include "service.rooms" .)).observed -}}
{{- $bottom := 0 -}}
{{- range $dashboard.panels -}}
{{- $bottom = max $bottom (add .gridPos.y .gridPos.h) -}}
{{- end -}}
{{- range $panel := $.Files.Get (printf "files/panels/%s.json" $room) | fromJsonArray -}}
{{- $_ := set $panel.gridPos "y" (add $bottom $panel.gridPos.y) -}}
{{- $_ := set $dashboard "panels" (append $dashboard.panels $panel) -}}
{{- end -}}
{{- end -}}
{{- toPrettyJson $dashboard -}}
{{- end -}}
