{{/* Features of the controller that other components use. */}}

{{/* Does the controller mark busy workers? include "tmd.drainGuard" . */}}
{{- define "tmd.drainGuard" -}}
{{- with .Values.controller }}{{ if and .enabled .drainGuard.enabled (not .dryRun) }}yes{{ end }}{{ end }}
{{- end }}

{{/* Does the controller answer KEDA? include "tmd.pushes" . */}}
{{- define "tmd.pushes" -}}
{{- if and .Values.controller.enabled (include "tmd.keda" .) (eq .Values.worker.autoscaling.trigger "push") }}yes{{ end }}
{{- end }}

{{/* Does KEDA scale the workers? include "tmd.keda" . */}}
{{- define "tmd.keda" -}}
{{- with .Values.worker.autoscaling }}{{ if and .enabled (eq .scaler "keda") }}yes{{ end }}{{ end }}
{{- end }}

{{/* Does a HorizontalPodAutoscaler of the chart scale them, by the metric of the controller? include "tmd.hpa" . */}}
{{- define "tmd.hpa" -}}
{{- with .Values.worker.autoscaling }}{{ if and .enabled (eq .scaler "hpa") }}yes{{ end }}{{ end }}
{{- end }}

{{/* Does the controller serve that metric? include "tmd.externalMetrics" . */}}
{{- define "tmd.externalMetrics" -}}
{{- if and .Values.controller.enabled (include "tmd.hpa" .) }}yes{{ end }}
{{- end }}

{{/* Does its certificate come from a Secret that others fill? include "tmd.externalMetricsTLS" . */}}
{{- define "tmd.externalMetricsTLS" -}}
{{- if and (include "tmd.externalMetrics" .) .Values.controller.externalMetrics.tls.existingSecret }}yes{{ end }}
{{- end }}

{{/* The name of a cluster's object that belongs to this release. include "tmd.clusterName" (list . "external-metrics") */}}
{{- define "tmd.clusterName" -}}
{{ include "tmd.namespace" (index . 0) }}-{{ include "tmd.component" . }}
{{- end }}

{{/* Does it do so over TLS? include "tmd.scalerTLS" . */}}
{{- define "tmd.scalerTLS" -}}
{{- if and (include "tmd.pushes" .) .Values.controller.scaler.tls.existingSecret }}yes{{ end }}
{{- end }}

{{/* The labels of all Deployments of the release, as kubectl's --selector takes them. include "tmd.releaseSelector" . */}}
{{- define "tmd.releaseSelector" -}}
app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/name={{ include "tmd.name" . }}
{{- end }}

{{/* The pull Secrets of the release: a list. include "tmd.pullSecrets" . | fromYamlArray */}}
{{- define "tmd.pullSecrets" -}}
{{- $names := list }}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
{{- /* Global values of a parent chart hold names, or objects as in pods. */}}
{{- if kindIs "map" . }}{{ $names = append $names .name }}{{ else }}{{ $names = append $names . }}{{ end }}
{{- end }}
{{- without (compact $names | uniq) "" | toYaml }}
{{- end }}

{{/*
Container image and pull policy of a component that the controller updates. While the tag is what it was, the digest that the
controller has rolled out stays: a node may still have what the tag named before. It is known in a cluster alone.
include "tmd.updatedImage" (list . .Values.image "worker" "parser")
*/}}
{{- define "tmd.updatedImage" -}}
{{- $root := index . 0 }}{{ $image := include "tmd.image" . }}
{{- if and $root.Values.controller.enabled $root.Values.controller.images.enabled }}
{{- $live := lookup "apps/v1" "Deployment" (include "tmd.namespace" $root) (include "tmd.component" (list $root (index . 2))) | default dict }}
{{- $spec := dig "spec" "template" "spec" (dict) $live }}
{{- range concat (dig "initContainers" (list) $spec) (dig "containers" (list) $spec) }}
{{- if and (eq .name (index $ 3)) (hasPrefix (printf "%s@sha256:" $image) .image) }}{{ $image = .image }}{{ end }}
{{- end }}
{{- end -}}
image: {{ $image | quote }}
imagePullPolicy: {{ (index . 1).pullPolicy }}
{{- end }}
