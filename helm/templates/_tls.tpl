{{/* HTTPS: what it adds to the chart, see _rooms.tpl. */}}
{{- define "service.tls" -}}
{{- with .Values.tls -}}
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
containerPorts:
  - name: https
    containerPort: {{ .port }}
servicePorts:
  - name: https
    port: {{ $.Values.service.httpsPort }}
    targetPort: https
policyPorts:
  - port: https
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
