{{/* Names and labels. Helpers take arguments; the comment above each shows a call. */}}

{{/* include "tmd.name" . */}}
{{- define "tmd.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of a Service begins with a letter. include "tmd.fullname" . */}}
{{- define "tmd.fullname" -}}
{{- $name := include "tmd.givenName" . }}
{{- regexMatch "^[0-9]" $name | ternary (printf "tmd-%s" $name | trunc 63 | trimSuffix "-") $name }}
{{- end }}

{{- define "tmd.givenName" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "tmd.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "tmd.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
The name of a component's objects. The base is cut, not the component, so that two components never share a name, and a digest
of the whole follows, so that two releases never do; room is kept for what Kubernetes appends to the names of pods (StatefulSets put theirs into a label of 63 characters).
include "tmd.component" (list . "worker")
*/}}
{{- define "tmd.component" -}}
{{- $root := index . 0 }}{{ $component := index . 1 }}
{{- $room := sub 52 (add1 (len $component)) | int }}
{{- $name := include "tmd.fullname" $root }}
{{- if or (le (len $name) $room) (include "tmd.hasCutNames" $root) }}{{ $name = $name | trunc $room | trimSuffix "-" }}
{{- else }}{{ $name = printf "%s-%s" ($name | trunc (sub $room 7 | int) | trimSuffix "-") (sha256sum $name | trunc 6) }}
{{- end }}
{{- printf "%s-%s" $name $component }}
{{- end }}

{{/*
Reports whether the objects of a live release have names that were cut without a digest, as the first versions of the chart cut
them: it keeps them, and its data. include "tmd.hasCutNames" .
*/}}
{{- define "tmd.hasCutNames" -}}
{{- if not (hasKey .Values "cutNames") }}
{{- $service := lookup "v1" "Service" (include "tmd.namespace" .) (printf "%s-api" (include "tmd.fullname" . | trunc 48 | trimSuffix "-")) | default dict }}
{{- $_ := set .Values "cutNames" (eq .Release.Name (dig "metadata" "labels" "app.kubernetes.io/instance" "" $service) | ternary "yes" "") }}
{{- end }}
{{- .Values.cutNames }}
{{- end }}

{{/* The labels that select a component's pods; they never change. include "tmd.selector" (list . "worker") */}}
{{- define "tmd.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "tmd.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The same on one line, as kubectl's --selector takes it. */}}
{{- define "tmd.selectorText" -}}
{{- $terms := list }}
{{- range $name, $value := include "tmd.selector" . | fromYaml }}{{ $terms = append $terms (printf "%s=%s" $name $value) }}{{ end }}
{{- join "," $terms }}
{{- end }}

{{/* The namespace of every object. include "tmd.namespace" . */}}
{{- define "tmd.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/* The metadata of an object. include "tmd.metadata" (list . "worker" $annotations $labels); the last two may be left out */}}
{{- define "tmd.metadata" -}}
{{- $root := index . 0 }}{{ $component := index . 1 -}}
{{- $annotations := dict }}{{ $labels := dict }}
{{- if gt (len .) 2 }}{{ $annotations = index . 2 | default dict }}{{ end }}
{{- if gt (len .) 3 }}{{ $labels = index . 3 | default dict }}{{ end -}}
name: {{ include "tmd.component" (list $root $component) | quote }}
{{ include "tmd.namespaced" (list $root $component $annotations $labels) }}
{{- end }}

{{/* The same without the name. */}}
{{- define "tmd.namespaced" -}}
namespace: {{ include "tmd.namespace" (index . 0) | quote }}
{{ include "tmd.labelled" . }}
{{- end }}

{{/* The same without the namespace, for objects of the cluster or of another namespace. */}}
{{- define "tmd.labelled" -}}
{{- $root := index . 0 }}{{ $component := index . 1 -}}
{{- /* What selects pods and what Helm reads cannot be replaced; an operator may say of what the release is a part. */}}
{{- $own := include "tmd.selector" (list $root $component) | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $defaults := dict "app.kubernetes.io/part-of" "trackmydegree" "app.kubernetes.io/version" $root.Chart.AppVersion }}
labels:
  {{- include "tmd.texts" (merge $own (index . 3) $root.Values.commonLabels $defaults) | nindent 2 }}
{{- with merge (dict) (index . 2) $root.Values.commonAnnotations }}
annotations:
  {{- include "tmd.texts" . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The metadata of a pod template. include "tmd.podMetadata" (list . "worker" .Values.worker $annotations) */}}
{{- define "tmd.podMetadata" -}}
{{- $root := index . 0 }}{{ $component := index . 1 }}{{ $values := index . 2 -}}
{{- $own := include "tmd.selector" (list $root $component) | fromYaml }}
labels:
  {{- include "tmd.texts" (merge $own ($values.podLabels | default dict) $root.Values.commonLabels (dict "app.kubernetes.io/part-of" "trackmydegree")) | nindent 2 }}
{{- $defaults := dict "kubectl.kubernetes.io/default-container" $component }}
annotations:
  {{- include "tmd.texts" (merge (dict) ($values.podAnnotations | default dict) (index . 3) $root.Values.commonAnnotations $defaults) | nindent 2 }}
{{- end }}

{{/* A scalar as text: YAML reads true, 1 and 1e3 as other types, which labels, annotations and variables do not take. */}}
{{- define "tmd.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* A mapping whose values are texts; an empty key is left out. include "tmd.texts" .Values.commonLabels */}}
{{- define "tmd.texts" -}}
{{- $texts := dict }}
{{- range $key, $value := . }}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $texts $key (include "tmd.text" $value) }}{{ end }}
{{- end }}
{{- toYaml $texts }}
{{- end }}

{{/* include "tmd.serviceAccount" (list . "worker" .Values.worker) */}}
{{- define "tmd.serviceAccount" -}}
{{- $account := (index . 2).serviceAccount }}
{{- if $account.name }}{{ $account.name }}
{{- else if $account.create }}{{ include "tmd.component" (list (index . 0) (index . 1)) }}
{{- else }}default
{{- end }}
{{- end }}

{{/* include "tmd.secret" . */}}
{{- define "tmd.secret" -}}
{{- .Values.secret.existingSecret | default (include "tmd.fullname" .) }}
{{- end }}

{{/* A password that derives from secret.seed, for this release alone. include "tmd.derived" (list . "redis-password") */}}
{{- define "tmd.derived" -}}
{{- $root := index . 0 }}
{{- with $root.Values.secret.seed }}{{ printf "%s\n%s/%s\n%s" . $root.Release.Namespace $root.Release.Name (index $ 1) | sha256sum | trunc 48 }}{{ end }}
{{- end }}

{{/* The key of an entry in the Secret. include "tmd.secretKey" (list . "mongodb-uri") */}}
{{- define "tmd.secretKey" -}}
{{- $secret := (index . 0).Values.secret }}
{{- not (empty $secret.existingSecret) | ternary (get $secret.keys (index . 1)) "" | default (index . 1) }}
{{- end }}

{{/* include "tmd.uploadsClaim" . */}}
{{- define "tmd.uploadsClaim" -}}
{{- .Values.uploads.existingClaim | default (include "tmd.component" (list . "uploads")) }}
{{- end }}

{{/*
An empty tag is the chart's appVersion for the project's own image, and the chart's default for any other. A published chart
has the digest of its image as an annotation: the digest is part of the name, unless the values name another image or the
controller follows the tag.
include "tmd.image" (list . .Values.redis.image)
*/}}
{{- define "tmd.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 }}
{{- $registry := $root.Values.global.imageRegistry | default $image.registry | default "" | trimSuffix "/" }}
{{- $name := $image.repository }}
{{- if $registry }}{{ $name = printf "%s/%s" $registry $image.repository }}{{ end }}
{{- $tag := $image.tag }}
{{- if not $tag }}
{{- range $root.Values.defaultImages }}
{{- if eq .repository $image.repository }}{{ $tag = .tag }}{{ end }}
{{- end }}
{{- end }}
{{- $published := "" }}
{{- if and (not $tag) (eq $image.repository $root.Values.publishedImage) (not $root.Values.controller.images.enabled) }}
{{- with $root.Chart.Annotations }}{{ $published = index . "trackmydegree.io/image-digest" }}{{ end }}
{{- end }}
{{- if $image.digest }}{{ printf "%s@%s" $name $image.digest }}
{{- else if $published }}{{ printf "%s:%s@%s" $name $root.Chart.AppVersion $published }}
{{- else }}{{ printf "%s:%s" $name (include "tmd.text" ($tag | default $root.Chart.AppVersion)) }}
{{- end }}
{{- end }}
