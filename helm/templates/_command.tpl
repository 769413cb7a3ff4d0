{{/* What a container runs instead of the image's entry point and its arguments, if anything: {command?, args?} */}}
{{- define "service.command" -}}
{{- with .command }}
command: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .args }}
args: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A shell is process 1 then, gets the SIGTERM and keeps it: the service would be killed in the midst of its work. */}}
{{- define "service.commandCheck" -}}
{{- $words := concat (default list .Values.command) (default list .Values.args) -}}
{{- $first := default list .Values.command | first | default "" | base -}}
{{- if and (has $first (list "sh" "ash" "bash" "dash")) (not (regexMatch "(^|[\\s;&])exec\\s" (join " " (rest $words)))) -}}
{{- fail (printf "command begins with %s, which does not pass SIGTERM on: write exec in front of the service's own command, or no shutdown begins before SIGKILL" $first) -}}
{{- end -}}
{{- end -}}
