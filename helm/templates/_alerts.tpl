{{/*
The groups of files/alerts/ for this release, as YAML: those of the engine, and those of the rooms that are on. Words in
percent signs are filled in; defaults are those of values.yaml, for helm upgrade --reuse-values. Not by tpl: alerts have
{{ $labels.… }} of their own.
*/}}
{{- define "service.alerts" -}}
{{- $values := .Values.metrics.prometheusRule -}}
{{- $settings := default dict $values.alerts -}}
{{- $known := list -}}
{{- range $path, $_ := .Files.Glob "files/alerts/*.yaml" -}}
{{- range (fromYaml ($.Files.Get $path)).groups -}}
{{- range .rules -}}
{{- $known = append $known .alert -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $settings -}}
{{- if not (has $name $known) -}}
{{- fail (printf "metrics.prometheusRule.alerts.%s: there is no such alert, only %s" $name (compact $known | uniq | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}

{{- $runbook := include "service.runbook" . -}}
{{- $words := dict
  "NAMESPACE" (include "service.namespace" .)
  "JOB" (include "service.fullname" .)
  "CONTAINER" .Chart.Name
  "AVAILABILITY" (default 99.9 $values.availability)
  "LATENCY" (default 99 $values.latency)
  "LATENCY_SECONDS" (default 0.25 $values.latencySeconds)
  "SLOW_ROUTES" (kindIs "invalid" $values.slowRoutes | ternary "/events" $values.slowRoutes)
  "MINIMUM_REQUESTS" (kindIs "invalid" $values.minimumRequests | ternary 1000 $values.minimumRequests | int64)
  "RUNBOOK" $runbook -}}
{{- $groups := list -}}
{{- range $name := concat (list "budget" "shutdown" "process") (default list (fromYaml (include "service.rooms" .)).observed) -}}
{{- $text := $.Files.Get (printf "files/alerts/%s.yaml" $name) -}}
{{- range $word, $value := $words -}}
{{- $text = $text | replace (printf "%%%s%%" $word) (toString $value) -}}
{{- end -}}
{{- range $group := (fromYaml $text).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- $own := default dict (get $settings (default "" $rule.alert)) -}}
{{- if $rule.alert -}}
{{- $severity := dict "severity" (default $rule.labels.severity $own.severity) -}}
{{- $_ := set $rule "labels" (merge $severity $rule.labels (default dict $own.labels) (default dict $values.alertLabels)) -}}
{{- if not $runbook -}}
{{- $_ := unset $rule.annotations "runbook_url" -}}
{{- end -}}
{{- end -}}
{{- if dig "enabled" true $own -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- with $rules -}}
{{- $groups = append $groups (dict "name" $group.name "rules" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}

{{/* The address of docs/runbook.md in this very version, if the chart says where its source is; else nothing. */}}
{{- define "service.runbook" -}}
{{- $source := compact (append .Chart.Sources .Chart.Home) | first | default "" | trimSuffix "/" | trimSuffix ".git" -}}
{{- $blob := contains "gitlab" $source | ternary "/-/blob" "/blob" -}}
{{- $page := printf "%s%s/v%s/docs/runbook.md" $source $blob (splitList "+" .Chart.Version | first) -}}
{{- default (empty $source | ternary "" $page) .Values.metrics.prometheusRule.runbook -}}
{{- end -}}
