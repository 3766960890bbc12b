{{/* Does the controller mark busy workers? include "tmd.drainGuard" . */}}
{{- define "tmd.drainGuard" -}}
{{- with .Values.controller }}{{ if and .enabled .drainGuard.enabled (not .dryRun) }}yes{{ end }}{{ end }}
{{- end }}
