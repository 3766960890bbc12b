{{/* The CronJob of backups. */}}

{{/* Where backups go. include "tmd.backupTarget" . */}}
{{- define "tmd.backupTarget" -}}
{{- $s3 := .Values.backup.s3 }}
{{- if eq .Values.backup.storage "s3" }}{{ printf "s3://%s/%s" $s3.bucket ($s3.prefix | default "") | trimSuffix "/" }}{{ else }}/var/lib/tmd/backups/tmd{{ end }}
{{- end }}

{{/* include "tmd.backupClaim" . */}}
{{- define "tmd.backupClaim" -}}
{{- .Values.backup.persistence.existingClaim | default (include "tmd.component" (list . "backup")) }}
{{- end }}

{{- define "tmd.backupMount" -}}
{{- if eq .Values.backup.storage "volume" -}}
- name: backups
  mountPath: /var/lib/tmd/backups
{{- end }}
{{- end }}

{{- define "tmd.backupVolume" -}}
{{- if eq .Values.backup.storage "volume" -}}
- name: backups
  persistentVolumeClaim:
    claimName: {{ include "tmd.backupClaim" . | quote }}
{{- end }}
{{- end }}
