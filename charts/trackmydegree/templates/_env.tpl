{{/* The variables of each component. A component adds its extraEnv by tmd.env, whose variables win. */}}

{{/* The chart's own variables of the api. */}}
{{- define "tmd.apiEnv" -}}
{{- include "tmd.processEnv" (list . .Values.api.drainSeconds) | nindent 0 }}
# After SIGTERM: answers ask clients to close kept connections, before the server closes idle ones.
- name: TMD_SHUTDOWN_DELAY
  value: {{ printf "%ds" (min 3 (div .Values.api.drainSeconds 2)) }}
- name: BACKEND_PORT
  value: "8000"
- name: TMD_METRICS_ADDR
  value: ":9090"
- name: TMD_WORKER_START
  value: {{ printf "%ds" (int .Values.worker.autoscaling.startSeconds) }}
{{- with .Values.api.corsOrigins }}
- name: TMD_CORS_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
- name: TMD_IDLE_TIMEOUT
  value: {{ printf "%ds" (int .Values.api.idleTimeoutSeconds) }}
{{- if .Values.api.legacyAPI }}
- name: TMD_LEGACY_API
  value: "true"
{{- end }}
{{- with .Values.api.hstsMaxAgeSeconds }}
- name: TMD_HSTS_MAX_AGE
  value: {{ printf "%ds" (int .) }}
{{- end }}
{{- with .Values.installation }}
- name: TMD_INSTALLATION
  value: {{ . | quote }}
{{- end }}
- name: TMD_RATE_LIMIT
  value: {{ .Values.api.rateLimit | int | quote }}
- name: TMD_RATE_LIMIT_UPLOADS
  value: {{ .Values.api.uploadRateLimit | int | quote }}
- name: TMD_MAX_JOBS_PER_OWNER
  value: {{ .Values.api.maxJobsPerOwner | int | quote }}
- name: TMD_JOB_TIMEOUT {{- /* the workers': the API hands it over with each job */}}
  value: {{ printf "%ds" (int .Values.worker.jobTimeoutSeconds) }}
- name: TMD_UPLOAD_TIMEOUT
  value: {{ printf "%ds" (int .Values.api.uploadTimeoutSeconds) }}
- name: TMD_CACHE_TTL
  value: {{ printf "%ds" (int .Values.api.cacheTTLSeconds) }}
{{- include "tmd.uploadsEnv" . | nindent 0 }}
{{- if .Values.auth.jwksURL }}
- name: TMD_JWKS_URL
  value: {{ .Values.auth.jwksURL | quote }}
{{- else }}
{{- include "tmd.secretEnv" (list . "JWT_SECRET" "jwt-secret") | nindent 0 }}
{{- end }}
{{- with .Values.auth.issuer }}
- name: TMD_JWT_ISSUER
  value: {{ . | quote }}
{{- end }}
{{- with .Values.auth.audience }}
- name: TMD_JWT_AUDIENCE
  value: {{ . | quote }}
{{- end }}
- name: TMD_JWT_ROLES_CLAIM
  value: {{ .Values.auth.rolesClaim | quote }}
{{- with include "tmd.signInEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- include "tmd.secretEnv" (list . "REDIS_JOB_URL" "redis-job-url") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "REDIS_CACHE_URL" "redis-cache-url") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") | nindent 0 }}
{{- with include "tmd.sentryEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.redisCertEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.tracesEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list .Values.api.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the worker. */}}
{{- define "tmd.workerEnv" -}}
{{- include "tmd.processEnv" (list . .Values.worker.drainSeconds) | nindent 0 }}
- name: TMD_WORKER_HEALTH_ADDR
  value: ":8081"
{{- with .Values.installation }}
- name: TMD_INSTALLATION
  value: {{ . | quote }}
{{- end }}
- name: WORKER_CONCURRENCY
  value: {{ .Values.worker.concurrency | int | quote }}
- name: TMD_JOB_TIMEOUT
  value: {{ printf "%ds" (int .Values.worker.jobTimeoutSeconds) }}
- name: TMD_PARSER_TIMEOUT
  value: {{ printf "%ds" (int .Values.worker.parserTimeoutSeconds) }}
- name: TMD_OUTAGE_PATIENCE
  value: {{ printf "%ds" (int .Values.worker.outagePatienceSeconds) }}
- name: TMD_KEEP_FAILED_UPLOADS
  value: {{ .Values.worker.keepFailedUploads | quote }}
{{- with .Values.worker.parserMaxCalls }}
- name: TMD_PARSER_MAX_CALLS
  value: {{ . | int | quote }}
{{- end }}
- name: PYTHON_UTILS_URL
  value: {{ include "tmd.parserURL" . | quote }}
{{- include "tmd.uploadsEnv" . | nindent 0 }}
{{- include "tmd.secretEnv" (list . "REDIS_JOB_URL" "redis-job-url") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") | nindent 0 }}
{{- with include "tmd.sentryEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.redisCertEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.tracesEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list .Values.worker.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the controller. */}}
{{- define "tmd.controllerEnv" -}}
{{- $values := .Values.controller -}}
{{- include "tmd.processEnv" (list . 10) | nindent 0 }}
- name: TMD_CONTROLLER_HEALTH_ADDR
  value: ":8081"
- name: TMD_METRICS_ADDR
  value: ":9090"
- name: TMD_NAMESPACE
  value: {{ include "tmd.namespace" . | quote }}
- name: TMD_WORKER_SELECTOR
  value: {{ include "tmd.selectorText" (list . "worker") | quote }}
- name: TMD_WORKER_CONTAINER
  value: worker
- name: TMD_LEASE_NAME
  value: {{ include "tmd.component" (list . "controller") | quote }}
- name: TMD_KUBE_QPS
  value: {{ $values.kubeQPS | int | quote }}
- name: TMD_DRY_RUN
  value: {{ $values.dryRun | quote }}
- name: TMD_DELETION_COST
  value: {{ $values.deletionCost | quote }}
- name: TMD_HAND_OVER
  value: {{ $values.handOver | quote }}
- name: TMD_DRAIN_GUARD
  value: {{ $values.drainGuard.enabled | quote }}
- name: TMD_GUARD_AFTER
  value: {{ printf "%ds" (int $values.drainGuard.afterSeconds) }}
- name: TMD_GUARD_MAX
  value: {{ printf "%ds" (int $values.drainGuard.maxSeconds) }}
- name: TMD_IMAGES
  value: {{ $values.images.enabled | quote }}
{{- if $values.images.enabled }}
- name: TMD_IMAGES_SCHEDULE
  value: {{ $values.images.schedule | quote }}
- name: TMD_IMAGES_DEADLINE
  value: {{ printf "%ds" (int $values.images.deadlineSeconds) }}
- name: TMD_IMAGES_PLAIN_HTTP
  value: {{ join "," $values.images.plainHTTP | quote }}
- name: TMD_RELEASE_SELECTOR
  value: {{ include "tmd.releaseSelector" . | quote }}
{{- end }}
- name: TMD_SCALER_ADDR
  value: {{ include "tmd.pushes" . | empty | ternary "off" ":9092" | quote }}
{{- if include "tmd.scalerTLS" . }}
- name: TMD_SCALER_TLS_CERT
  value: /etc/tmd/scaler/tls.crt
- name: TMD_SCALER_TLS_KEY
  value: /etc/tmd/scaler/tls.key
{{- if $values.scaler.tls.clientCertificate }}
- name: TMD_SCALER_TLS_CLIENT_CA
  value: /etc/tmd/scaler/ca.crt
{{- end }}
{{- end }}
- name: TMD_EXTERNAL_METRICS_ADDR
  value: {{ include "tmd.externalMetrics" . | empty | ternary "off" ":6443" | quote }}
{{- if include "tmd.externalMetrics" . }}
- name: TMD_EXTERNAL_METRICS_HOST
  value: {{ printf "%s.%s.svc" (include "tmd.component" (list . "external-metrics")) (include "tmd.namespace" .) | quote }}
{{- if include "tmd.externalMetricsTLS" . }}
- name: TMD_EXTERNAL_METRICS_TLS_CERT
  value: /etc/tmd/external-metrics/tls.crt
- name: TMD_EXTERNAL_METRICS_TLS_KEY
  value: /etc/tmd/external-metrics/tls.key
- name: TMD_EXTERNAL_METRICS_TLS_CA
  value: /etc/tmd/external-metrics/ca.crt
{{- else }}
- name: TMD_EXTERNAL_METRICS_SECRET
  value: {{ include "tmd.component" (list . "external-metrics") | quote }}
{{- end }}
{{- end }}
- name: TMD_CANARY
  value: {{ $values.canary.enabled | quote }}
{{- if $values.canary.enabled }}
- name: TMD_CANARY_INTERVAL
  value: {{ printf "%ds" (int $values.canary.intervalSeconds) }}
- name: TMD_CANARY_HOLD
  value: {{ printf "%ds" (int $values.canary.holdSeconds) }}
- name: TMD_CANARY_LIMIT
  value: {{ printf "%ds" (int $values.canary.limitSeconds) }}
- name: TMD_CANARY_DEGREE
  value: {{ $values.canary.degree | quote }}
- name: TMD_CANARY_CONFIGMAP
  value: {{ include "tmd.component" (list . "canary") | quote }}
- name: TMD_CANARY_DEPLOYMENT
  value: {{ include "tmd.component" (list . "worker") | quote }}
{{- if include "tmd.keda" . }}
- name: TMD_CANARY_SCALEDOBJECT
  value: {{ include "tmd.component" (list . "worker") | quote }}
{{- else if include "tmd.hpa" . }}
- name: TMD_CANARY_HPA
  value: {{ include "tmd.component" (list . "worker-hpa") | quote }}
{{- end }}
{{- end }}
{{- include "tmd.secretEnv" (list . "REDIS_JOB_URL" "redis-job-url") | nindent 0 }}
{{- with include "tmd.sentryEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.redisCertEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list $values.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the backup. */}}
{{- define "tmd.backupEnv" -}}
{{- include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") }}
{{- if eq .Values.backup.storage "s3" }}
{{- include "tmd.s3Env" .Values.backup.s3 | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list .Values.backup.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the doctor. A parser beside a worker cannot be reached from another pod. */}}
{{- define "tmd.doctorEnv" -}}
{{- include "tmd.uploadsEnv" . }}
{{- if ne .Values.parser.mode "sidecar" }}
- name: PYTHON_UTILS_URL
  value: {{ include "tmd.parserURL" . | quote }}
{{- end }}
{{- with .Values.auth.jwksURL }}
- name: TMD_JWKS_URL
  value: {{ . | quote }}
{{- end }}
{{- if include "tmd.keda" . }}
- name: TMD_SCALED_OBJECT
  value: {{ include "tmd.component" (list . "worker") | quote }}
{{- end }}
{{- include "tmd.secretEnv" (list . "REDIS_JOB_URL" "redis-job-url") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "REDIS_CACHE_URL" "redis-cache-url") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") | nindent 0 }}
{{- with include "tmd.redisCertEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list .Values.doctor.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the seed. */}}
{{- define "tmd.seedEnv" -}}
{{- include "tmd.secretEnv" (list . "MONGODB_URI" "mongodb-uri") | nindent 0 }}
{{- include "tmd.secretEnv" (list . "REDIS_CACHE_URL" "redis-cache-url") | nindent 0 }}
{{- if .Values.catalogue.existingConfigMap }}
- name: TMD_CATALOGUE_FOLDER
  value: /etc/tmd/catalogue
{{- end }}
{{- with include "tmd.redisCertEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.caEnv" . }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list .Values.seed.resources 0) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of the test. */}}
{{- define "tmd.testEnv" -}}
- name: TMD_URL
  value: http://{{ include "tmd.component" (list . "api") }}:{{ .Values.api.service.port }}
- name: TMD_TOKEN_FILE
  value: /run/token/token
{{- end }}

{{/* The chart's own variables of the parser. */}}
{{- define "tmd.parserEnv" -}}
{{- $root := index . 0 }}{{ $values := $root.Values.parser -}}
{{- include "tmd.processEnv" . | nindent 0 }}
- name: TMD_PARSER_PORT
  value: "15001"
- name: TMD_METRICS_ADDR
  value: ":9091"
- name: TMD_PARSER_CHILDREN
  value: {{ $values.children | quote }}
- name: TMD_PARSER_DEADLINE
  value: {{ printf "%ds" (int $values.deadlineSeconds) }}
- name: TMD_PARSER_MEMORY
  value: {{ $values.childMemory }}B
- name: TMD_PARSER_PLAIN_READER
  value: {{ $values.plainReader | quote }}
- name: TMD_CACHE_DIR
  value: /var/cache/tmd
{{- with include "tmd.tracesEnv" $root }}
{{- . | nindent 0 }}
{{- end }}
{{- with and $root.Values.traces.endpoint (include "tmd.caEnv" $root) }}
{{- . | nindent 0 }}
{{- end }}
{{- with include "tmd.goEnv" (list $values.resources (include "tmd.parserChildBytes" $root)) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The chart's own variables of MongoDB. */}}
{{- define "tmd.mongodbEnv" -}}
{{- if .Values.mongodb.auth -}}
- name: MONGO_INITDB_ROOT_USERNAME
  value: tmd
{{ include "tmd.secretEnv" (list . "MONGO_INITDB_ROOT_PASSWORD" "mongodb-password") }}
{{- else -}}
[]
{{- end }}
{{- end }}

{{/* The collector of traces. */}}
{{- define "tmd.tracesEnv" -}}
{{- if .Values.traces.endpoint -}}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.traces.endpoint | quote }}
- name: TMD_TRACE_RATIO
  value: {{ .Values.traces.ratio | toString | quote }}
{{- with .Values.traces.headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: {{ $.Values.traces.headersKey | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether users of the page sign in. include "tmd.hasSessions" . */}}
{{- define "tmd.hasSessions" -}}
{{- if or .Values.auth.oidc.issuer .Values.auth.guests.enabled }}yes{{ end }}
{{- end }}

{{/* How the page's users sign in. */}}
{{- define "tmd.signInEnv" -}}
{{- $auth := .Values.auth }}
{{- if include "tmd.hasSessions" . }}
- name: TMD_PUBLIC_URL
  value: {{ $auth.publicURL | quote }}
{{- include "tmd.secretEnv" (list . "TMD_SESSION_SECRET" "session-secret") | nindent 0 }}
- name: TMD_SESSION_TTL
  value: {{ printf "%ds" (int $auth.sessionSeconds) }}
- name: TMD_SESSION_MAX_AGE
  value: {{ printf "%ds" (int $auth.sessionMaxSeconds) }}
{{- end }}
{{- if $auth.oidc.issuer }}
- name: TMD_OIDC_ISSUER
  value: {{ $auth.oidc.issuer | quote }}
- name: TMD_OIDC_CLIENT_ID
  value: {{ $auth.oidc.clientID | quote }}
{{- if $auth.oidc.hasClientSecret }}
{{- include "tmd.secretEnv" (list . "TMD_OIDC_CLIENT_SECRET" "oidc-client-secret") | nindent 0 }}
{{- end }}
- name: TMD_OIDC_SCOPES
  value: {{ join "," $auth.oidc.scopes | quote }}
{{- end }}
{{- if $auth.guests.enabled }}
- name: TMD_GUESTS
  value: "true"
- name: TMD_GUESTS_PER_ADDRESS
  value: {{ $auth.guests.perAddress | int | quote }}
- name: TMD_GUESTS_PER_DAY
  value: {{ $auth.guests.perDay | int | quote }}
{{- end }}
{{- with $auth.trustedProxies }}
- name: TMD_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
