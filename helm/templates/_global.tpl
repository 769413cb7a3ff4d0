{{/* What a fleet sets for all of its releases at once. */}}

{{/* The namespace of every object. */}}
{{- define "service.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* The annotations of an object, if any; its own win: {root, own?} */}}
{{- define "service.annotations" -}}
{{- with merge (deepCopy (default dict .own)) (default dict .root.Values.commonAnnotations) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* Where the image comes from. A registry for all takes the place of the image's own, if that names one: a.example/b. */}}
{{- define "service.repository" -}}
{{- $repository := default .Chart.Name .Values.image.repository -}}
{{- with (default dict .Values.global).imageRegistry -}}
{{- $parts := splitList "/" $repository -}}
{{- if and (gt (len $parts) 1) (or (regexMatch "[.:]" (first $parts)) (eq (first $parts) "localhost")) -}}
{{- $parts = rest $parts -}}
{{- end -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (join "/" $parts) -}}
{{- end -}}
{{- $repository -}}
{{- end -}}

{{/* The Secrets for the registry, of all releases and of this one. Parents may share them as names or as objects. */}}
{{- define "service.imagePullSecrets" -}}
{{- $secrets := list -}}
{{- range concat (default list (default dict .Values.global).imagePullSecrets) (default list .Values.imagePullSecrets) -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- with uniq $secrets -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
