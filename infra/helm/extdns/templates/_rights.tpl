{{- /* The rules of a role: (dict "root" $ "scopes" (list "namespace" "cluster")). files/rights.yaml is generated: what
each source reads in the namespaces it is told of, and what in the whole cluster in any case. */ -}}
{{- define "extdns.rules" -}}
{{- $root := .root -}}
{{- $known := fromYaml ($root.Files.Get "files/rights.yaml") -}}
{{- $rules := list -}}
{{- range $source := $root.Values.sources -}}
{{- $source = index (splitList "," $source) 0 -}}
{{- if not (hasKey $known $source) }}{{ fail (printf "sources: there is no source %q; there is %s" $source (keys $known | sortAlpha | join ", ")) }}{{ end -}}
{{- range $scope := $.scopes -}}
{{- $rules = concat $rules (dig $scope list (get $known $source)) -}}
{{- end -}}
{{- end -}}
{{- if has "namespace" .scopes }}{{ $rules = concat $rules $root.Values.rbac.additionalPermissions }}{{ end -}}
{{- toJson (uniq $rules) -}}
{{- end -}}

{{- /* A role and its binding: (dict "root" $ "name" "-suffix" "namespace" NAMESPACE "rules" RULES); without a namespace of
the whole cluster. */ -}}
{{- define "extdns.role" -}}
{{- if .rules }}
{{- $kind := empty .namespace | ternary "ClusterRole" "Role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  {{- include "extdns.metadata" (dict "root" .root "name" .name "namespace" .namespace "cluster" (not .namespace)) | nindent 2 }}
rules:
  {{- toYaml .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  {{- include "extdns.metadata" (dict "root" .root "name" .name "namespace" .namespace "cluster" (not .namespace)) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ include "extdns.fullname" .root }}{{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "extdns.serviceAccountName" .root }}
    namespace: {{ include "extdns.namespace" .root }}
{{- end }}
{{- end -}}
