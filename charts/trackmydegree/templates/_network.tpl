{{/* Rules of NetworkPolicies. */}}

{{/* A `from` or `to` of one component's pods. include "tmd.peer" (list . "redis") */}}
{{- define "tmd.peer" -}}
- podSelector:
    matchLabels:
      {{- include "tmd.selector" . | nindent 6 }}
{{- end }}

{{/* The beginning of a policy's spec: whose pods, both directions. include "tmd.policyOf" (list . "redis") */}}
{{- define "tmd.policyOf" -}}
podSelector:
  matchLabels:
    {{- include "tmd.selector" . | nindent 4 }}
policyTypes: [Ingress, Egress]
{{- end }}

{{/* Who may read metrics. include "tmd.metricsIngress" (list . (list 9090)) */}}
{{- define "tmd.metricsIngress" -}}
- from:
    {{- with (index . 0).Values.networkPolicy.metricsFrom }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
    {{- end }}
  ports:
    {{- range index . 1 }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}

{{/* Who may come from outside. include "tmd.publicIngress" (list . 8000) */}}
{{- define "tmd.publicIngress" -}}
- ports:
    - {protocol: TCP, port: {{ index . 1 }}}
  {{- with (index . 0).Values.networkPolicy.ingressFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* A `from` of KEDA's pods. */}}
{{- define "tmd.kedaPeer" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .Values.networkPolicy.kedaNamespace }}
{{- end }}

{{- define "tmd.dnsEgress" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{- define "tmd.redisEgress" -}}
{{- if .Values.redis.enabled -}}
- to:
    {{- include "tmd.peer" (list . "redis") | nindent 4 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else -}}
- ports:
    {{- range .Values.networkPolicy.redisPorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.redisTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "tmd.mongodbEgress" -}}
{{- if .Values.mongodb.enabled -}}
- to:
    {{- include "tmd.peer" (list . "mongodb") | nindent 4 }}
  ports:
    - {protocol: TCP, port: 27017}
{{- else -}}
- ports:
    {{- range .Values.networkPolicy.mongodbPorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.mongodbTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The bucket, and AWS' token service on the same port where the identity of a service account counts. */}}
{{- define "tmd.s3Egress" -}}
{{- if eq .Values.uploads.storage "s3" -}}
{{- $endpoint := urlParse (.Values.uploads.s3.endpoint | default "https://amazonaws.com") -}}
{{- $port := regexFind ":[0-9]+$" $endpoint.host | trimPrefix ":" | default (eq $endpoint.scheme "http" | ternary "80" "443") -}}
- ports:
    - {protocol: TCP, port: {{ $port }}}
  {{- with .Values.networkPolicy.s3To }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Nothing for a sidecar: the pod's own network needs no policy. */}}
{{- define "tmd.parserEgress" -}}
{{- if eq .Values.parser.mode "deployment" -}}
- to:
    {{- include "tmd.peer" (list . "parser") | nindent 4 }}
  ports:
    - {protocol: TCP, port: 15001}
{{- else if eq .Values.parser.mode "external" -}}
- ports:
    - {protocol: TCP, port: {{ .Values.networkPolicy.parserPort }}}
  {{- with .Values.networkPolicy.parserTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Sentry, for roles that report; for the API the identity provider as well. include "tmd.httpsEgress" (list . "api") */}}
{{- define "tmd.httpsEgress" -}}
{{- $root := index . 0 }}
{{- if or (include "tmd.hasSentry" $root) (and (eq (index . 1) "api") $root.Values.auth.jwksURL) -}}
- ports:
    - {protocol: TCP, port: {{ $root.Values.networkPolicy.httpsPort }}}
{{- end }}
{{- end }}
