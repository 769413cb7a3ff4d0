{{/*
files/dashboard.json for this release. It is called by its release and namespace, and its uid is made of both: with a
fixed one, the second release of a Grafana would take the place of the first. At most 40 characters, as Grafana wants
it; the hash is there because "a-b" in "c" and "a" in "b-c" read the same.
*/}}
{{- define "service.dashboard" -}}
{{- $dashboard := .Files.Get "files/dashboard.json" | fromJson -}}
{{- $readable := printf "%s-%s" (include "service.namespace" .) .Release.Name | replace "." "-" | trunc 27 | trimSuffix "-" -}}
{{- $hash := printf "%s/%s" (include "service.namespace" .) .Release.Name | sha256sum | trunc 12 -}}
{{- $_ := set $dashboard "uid" (printf "%s-%s" $readable $hash) -}}
{{- $_ := set $dashboard "title" (printf "%s in %s" .Release.Name (include "service.namespace" .)) -}}
{{- $_ := set $dashboard "tags" (list .Chart.Name) -}}
{{/* What is chosen when it is opened; the monitors set job to the release's name. */}}
{{- $chosen := dict "namespace" (include "service.namespace" .) "service" .Release.Name -}}
{{- range $variable := $dashboard.templating.list -}}
{{- with get $chosen $variable.name -}}
{{- $_ := set $variable "current" (dict "text" . "value" .) -}}
{{- end -}}
{{- end -}}
{{- toPrettyJson $dashboard -}}
{{- end -}}
