{{/* Parts of pods that every component has. */}}

{{/* The part of a pod before its containers. include "tmd.podSpec" (list . "worker" .Values.worker) */}}
{{- define "tmd.podSpec" -}}
{{- $root := index . 0 }}{{ $component := index . 1 }}{{ $values := index . 2 -}}
serviceAccountName: {{ include "tmd.serviceAccount" . | quote }}
# Only the controller calls the API server.
automountServiceAccountToken: {{ eq $component "controller" }}
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
  {{- toYaml . | nindent 2 }}
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
{{- if and $values.spread (not (and $root.Values.uploads.oneNode (ne $component "parser"))) }}
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

{{/* The security of a pod. $supplemental may be an empty list. include "tmd.podSecurity" (list . $supplemental) */}}
{{- define "tmd.podSecurity" -}}
{{- $values := (index . 0).Values.podSecurity -}}
securityContext:
  runAsNonRoot: true
  {{- with $values.runAsUser }}
  runAsUser: {{ int64 . }}
  {{- end }}
  {{- with $values.runAsGroup }}
  runAsGroup: {{ int64 . }}
  {{- end }}
  {{- with $values.fsGroup }}
  fsGroup: {{ int64 . }}
  # The ownership of a volume with many files is changed once, not at the start of each pod.
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  {{- with index . 1 }}
  supplementalGroups:
    {{- range . }}
    - {{ int64 . }}
    {{- end }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* The security of a container: Pod Security "restricted", and a read-only root. include "tmd.containerSecurity" . */}}
{{- define "tmd.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
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
{{- $number := regexFind "^[0-9.]+" $text | float64 }}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" }}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "e3" 1000 "e6" 1000000 "e9" 1000000000 }}
{{- if not (hasKey $factors $unit) }}{{ fail (printf "%q is no amount of memory that the chart can read: write 512Mi or 2Gi." $text) }}{{ end }}
{{- mulf $number (get $factors $unit) | int64 }}
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
            - key: ca.crt
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
      - key: tls.crt
        path: tls.crt
      - key: tls.key
        path: tls.key
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
{{- $secret := .existingSecret }}
{{- range $name, $key := dict "AWS_ACCESS_KEY_ID" "access-key-id" "AWS_SECRET_ACCESS_KEY" "secret-access-key" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ $key }}
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
{{- with lookup "v1" "Secret" .Release.Namespace .Values.secret.existingSecret }}
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
{{- with lookup "v1" "Secret" $.Release.Namespace . }}
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

{{/* A storage class; "-" means a volume without one, as in many charts. include "tmd.storageClass" "fast" */}}
{{- define "tmd.storageClass" -}}
{{- if ne . "-" }}{{ . }}{{ end }}
{{- end }}

{{/* Variables of extraEnv replace those of the chart with the same name. include "tmd.env" (list $text $extra) */}}
{{- define "tmd.env" -}}
{{- $extra := index . 1 | default list }}
{{- $given := dict }}{{ range $extra }}{{ $_ := set $given .name true }}{{ end }}
{{- $all := list }}
{{- range index . 0 | fromYamlArray }}{{ if not (hasKey $given .name) }}{{ $all = append $all . }}{{ end }}{{ end }}
{{- toYaml (concat $all $extra) }}
{{- end }}
