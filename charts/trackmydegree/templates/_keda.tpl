{{/*
What KEDA reads from Secrets: a list of secretTargetRef, empty when nobody asks for anything. Of Redis it needs nothing when
the controller answers. include "tmd.kedaAuth" .
*/}}
{{- define "tmd.kedaAuth" -}}
{{- $secret := include "tmd.secret" . }}
{{- $external := .Values.redis.external }}
{{- $parameters := list }}
{{- if include "tmd.scalerTLS" . }}
{{- $tls := .Values.controller.scaler.tls }}
{{- $parameters = append $parameters (dict "parameter" "caCert" "name" $tls.existingSecret "key" "ca.crt") }}
{{- if $tls.clientCertificate }}
{{- $parameters = append $parameters (dict "parameter" "tlsClientCert" "name" $tls.existingSecret "key" "tls.crt") }}
{{- $parameters = append $parameters (dict "parameter" "tlsClientKey" "name" $tls.existingSecret "key" "tls.key") }}
{{- end }}
{{- else if not (include "tmd.pushes" .) }}
{{- if or .Values.redis.enabled $external.password }}
{{- $parameters = append $parameters (dict "parameter" "password" "name" $secret "key" (include "tmd.secretKey" (list . "redis-password"))) }}
{{- end }}
{{- if not .Values.redis.enabled }}
{{- if $external.sentinel.password }}
{{- $parameters = append $parameters (dict "parameter" "sentinelPassword" "name" $secret "key" (include "tmd.secretKey" (list . "redis-sentinel-password"))) }}
{{- end }}
{{- if and $external.tls.enabled .Values.extraCACerts.kedaKey .Values.extraCACerts.secret }}
{{- $parameters = append $parameters (dict "parameter" "ca" "name" .Values.extraCACerts.secret "key" .Values.extraCACerts.kedaKey) }}
{{- end }}
{{- if and $external.tls.enabled $external.tls.existingSecret }}
{{- if not .Values.extraCACerts.kedaKey }}
{{- $parameters = append $parameters (dict "parameter" "ca" "name" $external.tls.existingSecret "key" (get $external.tls.keys "ca.crt" | default "ca.crt")) }}
{{- end }}
{{- if $external.tls.clientCertificate }}
{{- $parameters = append $parameters (dict "parameter" "cert" "name" $external.tls.existingSecret "key" (get $external.tls.keys "tls.crt" | default "tls.crt")) }}
{{- $parameters = append $parameters (dict "parameter" "key" "name" $external.tls.existingSecret "key" (get $external.tls.keys "tls.key" | default "tls.key")) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $parameters }}
{{- end }}

{{/* The same of ConfigMaps. include "tmd.kedaConfig" . */}}
{{- define "tmd.kedaConfig" -}}
{{- $parameters := list }}
{{- with .Values.extraCACerts }}
{{- if and .kedaKey .configMap (not .secret) (not $.Values.redis.enabled) $.Values.redis.external.tls.enabled (not (include "tmd.pushes" $)) }}
{{- $parameters = append $parameters (dict "parameter" "ca" "name" .configMap "key" .kedaKey) }}
{{- end }}
{{- end }}
{{- toYaml $parameters }}
{{- end }}
