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
The ports of addresses, beside those given: a list. An address is a URL or host:port, with several hosts if need be; a URL
without a port adds that of its scheme. Nothing here parses a URL as a whole: an error would print its password.
include "tmd.ports" (list $ports $addresses) | fromYamlArray
*/}}
{{- define "tmd.ports" -}}
{{- $standard := dict "http" 80 "https" 443 "redis" 6379 "rediss" 6379 "mongodb" 27017 "mongodb+srv" 27017 }}
{{- $ports := list }}{{ range index . 0 }}{{ $ports = append $ports (int .) }}{{ end }}
{{- range index . 1 }}
{{- if and . (not (hasPrefix "unix:" .)) }}
{{- $scheme := regexFind "^[A-Za-z+]+://" . | trimSuffix "://" | lower }}
{{- range include "tmd.hosts" . | splitList "," }}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" | default (get $standard $scheme) }}
{{- if $port }}{{ $ports = append $ports (int $port) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- $ports | uniq | toYaml }}
{{- end }}

{{/* The hosts of a URL with their ports, without the user, the path and the query. include "tmd.hosts" $url */}}
{{- define "tmd.hosts" -}}
{{- regexReplaceAll "^[A-Za-z+]+://" . "" | regexFind "^([^@]*@)*[^@/?#]*" | splitList "@" | last }}
{{- end }}

{{/*
Additional rules of a component that connects to others: those of the values, and the ports of the URLs in its extraEnv, such as a
proxy's. include "tmd.extraEgress" (list . .Values.api)
*/}}
{{- define "tmd.extraEgress" -}}
{{- $urls := list }}
{{- range (index . 1).extraEnv }}
{{- if regexMatch "^[a-z+]+://[^/]" (toString .value) }}{{ $urls = append $urls .value }}{{ end }}
{{- end }}
{{- with include "tmd.ports" (list list $urls) | fromYamlArray }}
- ports:
    {{- range . }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- with (index . 0).Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
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
- ports:
    {{- range include "tmd.ports" (list list (list .)) | fromYamlArray }}
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
- ports:
    {{- range include "tmd.ports" (list list (list ((index . 1).endpoint | default "https://amazonaws.com"))) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
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
{{- $given := list $root.Values.secret.sentryDSN }}
{{- if eq (index . 1) "api" }}{{ $given = concat $given (list $root.Values.auth.jwksURL $root.Values.auth.oidc.issuer) }}{{ end }}
{{- /* networkPolicy.httpsPort is that of the addresses without one. */}}
{{- $addresses := list }}
{{- range $given }}
{{- if or (hasPrefix "http://" .) (regexMatch ":[0-9]+$" (include "tmd.hosts" .)) }}{{ $addresses = append $addresses . }}{{ end }}
{{- end }}
{{- if or (include "tmd.hasSentry" $root) (and (eq (index . 1) "api") (or $root.Values.auth.jwksURL $root.Values.auth.oidc.issuer)) -}}
- ports:
    {{- range include "tmd.ports" (list (list $root.Values.networkPolicy.httpsPort) $addresses) | fromYamlArray }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end }}
