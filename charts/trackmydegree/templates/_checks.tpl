{{/*
What values cannot be together. Each check is a sentence that says what to change; checks.yaml fails with all of them at once.
Each helper gives a list of sentences in YAML.
*/}}

{{/* Reports whether Helm reads a cluster, and does not only render: every namespace has this account. include "tmd.live" . */}}
{{- define "tmd.live" -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" }}yes{{ end }}
{{- end }}

{{- define "tmd.checks.scaling" -}}
{{- $faults := list }}
{{- $worker := .Values.worker }}{{ $scaling := $worker.autoscaling }}
{{- if and (not $scaling.enabled) (eq (int $scaling.minReplicas) 0) }}
{{- $faults = append $faults "worker.autoscaling.minReplicas is 0, but only an autoscaler scales to zero and back: set worker.autoscaling.enabled=true, or minReplicas to 1 or more." }}
{{- end }}
{{- if and (not $scaling.enabled) (not (kindIs "invalid" $worker.replicas)) (eq (toString $worker.replicas) "0") }}
{{- $faults = append $faults "worker.replicas is 0 without autoscaling, and nothing would run the jobs: give 1 or more, null to leave the number alone, or set worker.autoscaling.enabled=true." }}
{{- end }}
{{- if and $scaling.enabled (not (kindIs "invalid" $worker.replicas)) }}
{{- $faults = append $faults "worker.replicas is set while worker.autoscaling.enabled is true: set worker.replicas=null, and worker.autoscaling.minReplicas instead." }}
{{- end }}
{{- range $name, $values := dict "worker" $worker "api" .Values.api "parser" .Values.parser }}
{{- if gt (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas) }}
{{- $faults = append $faults (printf "%s.autoscaling.minReplicas is %d, more than maxReplicas, which is %d: raise maxReplicas or lower minReplicas." $name (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas)) }}
{{- end }}
{{- end }}
{{- if and (include "tmd.keda" .) (eq $scaling.trigger "push") (not .Values.controller.enabled) }}
{{- $faults = append $faults "worker.autoscaling.trigger is push, and nobody would answer KEDA: set controller.enabled=true, or worker.autoscaling.trigger=redis." }}
{{- end }}
{{- if and (gt (int $scaling.targetLatencySeconds) 0) (ne $scaling.trigger "push") (ne $scaling.scaler "hpa") }}
{{- $faults = append $faults "worker.autoscaling.targetLatencySeconds is set, which KEDA's own look at Redis knows nothing of: set worker.autoscaling.trigger=push and controller.enabled=true, or leave it 0." }}
{{- end }}
{{- if and (include "tmd.keda" .) (eq $scaling.trigger "redis") (not .Values.redis.enabled) (not .Values.redis.external.addresses) }}
{{- $faults = append $faults "worker.autoscaling.enabled needs to know the Redis of redis-job-url: set redis.external.addresses to its host:port, or to those of its Sentinels." }}
{{- end }}
{{- $external := .Values.redis.external }}
{{- if and (include "tmd.keda" .) (eq $scaling.trigger "redis") .Values.secret.redisJobURL $external.addresses (not $external.sentinel.master) (not (hasPrefix "unix:" .Values.secret.redisJobURL)) }}
{{- /* Not urlParse: its error prints the URL with the password. */}}
{{- $url := .Values.secret.redisJobURL }}
{{- $host := include "tmd.hosts" $url }}
{{- if not (regexMatch ":[0-9]+$" $host) }}{{ $host = printf "%s:6379" $host }}{{ end }}
{{- if not (has $host $external.addresses) }}
{{- $faults = append $faults (printf "KEDA reads the Redis of redis.external.addresses (%s), and secret.redisJobURL names another (%s): give both the same host and port." (join ", " $external.addresses) $host) }}
{{- end }}
{{- $database := regexFind "/[0-9]*(\\?.*)?$" (last (splitList "@" $url)) | trimPrefix "/" | regexFind "^[0-9]*" | default "0" }}
{{- if ne $database (toString (int $external.database)) }}
{{- $faults = append $faults (printf "KEDA reads the database redis.external.database (%d), and secret.redisJobURL names another (%s): give both the same number." (int $external.database) $database) }}
{{- end }}
{{- if ne (hasPrefix "rediss://" $url) $external.tls.enabled }}
{{- $faults = append $faults (printf "redis.external.tls.enabled is %t, and secret.redisJobURL begins with %s: rediss speaks TLS, redis does not." $external.tls.enabled (regexFind "^[a-z]+://" $url)) }}
{{- end }}
{{- end }}
{{- if and (include "tmd.keda" .) (eq (int $scaling.minReplicas) 0) (lt (int $scaling.cooldownPeriod) 120) }}
{{- $faults = append $faults (printf "worker.autoscaling.cooldownPeriod is %d with minReplicas 0: KEDA then takes all workers away when it cannot read the queue for a minute. Give 120 or more, or minReplicas 1." (int $scaling.cooldownPeriod)) }}
{{- end }}
{{- if and .Values.redis.external.tls.clientCertificate (not .Values.redis.external.tls.existingSecret) }}
{{- $faults = append $faults "redis.external.tls.clientCertificate needs a certificate: set redis.external.tls.existingSecret to a Secret with tls.crt and tls.key." }}
{{- end }}
{{- if and .Values.redis.external.tls.existingSecret (not .Values.redis.external.tls.enabled) }}
{{- $faults = append $faults "redis.external.tls.existingSecret is set, but TLS is off: set redis.external.tls.enabled=true." }}
{{- end }}
{{- if and (include "tmd.keda" .) (include "tmd.live" .) (not (.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) }}
{{- $faults = append $faults "worker.autoscaling.enabled needs KEDA, which this cluster lacks: install it (helm install keda kedacore/keda -n keda --create-namespace), set worker.autoscaling.scaler=hpa, or worker.autoscaling.enabled=false." }}
{{- end }}
{{- if include "tmd.hpa" . }}
{{- $faults = concat $faults (include "tmd.checks.hpa" . | fromYamlArray) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.hpa" -}}
{{- $faults := list }}
{{- $scaling := .Values.worker.autoscaling }}
{{- if not .Values.controller.enabled }}
{{- $faults = append $faults "worker.autoscaling.scaler is hpa, and nothing would serve the metric: set controller.enabled=true, or worker.autoscaling.scaler=keda." }}
{{- end }}
{{- if and .Values.controller.enabled .Values.controller.dryRun (not .Values.controller.externalMetrics.tls.existingSecret) }}
{{- $faults = append $faults "worker.autoscaling.scaler is hpa, and controller.dryRun makes no certificate for the metric: set controller.dryRun=false." }}
{{- end }}
{{- if gt (int $scaling.targetLatencySeconds) 0 }}
{{- $faults = append $faults "worker.autoscaling.targetLatencySeconds is set, which a HorizontalPodAutoscaler does not know: leave it 0, or set worker.autoscaling.scaler=keda with trigger push." }}
{{- end }}
{{- if and (eq (int $scaling.minReplicas) 0) (not $scaling.scaleToZeroGate) (semverCompare "<1.37-0" .Capabilities.KubeVersion.Version) }}
{{- $faults = append $faults (printf "worker.autoscaling.minReplicas is 0 with scaler hpa, and Kubernetes %s scales to zero only with its feature gate HPAScaleToZero: set worker.autoscaling.scaleToZeroGate=true if that is on, or minReplicas to 1 or more." .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- $own := include "tmd.component" (list . "external-metrics") }}
{{- $other := dig "spec" "service" (dict) (lookup "apiregistration.k8s.io/v1" "APIService" "" "v1beta1.external.metrics.k8s.io" | default dict) }}
{{- if and $other.name (ne (printf "%s/%s" $other.namespace $other.name) (printf "%s/%s" (include "tmd.namespace" .) $own)) }}
{{- $faults = append $faults (printf "worker.autoscaling.scaler is hpa, and the external metrics of this cluster come from the Service %s in the namespace %s; a cluster has one such server, and KEDA's is one. Set worker.autoscaling.scaler=keda, or remove the other." $other.name $other.namespace) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.controller" -}}
{{- $faults := list }}
{{- $controller := .Values.controller }}
{{- range list "images" "canary" }}
{{- if and (get $controller .).enabled (not $controller.enabled) }}
{{- $faults = append $faults (printf "controller.%s.enabled needs the controller: set controller.enabled=true." .) }}
{{- end }}
{{- end }}
{{- if and $controller.scaler.tls.clientCertificate (not $controller.scaler.tls.existingSecret) }}
{{- $faults = append $faults "controller.scaler.tls.clientCertificate needs a certificate: set controller.scaler.tls.existingSecret to a Secret with tls.crt, tls.key and ca.crt." }}
{{- end }}
{{- $run := add (int $controller.canary.holdSeconds) (int $controller.canary.limitSeconds) }}
{{- if and $controller.canary.enabled (lt (int $controller.canary.intervalSeconds) (int $run)) }}
{{- $faults = append $faults (printf "controller.canary.intervalSeconds is %d, less than one canary may take (holdSeconds and limitSeconds, %d): raise it." (int $controller.canary.intervalSeconds) (int $run)) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.jobs" -}}
{{- $faults := list }}
{{- $worker := .Values.worker }}{{ $parser := .Values.parser }}
{{- if gt (int $worker.parserTimeoutSeconds) (int $worker.jobTimeoutSeconds) }}
{{- $faults = append $faults (printf "worker.parserTimeoutSeconds is %d, more than worker.jobTimeoutSeconds, which is %d: give the job more time than its call to the parser." (int $worker.parserTimeoutSeconds) (int $worker.jobTimeoutSeconds)) }}
{{- end }}
{{- if and (ne $parser.mode "external") (le (int $worker.parserTimeoutSeconds) (int $parser.deadlineSeconds)) }}
{{- $faults = append $faults (printf "worker.parserTimeoutSeconds is %d, and parser.deadlineSeconds is %d: give the call more time than the document." (int $worker.parserTimeoutSeconds) (int $parser.deadlineSeconds)) }}
{{- end }}
{{- if and (eq $parser.mode "external") (not $parser.url) }}
{{- $faults = append $faults "parser.mode is external without an address: set parser.url to http://host:15001." }}
{{- end }}
{{- if and (ne $parser.mode "external") $parser.url }}
{{- $faults = append $faults (printf "parser.url is set while parser.mode is %s: set parser.mode=external, or leave parser.url empty." $parser.mode) }}
{{- end }}
{{- with ($parser.resources.limits | default dict).memory }}
{{- $needed := add (include "tmd.parserChildBytes" $ | int64) 134217728 }}
{{- if lt (include "tmd.bytes" . | int64) $needed }}
{{- $faults = append $faults (printf "parser.resources.limits.memory is %s, and %d children of %s need %dMi: raise the limit, or lower parser.children or parser.childMemory." . (int $parser.children) $parser.childMemory (div $needed 1048576)) }}
{{- end }}
{{- end }}
{{- if lt (include "tmd.bytes" $parser.childMemory | int64) 134217728 }}
{{- $faults = append $faults (printf "parser.childMemory is %s: a child needs 128Mi or more." $parser.childMemory) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.uploads" -}}
{{- $faults := list }}
{{- $uploads := .Values.uploads }}
{{- if eq $uploads.storage "s3" }}
{{- if not $uploads.s3.bucket }}
{{- $faults = append $faults "uploads.storage is s3 without a bucket: set uploads.s3.bucket to its name." }}
{{- end }}
{{- if not $uploads.s3.region }}
{{- $faults = append $faults "uploads.storage is s3 without a region: set uploads.s3.region to that of the bucket; for a server other than AWS us-east-1 mostly is right." }}
{{- end }}
{{- if $uploads.existingClaim }}
{{- $faults = append $faults "uploads.existingClaim is set while uploads.storage is s3, which mounts no volume: leave it empty, or set uploads.storage=volume." }}
{{- end }}
{{- if $uploads.oneNode }}
{{- $faults = append $faults "uploads.oneNode is true while uploads.storage is s3, which every node reaches: set uploads.oneNode=false." }}
{{- end }}
{{- if and $uploads.s3.existingSecret .Values.secret.check (include "tmd.live" .) }}
{{- $found := lookup "v1" "Secret" (include "tmd.namespace" .) $uploads.s3.existingSecret }}
{{- if not $found }}
{{- $faults = append $faults (printf "The Secret %s of uploads.s3.existingSecret is not in the namespace %s: create it with the keys access-key-id and secret-access-key, or set secret.check=false if something makes it later." $uploads.s3.existingSecret (include "tmd.namespace" .)) }}
{{- else }}
{{- range list "access-key-id" "secret-access-key" }}
{{- $key := get $uploads.s3.keys . | default . }}
{{- if not (get ($found.data | default dict) $key) }}
{{- $faults = append $faults (printf "The Secret %s lacks the key %s: add it." $uploads.s3.existingSecret $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- else if $uploads.s3.bucket }}
{{- $faults = append $faults "uploads.s3.bucket is set while uploads.storage is volume: set uploads.storage=s3, or leave the bucket empty." }}
{{- end }}
{{- if and (eq $uploads.storage "volume") (eq $uploads.accessMode "ReadWriteOnce") (not $uploads.oneNode) }}
{{- $faults = append $faults "uploads.accessMode is ReadWriteOnce, which one node mounts, while the API and the workers spread over several: give uploads.storageClass a ReadWriteMany class (NFS, EFS, CephFS, Azure Files), or set uploads.oneNode=true to keep all of them on one node." }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.secret" -}}
{{- $faults := list }}
{{- $secret := .Values.secret }}
{{- /* Checked here and not in the schema, whose errors print the value into the log of the installation. */}}
{{- range $value, $form := dict "jwtSecret" (list "^.{32,}$" "a text of 32 characters or more") "sessionSecret" (list "^.{32,}$" "a text of 32 characters or more") "redisJobURL" (list "^((rediss?|unix)://.+)$" "redis://user:password@host:6379/1") "redisCacheURL" (list "^((rediss?|unix)://.+)$" "redis://user:password@host:6379/0") "mongodbURI" (list "^mongodb(\\+srv)?://.+$" "mongodb://user:password@host:27017/trackmydegree") "seed" (list "^.{32,}$" "a text of 32 characters or more") "sentryDSN" (list "^https?://.+@.+$" "https://key@host/project") }}
{{- with get $secret $value }}
{{- if not (regexMatch (first $form) .) }}
{{- $faults = append $faults (printf "secret.%s has another form than it must have (its value is not shown): %s." $value (last $form)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $secret.existingSecret }}
{{- range list "jwtSecret" "sessionSecret" "oidcClientSecret" "redisPassword" "mongodbPassword" "redisJobURL" "redisCacheURL" "mongodbURI" "sentryDSN" }}
{{- if get $secret . }}
{{- $faults = append $faults (printf "secret.%s is set together with secret.existingSecret: put it into that Secret, and leave the value empty." .) }}
{{- end }}
{{- end }}
{{- else }}
{{- if not .Values.redis.enabled }}
{{- range $value, $key := dict "redisJobURL" "redis://user:password@host:6379/1" "redisCacheURL" "redis://user:password@host:6379/0" }}
{{- if not (get $secret $value) }}
{{- $faults = append $faults (printf "redis.enabled is false without an address: set secret.%s to %s, or name a Secret in secret.existingSecret." $value $key) }}
{{- end }}
{{- end }}
{{- if and .Values.redis.external.password (not $secret.redisPassword) }}
{{- $faults = append $faults "redis.external.password is true, and KEDA needs it: set secret.redisPassword, or name a Secret with redis-password in secret.existingSecret." }}
{{- end }}
{{- if .Values.redis.external.sentinel.password }}
{{- $faults = append $faults "redis.external.sentinel.password is true: name a Secret with redis-sentinel-password in secret.existingSecret." }}
{{- end }}
{{- end }}
{{- if and (not .Values.mongodb.enabled) (not $secret.mongodbURI) }}
{{- $faults = append $faults "mongodb.enabled is false without an address: set secret.mongodbURI to mongodb://user:password@host:27017/trackmydegree, or name a Secret in secret.existingSecret." }}
{{- end }}
{{- if and .Values.auth.jwksURL $secret.jwtSecret }}
{{- $faults = append $faults "secret.jwtSecret is set together with auth.jwksURL: keep one of the two." }}
{{- end }}
{{- end }}
{{- $auth := .Values.auth }}
{{- if and (include "tmd.hasSessions" .) (not $auth.publicURL) }}
{{- $faults = append $faults "auth.publicURL is missing: set it to the address at which users open the page, https://degrees.example.org." }}
{{- end }}
{{- if and $auth.oidc.issuer (not $auth.oidc.clientID) }}
{{- $faults = append $faults "auth.oidc.clientID is missing: set it to the client id that the identity provider gave." }}
{{- end }}
{{- if and (or $auth.oidc.clientID $auth.oidc.hasClientSecret $secret.oidcClientSecret) (not $auth.oidc.issuer) }}
{{- $faults = append $faults "auth.oidc.issuer is missing while the rest of a client is set: set it to the provider's address, or leave the rest out." }}
{{- end }}
{{- if and $auth.oidc.issuer $auth.oidc.hasClientSecret (not $secret.existingSecret) (not $secret.oidcClientSecret) }}
{{- $faults = append $faults "auth.oidc.hasClientSecret is true without a secret: set secret.oidcClientSecret, or name a Secret with oidc-client-secret in secret.existingSecret." }}
{{- end }}
{{- if and $secret.oidcClientSecret (not $auth.oidc.hasClientSecret) }}
{{- $faults = append $faults "secret.oidcClientSecret is set while auth.oidc.hasClientSecret is false: set that to true, or leave the secret out." }}
{{- end }}
{{- if lt (int $auth.sessionMaxSeconds) (int $auth.sessionSeconds) }}
{{- $faults = append $faults "auth.sessionMaxSeconds is below auth.sessionSeconds: raise it." }}
{{- end }}
{{- if and .Values.redis.enabled (or $secret.redisJobURL $secret.redisCacheURL) }}
{{- $faults = append $faults "secret.redisJobURL or secret.redisCacheURL is set while redis.enabled is true: set redis.enabled=false to use yours." }}
{{- end }}
{{- if and .Values.mongodb.enabled $secret.mongodbURI }}
{{- $faults = append $faults "secret.mongodbURI is set while mongodb.enabled is true: set mongodb.enabled=false to use yours." }}
{{- end }}
{{- if and $secret.existingSecret $secret.check (include "tmd.live" .) }}
{{- $keys := list "mongodb-uri" "redis-job-url" "redis-cache-url" }}
{{- if not .Values.auth.jwksURL }}{{ $keys = append $keys "jwt-secret" }}{{ end }}
{{- if or .Values.redis.enabled .Values.redis.external.password }}{{ $keys = append $keys "redis-password" }}{{ end }}
{{- if and .Values.mongodb.enabled .Values.mongodb.auth }}{{ $keys = append $keys "mongodb-password" }}{{ end }}
{{- if .Values.redis.external.sentinel.password }}{{ $keys = append $keys "redis-sentinel-password" }}{{ end }}
{{- if include "tmd.hasSessions" . }}{{ $keys = append $keys "session-secret" }}{{ end }}
{{- if .Values.auth.oidc.hasClientSecret }}{{ $keys = append $keys "oidc-client-secret" }}{{ end }}
{{- if $secret.sentry }}{{ $keys = append $keys "sentry-dsn" }}{{ end }}
{{- $found := lookup "v1" "Secret" (include "tmd.namespace" .) $secret.existingSecret }}
{{- if not $found }}
{{- $faults = append $faults (printf "The Secret %s is not in the namespace %s: create it with the keys %s (kubectl -n %s create secret generic %s --from-literal=…), or set secret.check=false if something makes it later." $secret.existingSecret (include "tmd.namespace" .) (join ", " $keys) (include "tmd.namespace" .) $secret.existingSecret) }}
{{- else }}
{{- range $keys }}
{{- $key := include "tmd.secretKey" (list $ .) }}
{{- if not (get ($found.data | default dict) $key) }}
{{- $faults = append $faults (printf "The Secret %s lacks the key %s: add it." $secret.existingSecret $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* Contexts that Pod Security "restricted" refuses: the sentence of the chart comes before that of each pod. */}}
{{- define "tmd.checks.security" -}}
{{- $faults := list }}
{{- range $name := list "api" "worker" "parser" "controller" "frontend" "redis" "mongodb" "seed" "backup" "doctor" "tests" }}
{{- $values := get $.Values $name }}
{{- range $field := list "podSecurityContext" "securityContext" }}
{{- $given := get $values $field }}{{ $wrong := list }}
{{- if eq (toString $given.runAsNonRoot) "false" }}{{ $wrong = append $wrong "runAsNonRoot" }}{{ end }}
{{- if eq (toString $given.runAsUser) "0" }}{{ $wrong = append $wrong "runAsUser" }}{{ end }}
{{- if eq (dig "seccompProfile" "type" "" $given) "Unconfined" }}{{ $wrong = append $wrong "seccompProfile" }}{{ end }}
{{- if $given.privileged }}{{ $wrong = append $wrong "privileged" }}{{ end }}
{{- if $given.allowPrivilegeEscalation }}{{ $wrong = append $wrong "allowPrivilegeEscalation" }}{{ end }}
{{- if and $given.capabilities (or (not (has "ALL" (dig "drop" list $given.capabilities))) (without (dig "add" list $given.capabilities) "NET_BIND_SERVICE")) }}{{ $wrong = append $wrong "capabilities" }}{{ end }}
{{- range $wrong }}
{{- $faults = append $faults (printf "%s.%s.%s lowers Pod Security below restricted, which every pod of the chart meets: leave it out." $name $field .) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* The forms of addresses. Not patterns of the schema: its errors print the value, in which a password may be. */}}
{{- define "tmd.checks.addresses" -}}
{{- $faults := list }}
{{- $values := .Values }}
{{- $url := "^https?://[^/?#@]+([/?#][^@]*)?$" }}{{ $origin := "^https?://[^/?#@]+$" }}{{ $server := "^https?://[^/?#@]+/?$" }}
{{- $given := dict
  "parser.url" (list $values.parser.url $url "http://host:15001")
  "uploads.s3.endpoint" (list $values.uploads.s3.endpoint $server "http://minio.storage:9000")
  "backup.s3.endpoint" (list $values.backup.s3.endpoint $server "http://minio.storage:9000")
  "traces.endpoint" (list $values.traces.endpoint $url "http://collector.observability:4318")
  "auth.jwksURL" (list $values.auth.jwksURL $url "https://idp.example.org/keys")
  "auth.publicURL" (list $values.auth.publicURL $origin "https://degrees.example.org")
  "auth.oidc.issuer" (list $values.auth.oidc.issuer $url "https://idp.example.org") }}
{{- range $number, $address := $values.redis.external.addresses }}
{{- $_ := set $given (printf "redis.external.addresses[%d]" $number) (list $address "^[^/@]+:[0-9]+$" "host:6379") }}
{{- end }}
{{- range $number, $address := $values.api.corsOrigins }}
{{- $_ := set $given (printf "api.corsOrigins[%d]" $number) (list $address $origin "https://app.example.org") }}
{{- end }}
{{- range $name, $form := $given }}
{{- if and (first $form) (not (regexMatch (index $form 1) (first $form))) }}
{{- $faults = append $faults (printf "%s has another form than it must have (its value is not shown): %s, without a user or a password." $name (last $form)) }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.names" -}}
{{- $faults := list }}
{{- if contains "." (include "tmd.fullname" .) }}
{{- $faults = append $faults (printf "The name %s contains a dot, which names of Services do not: choose another name of the release, or set fullnameOverride." (include "tmd.fullname" .)) }}
{{- end }}
{{- range $name := without (keys .Values.secret.keys) "jwt-secret" "mongodb-uri" "redis-job-url" "redis-cache-url" "redis-password" "redis-sentinel-password" "mongodb-password" "sentry-dsn" "oidc-client-secret" "session-secret" }}
{{- $faults = append $faults (printf "secret.keys.%s is no key that the chart reads: the comment above secret in values.yaml lists them." $name) }}
{{- end }}
{{- if and .Values.secret.keys (not .Values.secret.existingSecret) }}
{{- $faults = append $faults "secret.keys names keys of an existing Secret: set secret.existingSecret, or leave secret.keys empty." }}
{{- end }}
{{- range $path, $keys := dict "uploads.s3" .Values.uploads.s3.keys "backup.s3" .Values.backup.s3.keys }}
{{- range $name := without (keys $keys) "access-key-id" "secret-access-key" }}
{{- $faults = append $faults (printf "%s.keys.%s is no key that the chart reads: access-key-id and secret-access-key are." $path $name) }}
{{- end }}
{{- end }}
{{- range $name := without (keys .Values.redis.external.tls.keys) "ca.crt" "tls.crt" "tls.key" }}
{{- $faults = append $faults (printf "redis.external.tls.keys.%s is no key that the chart reads: ca.crt, tls.crt and tls.key are." $name) }}
{{- end }}
{{- $ca := .Values.extraCACerts }}
{{- if and $ca.kedaKey (not (or $ca.configMap $ca.secret)) }}
{{- $faults = append $faults "extraCACerts.kedaKey names a key of nothing: set extraCACerts.configMap or extraCACerts.secret." }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.backup" -}}
{{- $faults := list }}
{{- $backup := .Values.backup }}
{{- if $backup.enabled }}
{{- if eq $backup.storage "s3" }}
{{- range list "bucket" "region" }}
{{- if not (get $backup.s3 .) }}
{{- $faults = append $faults (printf "backup.storage is s3 without a %s: set backup.s3.%s." . .) }}
{{- end }}
{{- end }}
{{- if $backup.persistence.existingClaim }}
{{- $faults = append $faults "backup.persistence.existingClaim is set while backup.storage is s3, which mounts no volume: leave it empty, or set backup.storage=volume." }}
{{- end }}
{{- if and (eq $backup.s3.bucket .Values.uploads.s3.bucket) (eq .Values.uploads.storage "s3") (eq (trimSuffix "/" $backup.s3.prefix) (trimSuffix "/" .Values.uploads.s3.prefix)) }}
{{- $faults = append $faults "backup.s3 is the folder of the uploads: set backup.s3.prefix to another one." }}
{{- end }}
{{- else if $backup.s3.bucket }}
{{- $faults = append $faults "backup.s3.bucket is set while backup.storage is volume: set backup.storage=s3, or leave the bucket empty." }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* A StatefulSet keeps the size of its volumes: the API server refuses another one with a long error. */}}
{{- define "tmd.checks.volumes" -}}
{{- $faults := list }}
{{- range $name, $values := dict "redis" .Values.redis "mongodb" .Values.mongodb }}
{{- if and $values.enabled $values.persistence.enabled (not $values.persistence.existingClaim) }}
{{- range dig "spec" "volumeClaimTemplates" (list) (lookup "apps/v1" "StatefulSet" (include "tmd.namespace" $) (include "tmd.component" (list $ $name)) | default dict) }}
{{- $size := .spec.resources.requests.storage }}
{{- if ne (include "tmd.bytes" $size) (include "tmd.bytes" $values.persistence.size) }}
{{- $faults = append $faults (printf "%s.persistence.size is %v, and the volume was made with %s. A StatefulSet does not change it: enlarge the claim, delete the StatefulSet with --cascade=orphan and upgrade again, as docs/operations.md (Larger volumes) says." $name $values.persistence.size $size) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "tmd.checks.ways" -}}
{{- $faults := list }}
{{- $ingress := .Values.ingress }}
{{- if and $ingress.enabled $ingress.tls.enabled (not (or $ingress.host $ingress.hosts)) }}
{{- $faults = append $faults "ingress.tls.enabled needs a host name for its certificate: set ingress.host." }}
{{- end }}
{{- if and $ingress.enabled $ingress.tls.enabled (not $ingress.tls.secretName) }}
{{- $faults = append $faults "ingress.tls.enabled needs a certificate: set ingress.tls.secretName to a Secret of the type kubernetes.io/tls, or to the name that cert-manager is to make." }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
{{- $faults = append $faults "httpRoute.enabled needs a Gateway: set httpRoute.parentRefs to [{name: …, namespace: …}]." }}
{{- end }}
{{- if and .Values.frontend.enabled (not .Values.frontend.image.repository) }}
{{- $faults = append $faults "frontend.enabled needs an image: set frontend.image.repository and frontend.image.tag." }}
{{- end }}
{{- if and .Values.tests.enabled .Values.tests.tokenSecret (not .Values.auth.jwksURL) }}
{{- $faults = append $faults "tests.tokenSecret is for tokens of an identity provider: set auth.jwksURL, or leave it empty." }}
{{- end }}
{{- if include "tmd.live" . }}
{{- if and .Values.metrics.prometheusRule.enabled (not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) }}
{{- $faults = append $faults "metrics.prometheusRule.enabled needs the Prometheus operator, which this cluster lacks: install it, or set metrics.prometheusRule.enabled=false." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) }}
{{- $faults = append $faults "metrics.serviceMonitor.enabled needs the Prometheus operator, which this cluster lacks: install it, or set metrics.serviceMonitor.enabled=false." }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1")) }}
{{- $faults = append $faults "httpRoute.enabled needs the Gateway API, which this cluster lacks: install it, or set httpRoute.enabled=false." }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}
