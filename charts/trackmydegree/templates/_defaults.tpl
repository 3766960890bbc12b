{{/*
An empty key means that the value was not given. Helm deletes the default of a key that is set to null, so each template
begins by putting the defaults back. files/defaults.yaml is values.yaml, which Helm does not hand to templates.
*/}}

{{/*
The default images stay in Values, because "tmd.image" compares an operator's image with them. include "tmd.defaults" .
*/}}
{{- define "tmd.defaults" -}}
{{- if not (hasKey .Values "defaultImages") }}
{{- $defaults := .Files.Get "files/defaults.yaml" | fromYaml }}
{{- include "tmd.fill" (list .Values $defaults) }}
{{- $_ := set .Values "defaultImages" (list $defaults.redis.image $defaults.mongodb.image) }}
{{- $_ := set .Values "publishedImage" $defaults.image.repository }}
{{- end }}
{{- end }}

{{/*
Keys below these are the operator's: a null in resources.limits deletes a limit, one in podSecurity leaves the choice to the
platform. include "tmd.fill" (list $values $defaults)
*/}}
{{- define "tmd.fill" -}}
{{- $values := index . 0 }}
{{- range $key, $default := index . 1 }}
{{- if or (not (hasKey $values $key)) (kindIs "invalid" (index $values $key)) }}
{{- $_ := set $values $key $default }}
{{- else if and (kindIs "map" $default) (kindIs "map" (index $values $key)) (not (has $key (list "resources" "behavior" "labels" "podSecurity"))) }}
{{- include "tmd.fill" (list (index $values $key) $default) }}
{{- end }}
{{- end }}
{{- end }}
