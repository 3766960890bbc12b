{{/* Rules of NetworkPolicies. */}}

{{/* A `from` or `to` of one component's pods. include "tmd.peer" (list . "redis") */}}
{{- define "tmd.peer" -}}
- podSelector:
    matchLabels:
      {{- include "tmd.selector" . | nindent 6 }}
{{- end }}

{{/* The beginning of a policy's spec: the pods and both directions. include "tmd.policyOf" (list . "redis") */}}
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

{{/* Who may call a component. The pod of `helm test` always may call the API. include "tmd.publicIngress" (list . 8000 "api") */}}
{{- define "tmd.publicIngress" -}}
- ports:
    - {protocol: TCP, port: {{ index . 1 }}}
  {{- with (index . 0).Values.networkPolicy.ingressFrom }}
  from:
    {{- toYaml . | nindent 4 }}
    {{- if and (eq (index $ 2) "api") (index $ 0).Values.tests.enabled }}
    {{- include "tmd.peer" (list (index $ 0) "test") | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* A `from` of KEDA's pods. */}}
{{- define "tmd.kedaPeer" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .Values.networkPolicy.kedaNamespace | quote }}
{{- end }}

{{- define "tmd.dnsEgress" -}}
- ports:
    # Policies apply after the address translation of Services: name servers of OpenShift listen on 5353.
    {{- range list 53 5353 }}
    - {protocol: UDP, port: {{ . }}}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}

{{/*
The ports of addresses, beside those given: a list. An address is a URL or host:port, with several hosts if need be; one
without a port adds 80 for http and nothing for another scheme. include "tmd.ports" (list $ports $addresses) | fromYamlArray
*/}}
{{- define "tmd.ports" -}}
{{- $ports := list }}{{ range index . 0 }}{{ $ports = append $ports (int .) }}{{ end }}
{{- range index . 1 }}
{{- if and . (not (hasPrefix "unix:" .)) }}
{{- $scheme := regexFind "^[a-z+]+://" . }}
{{- $standard := get (dict "http://" 80) $scheme }}
{{- $hosts := regexReplaceAll "^[a-z+]+://" . "" | splitList "/" | first | splitList "?" | first }}
{{- range regexReplaceAll "^.*@" $hosts "" | splitList "," }}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" | default $standard }}
{{- if $port }}{{ $ports = append $ports (int $port) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- $ports | uniq | toYaml }}
{{- end }}

{{- define "tmd.redisEgress" -}}
{{- if .Values.redis.enabled -}}
- to:
    {{- include "tmd.peer" (list . "redis") | nindent 4 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else -}}
- ports:
    {{- range include "tmd.ports" (list .Values.networkPolicy.redisPorts (concat (list .Values.secret.redisJobURL .Values.secret.redisCacheURL) .Values.redis.external.addresses)) | fromYamlArray }}
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
    {{- range include "tmd.ports" (list .Values.networkPolicy.mongodbPorts (list .Values.secret.mongodbURI)) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.mongodbTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The collector of traces, if there is one. */}}
{{- define "tmd.tracesEgress" -}}
{{- with .Values.traces.endpoint -}}
{{- /* Without a port the address has that of its scheme. */}}
{{- $address := hasPrefix "https://" . | ternary (printf "%s:443" (regexFind "^https://[^/?#]+" .)) . }}
{{- $given := regexFind "^https://[^/?#]+:[0-9]+" . }}
- ports:
    {{- range include "tmd.ports" (list list (list ($given | default $address))) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with $.Values.networkPolicy.tracesTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The bucket of uploads. */}}
{{- define "tmd.s3Egress" -}}
{{- if eq .Values.uploads.storage "s3" -}}
{{- include "tmd.bucketEgress" (list . .Values.uploads.s3) }}
{{- end }}
{{- end }}

{{/*
A bucket, and AWS' token service on the same port for the identity of a service account.
include "tmd.bucketEgress" (list . .Values.uploads.s3)
*/}}
{{- define "tmd.bucketEgress" -}}
{{- $endpoint := urlParse ((index . 1).endpoint | default "https://amazonaws.com") -}}
{{- $port := regexFind ":[0-9]+$" $endpoint.host | trimPrefix ":" | default (eq $endpoint.scheme "http" | ternary "80" "443") -}}
- ports:
    - {protocol: TCP, port: {{ $port }}}
  {{- with (index . 0).Values.networkPolicy.s3To }}
  to:
    {{- toYaml . | nindent 4 }}
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
    {{- range include "tmd.ports" (list (list .Values.networkPolicy.parserPort) (list .Values.parser.url)) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.parserTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Sentry, for roles that report; for the API the identity provider as well. include "tmd.httpsEgress" (list . "api") */}}
{{- define "tmd.httpsEgress" -}}
{{- $root := index . 0 }}
{{- $addresses := list $root.Values.secret.sentryDSN }}
{{- if eq (index . 1) "api" }}{{ $addresses = concat $addresses (list $root.Values.auth.jwksURL $root.Values.auth.oidc.issuer) }}{{ end }}
{{- if or (include "tmd.hasSentry" $root) (and (eq (index . 1) "api") (or $root.Values.auth.jwksURL $root.Values.auth.oidc.issuer)) -}}
- ports:
    {{- range include "tmd.ports" (list (list $root.Values.networkPolicy.httpsPort) $addresses) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end }}
