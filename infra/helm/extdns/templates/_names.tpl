{{- /* The names, labels and rights that several objects share. */ -}}

{{- define "extdns.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "extdns.fullname" -}}
{{- $name := include "extdns.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "extdns.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "extdns.selectorLabels" -}}
app.kubernetes.io/name: {{ include "extdns.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "extdns.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "extdns.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The metadata of an object: (dict "root" $ "name" "-suffix" "annotations" ..); "cluster" leaves out the namespace. */ -}}
{{- define "extdns.metadata" -}}
name: {{ include "extdns.fullname" .root }}{{ .name }}
{{- if not .cluster }}
namespace: {{ default (include "extdns.namespace" .root) .namespace }}
{{- end }}
labels:
  {{- include "extdns.labels" .root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "extdns.serviceAccountName" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "extdns.fullname" .) "default" -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{- define "extdns.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- /* A provider is a name, or an object with its name and what a webhook needs. */ -}}
{{- define "extdns.provider" -}}
{{- $provider := .Values.provider -}}
{{- if not (kindIs "string" $provider) }}{{ $provider = $provider.name }}{{ end -}}
{{- tpl $provider . -}}
{{- end -}}

{{- /* The mode, when it is one, and what it needs is set. */ -}}
{{- define "extdns.mode" -}}
{{- if not (has .Values.mode (list "cronjob" "loop" "relay")) }}{{ fail (printf "mode: %q is none of cronjob, loop and relay" .Values.mode) }}{{ end -}}
{{- if eq .Values.mode "relay" -}}
{{- range list "tlsSecret" "credentialsSecret" "token" -}}
{{- if not (get $.Values.relay .) }}{{ fail (printf "mode: relay needs relay.%s" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- .Values.mode -}}
{{- end -}}
