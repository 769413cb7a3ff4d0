{{/* Whether an autoscaler sets the replicas, the chart's or another one. "" is no. */}}
{{- define "service.autoscaled" -}}
{{- if or .Values.autoscaling.enabled .Values.autoscaling.external -}}
yes
{{- end -}}
{{- end -}}

{{/* The replicas that are there however low the load. */}}
{{- define "service.guaranteedReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicaCount (include "service.autoscaled" . | eq "yes") -}}
{{- end -}}

{{/*
The number of the Deployment; "" leaves it out, because an autoscaler sets it.

A number that the last release had and this one has not is deleted, and the API server makes it 1: every pod but one would
leave, until the autoscaler looks again. So a Deployment that got its number from Helm keeps the one that it has now.
Nothing is kept where the last release had none, which an annotation says, and where somebody else owns the number beside
a Helm that applies on the server: the API server deletes only what nobody owns. Without a cluster to look at (helm
template), the number is left out: docs/chart.md.
*/}}
{{- define "service.replicas" -}}
{{- if not (include "service.autoscaled" .) -}}
{{- int64 .Values.replicaCount -}}
{{- else -}}
{{- with lookup "apps/v1" "Deployment" (include "service.namespace" .) (include "service.fullname" .) -}}
{{- $applied := false -}}
{{- $handedOver := false -}}
{{- range .metadata.managedFields -}}
{{- $fields := dig "f:spec" dict (default dict .fieldsV1) -}}
{{- if hasKey $fields "f:template" -}}
{{- $applied = or $applied (eq .operation "Apply") -}}
{{- else if hasKey $fields "f:replicas" -}}
{{- $handedOver = true -}}
{{- end -}}
{{- end -}}
{{- $without := hasKey (default dict .metadata.annotations) (include "service.withoutReplicas" $) -}}
{{- if not (or $without (and $applied $handedOver)) -}}
{{- int64 .spec.replicas -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The annotation of a Deployment that was rendered without a number. */}}
{{- define "service.withoutReplicas" -}}
{{- printf "%s/without-replicas" .Chart.Name -}}
{{- end -}}
