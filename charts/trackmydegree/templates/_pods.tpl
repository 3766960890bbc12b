{{/* Parts of pods that every component has. */}}

{{/* The part of a pod before its containers. include "tmd.podSpec" (list . "worker" .Values.worker) */}}
{{- define "tmd.podSpec" -}}
{{- $root := index . 0 }}{{ $component := index . 1 }}{{ $values := index . 2 -}}
serviceAccountName: {{ include "tmd.serviceAccount" . | quote }}
# Only the controller calls the API server, and the doctor, which reads the ScaledObject.
automountServiceAccountToken: {{ or (eq $component "controller") (and (eq $component "doctor") (not (empty (include "tmd.keda" $root)))) }}
# Service links would set TMD_… variables in pods of a release whose name starts with tmd.
enableServiceLinks: false
{{- with include "tmd.pullSecrets" $root | fromYamlArray }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with $values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.dnsPolicy }}
dnsPolicy: {{ . | quote }}
{{- end }}
{{- with $values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- include "tmd.texts" . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $affinity := deepCopy ($values.affinity | default dict) }}
{{- if and (has $component (list "api" "worker" "doctor")) $root.Values.uploads.oneNode }}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict "app.kubernetes.io/instance" $root.Release.Name "trackmydegree/uploads" "one-node")) }}
{{- $pods := $affinity.podAffinity | default dict }}
{{- $_ := set $pods "requiredDuringSchedulingIgnoredDuringExecution" (append ($pods.requiredDuringSchedulingIgnoredDuringExecution | default list) $term) }}
{{- $_ := set $affinity "podAffinity" $pods }}
{{- end }}
{{- with $affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range $values.topologySpreadConstraints }}
  {{- $pods := dict "labelSelector" (dict "matchLabels" (include "tmd.selector" (list $root $component) | fromYaml)) }}
  - {{ toYaml (merge (deepCopy .) (hasKey . "labelSelector" | ternary dict $pods)) | nindent 4 | trim }}
  {{- end }}
{{- else if and $values.spread (not (and $root.Values.uploads.oneNode (ne $component "parser"))) }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "tmd.selector" (list $root $component) | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end }}

{{/*
The security of a pod: Pod Security "restricted". Fields of podSecurityContext replace the chart's, and an empty one removes
it. $supplemental may be an empty list. include "tmd.podSecurity" (list . .Values.api $supplemental)
*/}}
{{- define "tmd.podSecurity" -}}
{{- $values := (index . 0).Values.podSecurity }}
{{- $context := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- range $field := list "runAsUser" "runAsGroup" "fsGroup" }}
{{- with get $values $field }}{{ $_ := set $context $field . }}{{ end }}
{{- end }}
{{- /* The ownership of a volume with many files is changed once, not at the start of each pod. */}}
{{- if $values.fsGroup }}{{ $_ := set $context "fsGroupChangePolicy" "OnRootMismatch" }}{{ end }}
{{- with index . 2 }}{{ $_ := set $context "supplementalGroups" . }}{{ end -}}
securityContext:
  {{- include "tmd.overridden" (list $context (index . 1).podSecurityContext) | nindent 2 }}
{{- end }}

{{/*
The security of a container: Pod Security "restricted", and a read-only root. include "tmd.containerSecurity" .Values.api
*/}}
{{- define "tmd.containerSecurity" -}}
{{- $context := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "runAsNonRoot" true "capabilities" (dict "drop" (list "ALL")) -}}
securityContext:
  {{- include "tmd.overridden" (list $context .securityContext) | nindent 2 }}
{{- end }}

{{/* A mapping whose fields are replaced by those given; an empty one is removed. include "tmd.overridden" (list $own $given) */}}
{{- define "tmd.overridden" -}}
{{- $fields := index . 0 }}
{{- range $field, $value := index . 1 }}
{{- if kindIs "invalid" $value }}{{ $_ := unset $fields $field }}{{ else }}{{ $_ := set $fields $field $value }}{{ end }}
{{- end }}
{{- /* Helm reads whole numbers as floats, and would write a large user id as 1.00068e+09. */}}
{{- range $field, $value := $fields }}
{{- if kindIs "float64" $value }}{{ $_ := set $fields $field (int64 $value) }}{{ end }}
{{- if eq $field "supplementalGroups" }}{{ $groups := list }}{{ range $value }}{{ $groups = append $groups (int64 .) }}{{ end }}{{ $_ := set $fields $field $groups }}{{ end }}
{{- end }}
{{- toYaml $fields }}
{{- end }}

{{/* Container image and pull policy. include "tmd.containerImage" (list . .Values.image) */}}
{{- define "tmd.containerImage" -}}
image: {{ include "tmd.image" . | quote }}
imagePullPolicy: {{ (index . 1).pullPolicy }}
{{- end }}

{{/* A memory quantity as a number of bytes. include "tmd.bytes" "512Mi" */}}
{{- define "tmd.bytes" -}}
{{- /* Helm reads a plain number as a float, whose text would be 2.68435456e+08. */}}
{{- $text := kindIs "float64" . | ternary (printf "%.0f" .) (toString .) }}
{{- $number := regexFind "^[0-9.]+([eE][+-]?[0-9]+)?" $text }}
{{- $unit := trimPrefix $number $text }}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 }}
{{- if or (not $number) (not (hasKey $factors $unit)) }}{{ fail (printf "%q is no amount of memory that the chart can read: write 512Mi or 2Gi." $text) }}{{ end }}
{{- mulf (float64 $number) (get $factors $unit) | int64 }}
{{- end }}

{{/*
Go's own limits, from those of the container. Nine tenths of the memory leave room for what Go does not manage; children of
the parser have their own limit. include "tmd.goEnv" (list .Values.api.resources $childBytes)
*/}}
{{- define "tmd.goEnv" -}}
{{- $limits := (index . 0).limits | default dict }}
{{- if $limits.cpu -}}
- name: GOMAXPROCS
  valueFrom:
    resourceFieldRef:
      resource: limits.cpu
      divisor: "1"
{{ end }}
{{- if $limits.memory -}}
{{- $own := sub (include "tmd.bytes" $limits.memory | int64) (index . 1 | int64) -}}
- name: GOMEMLIMIT
  value: {{ printf "%dMiB" (div (mul $own 9) 10485760) }}
{{- end }}
{{- end }}

{{/* Environment that every long-running role has. include "tmd.processEnv" (list . $drainSeconds) */}}
{{- define "tmd.processEnv" -}}
{{- $root := index . 0 -}}
- name: NODE_ENV
  value: {{ $root.Values.environment | quote }}
- name: TMD_LOG_LEVEL
  value: {{ $root.Values.log.level | quote }}
- name: TMD_LOG_FORMAT
  value: {{ $root.Values.log.format | quote }}
- name: TMD_SHUTDOWN_GRACE
  value: {{ printf "%ds" (int (index . 1)) }}
{{- end }}

{{/* One variable from the Secret. include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") */}}
{{- define "tmd.secretEnv" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "tmd.secret" (index . 0) | quote }}
      key: {{ include "tmd.secretKey" (list (index . 0) (index . 2)) | quote }}
{{- end }}

{{/* Sources of variables in addition. include "tmd.envFrom" .Values.api */}}
{{- define "tmd.envFrom" -}}
{{- with .extraEnvFrom -}}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The DSN of Sentry, if there is one. include "tmd.sentryEnv" . */}}
{{- define "tmd.sentryEnv" -}}
{{- if include "tmd.hasSentry" . }}
{{- include "tmd.secretEnv" (list . "SENTRY_DSN" "sentry-dsn") }}
{{- end }}
{{- end }}

{{/* include "tmd.hasSentry" . */}}
{{- define "tmd.hasSentry" -}}
{{- if .Values.secret.existingSecret }}{{ if .Values.secret.sentry }}yes{{ end }}{{ else if .Values.secret.sentryDSN }}yes{{ end }}
{{- end }}

{{/* The Secret whose ca.crt the pods trust for Redis. include "tmd.redisCA" . */}}
{{- define "tmd.redisCA" -}}
{{- if and (not .Values.redis.enabled) .Values.redis.external.tls.enabled }}{{ .Values.redis.external.tls.existingSecret }}{{ end }}
{{- end }}

{{/* include "tmd.hasCA" . */}}
{{- define "tmd.hasCA" -}}
{{- if or .Values.extraCACerts.configMap .Values.extraCACerts.secret (include "tmd.redisCA" .) }}yes{{ end }}
{{- end }}

{{/* Go reads certificates from every folder of SSL_CERT_DIR, in addition to the system's bundle. include "tmd.caEnv" . */}}
{{- define "tmd.caEnv" -}}
{{- if include "tmd.hasCA" . -}}
- name: SSL_CERT_DIR
  value: /etc/ssl/certs:/etc/tmd/ca
{{- end }}
{{- end }}

{{- define "tmd.caMount" -}}
{{- if include "tmd.hasCA" . -}}
- name: ca
  mountPath: /etc/tmd/ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "tmd.caVolume" -}}
{{- $redis := include "tmd.redisCA" . }}
{{- if or .Values.extraCACerts.secret $redis -}}
- name: ca
  projected:
    sources:
      {{- with .Values.extraCACerts.configMap }}
      - configMap:
          name: {{ . | quote }}
      {{- end }}
      {{- with .Values.extraCACerts.secret }}
      - secret:
          name: {{ . | quote }}
      {{- end }}
      {{- with $redis }}
      # The Secret may hold a client certificate alone.
      - secret:
          name: {{ . | quote }}
          optional: true
          items:
            - key: {{ get $.Values.redis.external.tls.keys "ca.crt" | default "ca.crt" | quote }}
              path: redis-ca.crt
      {{- end }}
{{- else if .Values.extraCACerts.configMap -}}
- name: ca
  configMap:
    name: {{ .Values.extraCACerts.configMap | quote }}
{{- end }}
{{- end }}

{{/* The editions of the catalogue that a ConfigMap holds: the folder that the seed reads. */}}
{{- define "tmd.catalogueMount" -}}
{{- if .Values.catalogue.existingConfigMap -}}
- name: catalogue
  mountPath: /etc/tmd/catalogue
  readOnly: true
{{- end }}
{{- end }}

{{- define "tmd.catalogueVolume" -}}
{{- if .Values.catalogue.existingConfigMap -}}
- name: catalogue
  configMap:
    name: {{ .Values.catalogue.existingConfigMap | quote }}
{{- end }}
{{- end }}

{{/* The client certificate for an external Redis, from the Secret of its TLS. include "tmd.redisCert" . */}}
{{- define "tmd.redisCert" -}}
{{- $tls := .Values.redis.external.tls }}
{{- if and (not .Values.redis.enabled) $tls.enabled $tls.clientCertificate }}yes{{ end }}
{{- end }}

{{- define "tmd.redisCertEnv" -}}
{{- if include "tmd.redisCert" . -}}
- name: TMD_REDIS_TLS_CERT
  value: /etc/tmd/redis/tls.crt
- name: TMD_REDIS_TLS_KEY
  value: /etc/tmd/redis/tls.key
{{- end }}
{{- end }}

{{- define "tmd.redisCertMount" -}}
{{- if include "tmd.redisCert" . -}}
- name: redis-tls
  mountPath: /etc/tmd/redis
  readOnly: true
{{- end }}
{{- end }}

{{- define "tmd.redisCertVolume" -}}
{{- if include "tmd.redisCert" . -}}
- name: redis-tls
  secret:
    secretName: {{ .Values.redis.external.tls.existingSecret | quote }}
    items:
      {{- range list "tls.crt" "tls.key" }}
      - key: {{ get $.Values.redis.external.tls.keys . | default . | quote }}
        path: {{ . }}
      {{- end }}
{{- end }}
{{- end }}

{{/* The storage of uploads, for the API and for workers: a folder or a bucket. */}}
{{- define "tmd.uploadsEnv" -}}
{{- $s3 := .Values.uploads.s3 -}}
{{- if eq .Values.uploads.storage "volume" -}}
- name: TMD_UPLOAD_DIR
  value: /var/lib/tmd/uploads
{{- else -}}
- name: TMD_UPLOAD_STORAGE
  value: s3
- name: TMD_S3_BUCKET
  value: {{ $s3.bucket | quote }}
{{- with $s3.prefix }}
- name: TMD_S3_PREFIX
  value: {{ . | quote }}
{{- end }}
- name: TMD_S3_TIMEOUT
  value: {{ printf "%dms" (int $s3.timeoutMilliseconds) }}
{{- include "tmd.s3Env" $s3 | nindent 0 }}
{{- end }}
{{- end }}

{{/* The server of a bucket, and the credentials for it. include "tmd.s3Env" .Values.uploads.s3 */}}
{{- define "tmd.s3Env" -}}
- name: TMD_S3_REGION
  value: {{ .region | quote }}
{{- with .endpoint }}
- name: TMD_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if not (kindIs "invalid" .pathStyle) }}
- name: TMD_S3_PATH_STYLE
  value: {{ .pathStyle | quote }}
{{- end }}
{{- if .existingSecret }}
{{- $s3 := . }}
{{- range $name, $key := dict "AWS_ACCESS_KEY_ID" "access-key-id" "AWS_SECRET_ACCESS_KEY" "secret-access-key" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $s3.existingSecret | quote }}
      key: {{ get $s3.keys $key | default $key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tmd.uploadsMount" -}}
{{- if eq .Values.uploads.storage "volume" -}}
- name: uploads
  mountPath: /var/lib/tmd/uploads
{{- end }}
{{- end }}

{{- define "tmd.uploadsVolume" -}}
{{- if eq .Values.uploads.storage "volume" -}}
- name: uploads
  persistentVolumeClaim:
    claimName: {{ include "tmd.uploadsClaim" . | quote }}
{{- end }}
{{- end }}

{{/* Label of the pods that uploads.oneNode keeps together. */}}
{{- define "tmd.withUploads" -}}
{{- $root := index . 0 }}{{ $values := deepCopy (index . 1) }}
{{- if $root.Values.uploads.oneNode }}
{{- $_ := set $values "podLabels" (merge (dict "trackmydegree/uploads" "one-node") $values.podLabels) }}
{{- end }}
{{- toYaml $values }}
{{- end }}

{{/*
What changes with the Secret: pods start again on `helm upgrade` when it did. Of an existing Secret it is known in a cluster
alone. What the chart makes at random is kept, so the values that it is made from tell enough. include "tmd.secretChecksum" .
*/}}
{{- define "tmd.secretChecksum" -}}
{{- if .Values.secret.existingSecret }}
{{- /* Without secret.check the account that installs may lack the right to read Secrets. */}}
{{- if .Values.secret.check }}
{{- with lookup "v1" "Secret" (include "tmd.namespace" .) .Values.secret.existingSecret }}
checksum/secret: {{ .data | toJson | sha256sum }}
{{- end }}
{{- end }}
{{- else }}
checksum/secret: {{ list .Values.secret .Values.redis.enabled .Values.mongodb.enabled .Values.mongodb.auth | toJson | sha256sum }}
{{- end }}
{{- end }}

{{/* The checksums of pods that reach uploads: the credentials of a bucket are in a Secret of their own. include "tmd.uploadsChecksum" . */}}
{{- define "tmd.uploadsChecksum" -}}
{{- include "tmd.secretChecksum" . }}
{{- with and .Values.secret.check .Values.uploads.s3.existingSecret }}
{{- with lookup "v1" "Secret" (include "tmd.namespace" $) . }}
checksum/s3-secret: {{ .data | toJson | sha256sum }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A probe of a component: of a path, or of a port that is open. Fields of the operator's replace the chart's, and so does
another handler. The chart has none when the period is 0.
include "tmd.probe" (list .Values.api "livenessProbe" (dict "path" "/livez" "port" "http") 10 3)
*/}}
{{- define "tmd.probe" -}}
{{- $given := get (index . 0) (index . 1) | default dict }}
{{- $target := index . 2 }}
{{- $probe := dict "periodSeconds" (index . 3) "failureThreshold" (index . 4) }}
{{- if not (index . 3) }}{{ $probe = dict }}
{{- else if hasKey $target "path" }}{{ $probe = merge (dict "httpGet" $target "timeoutSeconds" 3) $probe }}
{{- else }}{{ $_ := set $probe "tcpSocket" $target }}
{{- end }}
{{- range list "httpGet" "tcpSocket" "exec" "grpc" }}
{{- if hasKey $given . }}{{ $probe = omit $probe "httpGet" "tcpSocket" }}{{ end }}
{{- end }}
{{- with merge (deepCopy $given) $probe -}}
{{ index $ 1 }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The number of pods of a Deployment whose number the values do not set. Kubernetes takes a number that disappears from the
manifest for 1: while the release is known to have set one, the present number stays, for an autoscaler to change. Nothing for
others, and without a cluster. include "tmd.keptReplicas" (list . "api" $minimum)
*/}}
{{- define "tmd.keptReplicas" -}}
{{- $live := lookup "apps/v1" "Deployment" (include "tmd.namespace" (index . 0)) (include "tmd.component" (list (index . 0) (index . 1))) | default dict }}
{{- $number := dig "spec" "replicas" 0 $live | int }}
{{- $set := false }}
{{- range dig "metadata" "managedFields" list $live }}
{{- if and (ne (.subresource | default "") "scale") (hasKey (dig "fieldsV1" "f:spec" dict .) "f:replicas") }}{{ $set = true }}{{ end }}
{{- end }}
{{- if and $set (gt $number 0) }}{{ max $number (index . 2 | int) }}{{ end }}
{{- end }}

{{/*
One worker, when autoscaling has left none and is turned off: what scaled from zero is gone. include "tmd.wokenReplicas" .
*/}}
{{- define "tmd.wokenReplicas" -}}
{{- if not .Values.worker.autoscaling.enabled }}
{{- $live := lookup "apps/v1" "Deployment" (include "tmd.namespace" .) (include "tmd.component" (list . "worker")) | default dict }}
{{- if and $live (eq (dig "metadata" "annotations" "trackmydegree.io/autoscaling" "" $live) "true") (eq (dig "spec" "replicas" 1 $live | int) 0) }}1{{ end }}
{{- end }}
{{- end }}

{{/* A storage class; "-" means a volume without one, as in many charts. include "tmd.storageClass" "fast" */}}
{{- define "tmd.storageClass" -}}
{{- if ne . "-" }}{{ . }}{{ end }}
{{- end }}

{{/*
Variables of extraEnv replace those of the chart with the same name. The last of two with one name counts, as in a pod: the
API server refuses both when they are applied on its side. include "tmd.env" (list $text $extra)
*/}}
{{- define "tmd.env" -}}
{{- $given := dict }}{{ $all := list }}
{{- range reverse (concat (index . 0 | fromYamlArray) (index . 1 | default list)) }}
{{- if not (hasKey $given .name) }}
{{- $_ := set $given .name true }}
{{- $variable := deepCopy . }}
{{- if and (hasKey . "value") (not (kindIs "invalid" .value)) }}{{ $_ := set $variable "value" (include "tmd.text" .value) }}{{ end }}
{{- $all = prepend $all $variable }}
{{- end }}
{{- end }}
{{- toYaml $all }}
{{- end }}
