{{/* The parser's container, the same as a sidecar and in a Deployment of its own. */}}

{{/* The memory limit of all children together, in bytes. include "tmd.parserChildBytes" . */}}
{{- define "tmd.parserChildBytes" -}}
{{- mul (int .Values.parser.children) (include "tmd.bytes" .Values.parser.childMemory | int64) }}
{{- end }}

{{/* include "tmd.parserContainer" (list . $drainSeconds) */}}
{{- define "tmd.parserContainer" -}}
{{- $root := index . 0 }}{{ $values := $root.Values.parser -}}
name: parser
{{ include "tmd.updatedImage" (list $root $root.Values.image (eq $root.Values.parser.mode "sidecar" | ternary "worker" "parser") "parser") }}
args: [parser]
env:
  {{- include "tmd.env" (list (include "tmd.parserEnv" .) $values.extraEnv) | nindent 2 }}
{{- with include "tmd.envFrom" $values }}
{{ . }}
{{- end }}
ports:
  - name: parser
    containerPort: 15001
  - name: parser-metrics
    containerPort: 9091
{{ include "tmd.containerSecurity" $values }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
volumeMounts:
  - name: parser-cache
    mountPath: /var/cache/tmd
  - name: tmp
    mountPath: /tmp
  {{- with and $root.Values.traces.endpoint (include "tmd.caMount" $root) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with include "tmd.probe" (list $values "startupProbe" (dict "path" "/health" "port" "parser") 1 60) }}
{{- . | nindent 0 }}
{{- end }}
# The probe covers the process only: it replaces its children, and must not be killed because of one.
{{- with include "tmd.probe" (list $values "livenessProbe" (dict "path" "/version" "port" "parser-metrics") 10 6) }}
{{- . | nindent 0 }}
{{- end }}
{{- end }}

{{/* include "tmd.parserVolumes" . */}}
{{- define "tmd.parserVolumes" -}}
- name: parser-cache
  emptyDir:
    sizeLimit: 128Mi
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- end }}

{{/* The address under which workers reach the parser. include "tmd.parserURL" . */}}
{{- define "tmd.parserURL" -}}
{{- if eq .Values.parser.mode "sidecar" }}http://127.0.0.1:15001
{{- else if eq .Values.parser.mode "deployment" }}http://{{ include "tmd.component" (list . "parser") }}:15001
{{- else }}{{ .Values.parser.url }}
{{- end }}
{{- end }}
