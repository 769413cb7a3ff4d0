{{/* What every pod of the chart has in common, beside its placement: {root, token?: whether it gets the account's} */}}
{{- define "service.podHead" -}}
automountServiceAccountToken: {{ default false .token }}
# FOO_PORT=tcp://… of a Service named foo would be taken for configuration.
enableServiceLinks: false
securityContext: {{- include "service.podSecurityContext" .root | nindent 2 }}
{{- with include "service.imagePullSecrets" .root }}
imagePullSecrets: {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The pod of a Job that runs a command of the image: {root, name, task: {command?, args?, resources?, podAnnotations?}, released}.
What is released has the objects of the release: its account, its ConfigMap, the variables of the service and the files
of its rooms.
*/}}
{{- define "service.taskPod" -}}
{{- $ := .root -}}
restartPolicy: Never
{{- if .released }}
{{- $shutdown := fromJson (include "service.shutdown" $) }}
# What the variables of the shutdown say, if the command heeds them.
terminationGracePeriodSeconds: {{ $shutdown.grace }}
{{- end }}
{{- if or .released (and (not $.Values.serviceAccount.create) $.Values.serviceAccount.name) }}
serviceAccountName: {{ include "service.serviceAccountName" $ | quote }}
{{- end }}
{{ include "service.podHead" (dict "root" $ "token" (and .released $.Values.serviceAccount.automount)) }}
containers:
  - name: {{ .name | quote }}
    image: {{ include "service.image" $ | quote }}
    imagePullPolicy: {{ $.Values.image.pullPolicy }}
    terminationMessagePolicy: FallbackToLogsOnError
    securityContext: {{- include "service.securityContext" $ | nindent 6 }}
    {{- with include "service.command" .task | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if or .released $.Values.extraEnv }}
    env:
      {{- if .released }}
      {{- include "service.env" $ | trim | nindent 6 }}
      {{- end }}
      {{- with $.Values.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
    {{- with $.Values.extraEnvFrom }}
    envFrom: {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with default $.Values.resources .task.resources }}
    resources: {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts: {{- include (ternary "service.volumeMounts" "service.freeVolumeMounts" .released) $ | nindent 6 }}
volumes: {{- include (ternary "service.volumes" "service.freeVolumes" .released) $ | nindent 2 }}
{{- with include "service.placement" $ | trim }}
{{ . }}
{{- end }}
{{- end -}}
