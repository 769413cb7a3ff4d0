{{/*
The templates are called service.*, not after the product or the chart: a clone renames the chart, and what the next
version of the template brings still finds them. Names and labels are quoted, because a release may be called 123 or
1e3, which YAML takes for numbers.
*/}}
{{- define "service.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Of a Service: a DNS label that begins with a letter, which the name of a release need not be. 52: room for "-management"
within its 63 characters.
*/}}
{{- define "service.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $full -}}
{{- $full = printf "%s-%s" $name (replace "." "-" .Release.Name) -}}
{{- end -}}
{{- $full = default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $full) -}}
{{- fail (printf "the objects would be called %s, and a Service can't: expected lower-case letters, digits and -, a letter first; set nameOverride or fullnameOverride" $full) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{- define "service.selectorLabels" -}}
app.kubernetes.io/name: {{ include "service.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The chart's own labels win: a selector must not depend on what users add. */}}
{{- define "service.labels" -}}
{{- $own := fromYaml (include "service.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (include "service.version" .) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) -}}
{{- toYaml (merge $own (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* Without the chart's version, which would restart the pods at every release of the chart. */}}
{{- define "service.podLabels" -}}
{{- $own := fromYaml (include "service.selectorLabels" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" (include "service.version" .) -}}
{{- toYaml (merge $own (default dict .Values.podLabels) (default dict .Values.commonLabels)) -}}
{{- end -}}

{{/* The checksum restarts the pods when a file changes. Files of a Secret for TLS are re-read, they have none. */}}
{{- define "service.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" .Chart.Name -}}
{{- $theirs := default dict .Values.podAnnotations -}}
{{- with .Values.configFiles.data -}}
{{- $_ := set $own "checksum/config" (toJson . | sha256sum) -}}
{{- if hasKey $theirs "checksum/config" -}}
{{- fail "podAnnotations sets checksum/config, which the chart derives from configFiles.data: expected another name for yours" -}}
{{- end -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own $theirs) -}}
{{- end -}}

{{- define "service.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "service.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "service.image" -}}
{{- $repository := include "service.repository" . -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ $repository }}@{{ .digest }}
{{- else -}}
{{ $repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The version that runs, as a label may hold it: the image's tag; of a digest without one, its beginning. */}}
{{- define "service.version" -}}
{{- $digest := .Values.image.digest | replace ":" "-" | trunc 19 -}}
{{- coalesce .Values.image.tag $digest .Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." -}}
{{- end -}}

{{/* Where the files of the ConfigMap are mounted. */}}
{{- define "service.configPath" -}}
{{- default (printf "/etc/%s" .Chart.Name) .Values.configFiles.mountPath -}}
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
namespace: {{ include "service.namespace" .root | quote }}
labels: {{- toYaml (merge $labels (default dict .labels)) | nindent 2 }}
{{- with include "service.annotations" (dict "root" .root "own" .annotations) }}
annotations: {{- . | nindent 2 }}
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

{{/*
The labels of a pod beside those of the Deployment: {root, suffix}. Its name has the suffix, because the Service must not
send traffic to it.
*/}}
{{- define "service.besideLabels" -}}
{{- $name := include "service.name" .root | trunc (sub 63 (len .suffix) | int) | trimSuffix "-" -}}
{{- $own := dict "app.kubernetes.io/name" (printf "%s%s" $name .suffix) -}}
{{- toYaml (merge $own (fromYaml (include "service.labels" .root))) -}}
{{- end -}}

{{/* Where a pod runs, and what it finds there; the same for every pod of the chart. */}}
{{- define "service.placement" -}}
{{- if and (eq (default "" .Values.dnsPolicy) "None") (not (default dict .Values.dnsConfig).nameservers) -}}
{{- fail "dnsPolicy is None, which needs dnsConfig.nameservers: the pod would find no name at all" -}}
{{- end -}}
{{- range $field := list "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "hostAliases" "dnsPolicy" "dnsConfig" }}
{{- with get $.Values $field }}
{{ dict $field . | toYaml }}
{{- end }}
{{- end }}
{{- end -}}
