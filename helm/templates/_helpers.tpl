{{- define "lastcall.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52: room for "-management" within the 63 characters of a DNS label. */}}
{{- define "lastcall.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "lastcall.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lastcall.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The chart's own labels win: a selector must not depend on what users add. */}}
{{- define "lastcall.labels" -}}
{{- $own := fromYaml (include "lastcall.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) -}}
{{- toYaml (merge $own (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* Without the chart's version, which would restart the pods at every release of the chart. */}}
{{- define "lastcall.podLabels" -}}
{{- $own := fromYaml (include "lastcall.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- toYaml (merge $own (default dict .Values.podLabels) (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* The checksum restarts the pods when a file changes. Files of a Secret for TLS are re-read, they have none. */}}
{{- define "lastcall.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" .Chart.Name -}}
{{- with .Values.configFiles.data -}}
{{- $_ := set $own "checksum/config" (toJson . | sha256sum) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (default dict .Values.podAnnotations)) -}}
{{- end -}}

{{- define "lastcall.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "lastcall.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "lastcall.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The replicas that are there however low the load. */}}
{{- define "lastcall.guaranteedReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled -}}
{{- end -}}

{{/* Pod Security "restricted", for the pod. */}}
{{- define "lastcall.podSecurityContext" -}}
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
{{- define "lastcall.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Containers of the user's: restricted, unless they say otherwise themselves. */}}
{{- define "lastcall.containers" -}}
{{- range . }}
{{- $own := default dict .securityContext }}
{{- $context := mergeOverwrite (fromYaml (include "lastcall.securityContext" $)) $own }}
- {{ mergeOverwrite (deepCopy .) (dict "securityContext" $context) | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* matchLabelKeys: each ReplicaSet is spread by itself, so the new pods don't dodge the old ones. */}}
{{- define "lastcall.topologySpread" -}}
{{- range .Values.topologySpreadConstraints }}
{{- $selector := dict "matchLabels" (fromYaml (include "lastcall.selectorLabels" $)) }}
{{- $added := dict "labelSelector" $selector "matchLabelKeys" (list "pod-template-hash") }}
- {{ merge (deepCopy .) $added | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* The head of every object but the Deployment's pods: {root, suffix?, labels?, annotations?} */}}
{{- define "lastcall.metadata" -}}
{{- $labels := fromYaml (include "lastcall.labels" .root) -}}
name: {{ include "lastcall.fullname" .root }}{{ .suffix }}
namespace: {{ .root.Release.Namespace }}
labels: {{- toYaml (merge $labels (default dict .labels)) | nindent 2 }}
{{- with .annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "lastcall.scrape" -}}
path: /metrics
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
{{- with .relabelings }}
relabelings: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Not the selector's labels: the Service must not send traffic to the pod of helm test. */}}
{{- define "lastcall.testLabels" -}}
app.kubernetes.io/name: {{ include "lastcall.name" . | trunc 58 }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
