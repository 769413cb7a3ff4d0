{{/* HTTPS: what it adds to the chart, see _rooms.tpl. */}}
{{- define "service.tls" -}}
{{- with .Values.tls -}}
{{- if and .only (not .enabled) -}}
{{- fail "tls.only is true and tls.enabled is false: the service would have no port at all" -}}
{{- end -}}
{{- if .enabled -}}
{{- if not .secretName -}}
{{- fail "tls.enabled needs tls.secretName, the Secret with tls.crt and tls.key" -}}
{{- end -}}
observed: [tls]
checked:
  - name: tls.port
    port: {{ .port }}
env:
  - [TLS_PORT, {{ .port }}]
  - [TLS_CERT_FILE, /etc/tls/tls.crt]
  - [TLS_KEY_FILE, /etc/tls/tls.key]
  {{- if .only }}
  - [TLS_ONLY, true]
  {{- end }}
  {{- if eq (toString (get $.Values.config "maxConnections")) "" }}
  - [MAX_CONNECTIONS, 3000] # what the memory limit has room for: docs/security.md
  {{- end }}
containerPorts:
  - name: https
    containerPort: {{ .port }}
servicePorts:
  - name: https
    port: {{ $.Values.service.httpsPort }}
    targetPort: https
    appProtocol: https
{{- if .only }}
instead: [http]
{{- end }}
volumes:
  - name: tls
    secret:
      secretName: {{ .secretName | quote }}
volumeMounts:
  - name: tls
    mountPath: /etc/tls
    readOnly: true
{{- end -}}
{{- end -}}
{{- end -}}
