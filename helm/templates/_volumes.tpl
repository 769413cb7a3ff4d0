{{/* The volumes of a pod of the service. */}}
{{- define "service.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmp.sizeLimit }}
{{- with (fromYaml (include "service.rooms" .)).volumes }}
{{ toYaml . }}
{{- end }}
{{- if .Values.configFiles.data }}
- name: config
  configMap:
    name: {{ include "service.fullname" . | quote }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Where its container has them. */}}
{{- define "service.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- with (fromYaml (include "service.rooms" .)).volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- if .Values.configFiles.data }}
- name: config
  mountPath: {{ include "service.configPath" . | quote }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Those that need nothing of the release: a Job that runs before it has only them. */}}
{{- define "service.freeVolumes" -}}
{{- prepend (default list .Values.extraVolumes) (dict "name" "tmp" "emptyDir" (dict "sizeLimit" .Values.tmp.sizeLimit)) | toYaml -}}
{{- end -}}

{{- define "service.freeVolumeMounts" -}}
{{- prepend (default list .Values.extraVolumeMounts) (dict "name" "tmp" "mountPath" "/tmp") | toYaml -}}
{{- end -}}

{{/* Refuses what the API server would: two volumes of one name, two mounts at one path, a mount of nothing. */}}
{{- define "service.checkVolumes" -}}
{{- $volumes := list -}}
{{- range fromYamlArray (include "service.volumes" .) -}}
{{- if has .name $volumes -}}
{{- fail (printf "extraVolumes has a volume %s, and the pod has another one of that name: expected a name beside %s" .name (join ", " $volumes)) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $paths := list -}}
{{- range fromYamlArray (include "service.volumeMounts" .) -}}
{{- if not (has .name $volumes) -}}
{{- fail (printf "extraVolumeMounts mounts %s, which is no volume: expected one of %s, or one more in extraVolumes" .name (join ", " $volumes)) -}}
{{- end -}}
{{- if has (clean .mountPath) $paths -}}
{{- fail (printf "extraVolumeMounts mounts %s at %s, where another volume is: expected a path beside %s" .name .mountPath (join ", " $paths)) -}}
{{- end -}}
{{- $paths = append $paths (clean .mountPath) -}}
{{- end -}}
{{- end -}}
