{{/*
The templates are called service.*, not after the product or the chart: a clone renames the chart, and what the next
version of the template brings still finds them. Names and labels are quoted, because a release may be called 123 or
1e3, which YAML takes for numbers.
*/}}
{{- define "service.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52: room for "-management" within the 63 characters of a DNS label. */}}
{{- define "service.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "service.selectorLabels" -}}
app.kubernetes.io/name: {{ include "service.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The chart's own labels win: a selector must not depend on what users add. */}}
{{- define "service.labels" -}}
{{- $own := fromYaml (include "service.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) -}}
{{- toYaml (merge $own (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* Without the chart's version, which would restart the pods at every release of the chart. */}}
{{- define "service.podLabels" -}}
{{- $own := fromYaml (include "service.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- toYaml (merge $own (default dict .Values.podLabels) (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* The checksum restarts the pods when a file changes. Files of a Secret for TLS are re-read, they have none. */}}
{{- define "service.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" .Chart.Name -}}
{{- with .Values.configFiles.data -}}
{{- $_ := set $own "checksum/config" (toJson . | sha256sum) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (default dict .Values.podAnnotations)) -}}
{{- end -}}

{{- define "service.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "service.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "service.image" -}}
{{- with .Values.image -}}
{{- $repository := default $.Chart.Name .repository -}}
{{- if .digest -}}
{{ $repository }}@{{ .digest }}
{{- else -}}
{{ $repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where the files of the ConfigMap are mounted. */}}
{{- define "service.configPath" -}}
{{- default (printf "/etc/%s" .Chart.Name) .Values.configFiles.mountPath -}}
{{- end -}}

{{/* The replicas that are there however low the load. */}}
{{- define "service.guaranteedReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled -}}
{{- end -}}

{{/* Pod Security "restricted", for the pod. */}}
{{- define "service.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.security }}
{{- if not (kindIs "invalid" .runAsUser) }}
runAsUser: {{ .runAsUser }}
{{- end }}
{{- if not (kindIs "invalid" .runAsGroup) }}
runAsGroup: {{ .runAsGroup }}
{{- end }}
{{- if not (kindIs "invalid" .fsGroup) }}
fsGroup: {{ .fsGroup }}
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Pod Security "restricted" and more, for a container. */}}
{{- define "service.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Containers of the user's: restricted, unless they say otherwise themselves. */}}
{{- define "service.containers" -}}
{{- range . }}
{{- $own := default dict .securityContext }}
{{- $context := mergeOverwrite (fromYaml (include "service.securityContext" $)) $own }}
- {{ mergeOverwrite (deepCopy .) (dict "securityContext" $context) | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* matchLabelKeys: each ReplicaSet is spread by itself, so the new pods don't dodge the old ones. */}}
{{- define "service.topologySpread" -}}
{{- range .Values.topologySpreadConstraints }}
{{- $selector := dict "matchLabels" (fromYaml (include "service.selectorLabels" $)) }}
{{- $added := dict "labelSelector" $selector "matchLabelKeys" (list "pod-template-hash") }}
- {{ merge (deepCopy .) $added | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* The head of every object but the Deployment's pods: {root, suffix?, labels?, annotations?} */}}
{{- define "service.metadata" -}}
{{- $labels := fromYaml (include "service.labels" .root) -}}
name: {{ printf "%s%s" (include "service.fullname" .root) (default "" .suffix) | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels: {{- toYaml (merge $labels (default dict .labels)) | nindent 2 }}
{{- with .annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The endpoint of a monitor: {root, monitor}. The job is the full name, which no other object of the namespace has: a
release may have this chart twice, under two aliases.
*/}}
{{- define "service.scrape" -}}
{{- with .monitor -}}
path: /metrics
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
relabelings:
  - targetLabel: job
    replacement: {{ include "service.fullname" $.root | quote }}
{{- with .relabelings }}
{{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Not the selector's labels: the Service must not send traffic to the pod of helm test. */}}
{{- define "service.testLabels" -}}
app.kubernetes.io/name: {{ include "service.name" . | trunc 58 }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}
