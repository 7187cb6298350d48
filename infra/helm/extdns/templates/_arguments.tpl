{{- /* The arguments of the program, one on a line: (dict "root" $ "kind" "cronjob" | "loop" | "relay"). */ -}}
{{- define "extdns.arguments" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $arguments := list (printf "--log-level=%s" $values.logLevel) (printf "--log-format=%s" $values.logFormat) -}}
{{- if eq .kind "cronjob" -}}
{{- $arguments = append $arguments "--once" -}}
{{- else -}}
{{- $arguments = append $arguments (printf "--interval=%s" $values.interval) -}}
{{- end -}}
{{- if and (eq .kind "loop") $values.triggerLoopOnEvent }}{{ $arguments = append $arguments "--events" }}{{ end -}}
{{- if $values.dryRun }}{{ $arguments = append $arguments "--dry-run" }}{{ end -}}
{{- with $values.state }}{{ $arguments = append $arguments (printf "--state=%s" .) }}{{ end -}}
{{- if $values.config -}}
{{- $arguments = append $arguments "--config=/etc/extdns/config.yaml" -}}
{{- else -}}
{{- $arguments = concat $arguments (fromJsonArray (include "extdns.settings" $root)) -}}
{{- end -}}
{{- $arguments = concat $arguments (fromJsonArray (include "extdns.extra" $root)) -}}
{{- toYaml $arguments -}}
{{- end -}}

{{- /* The settings of a run, as an array of JSON. */ -}}
{{- define "extdns.settings" -}}
{{- $values := .Values -}}
{{- $arguments := list -}}
{{- range $values.sources }}{{ $arguments = append $arguments (printf "--source=%s" .) }}{{ end -}}
{{- $arguments = append $arguments (printf "--policy=%s" $values.policy) -}}
{{- $arguments = append $arguments (printf "--registry=%s" $values.registry) -}}
{{- if eq $values.registry "crd" -}}
{{- $arguments = append $arguments (printf "--crd-registry-namespace=%s" (include "extdns.namespace" .)) -}}
{{- end -}}
{{- with $values.txtOwnerId }}{{ $arguments = append $arguments (printf "--txt-owner-id=%s" .) }}{{ end -}}
{{- if and $values.txtPrefix $values.txtSuffix }}{{ fail "txtPrefix and txtSuffix exclude each other: set one of them" }}{{ end -}}
{{- with $values.txtPrefix }}{{ $arguments = append $arguments (printf "--txt-prefix=%s" .) }}{{ end -}}
{{- with $values.txtSuffix }}{{ $arguments = append $arguments (printf "--txt-suffix=%s" .) }}{{ end -}}
{{- if $values.namespaced -}}
{{- $arguments = append $arguments (printf "--namespace=%s" (include "extdns.namespace" .)) -}}
{{- with $values.gatewayNamespace }}{{ $arguments = append $arguments (printf "--gateway-namespace=%s" .) }}{{ end -}}
{{- end -}}
{{- range $values.domainFilters }}{{ $arguments = append $arguments (printf "--domain-filter=%s" .) }}{{ end -}}
{{- range $values.excludeDomains }}{{ $arguments = append $arguments (printf "--exclude-domains=%s" .) }}{{ end -}}
{{- with $values.labelFilter }}{{ $arguments = append $arguments (printf "--label-filter=%s" .) }}{{ end -}}
{{- with $values.annotationFilter }}{{ $arguments = append $arguments (printf "--annotation-filter=%s" .) }}{{ end -}}
{{- with $values.annotationPrefix }}{{ $arguments = append $arguments (printf "--annotation-prefix=%s" .) }}{{ end -}}
{{- range $values.managedRecordTypes }}{{ $arguments = append $arguments (printf "--managed-record-types=%s" .) }}{{ end -}}
{{- $arguments = append $arguments (printf "--provider=%s" (include "extdns.provider" .)) -}}
{{- toJson $arguments -}}
{{- end -}}

{{- /* extraArgs, a list of arguments or an object of flags, as an array of JSON. A flag without a value is a switch. */ -}}
{{- define "extdns.extra" -}}
{{- $root := . -}}
{{- $arguments := list -}}
{{- if kindIs "map" .Values.extraArgs -}}
{{- range $flag, $value := .Values.extraArgs -}}
{{- range kindIs "slice" $value | ternary $value (list $value) -}}
{{- if kindIs "invalid" . }}{{ $arguments = append $arguments (printf "--%s" $flag) -}}
{{- else }}{{ $arguments = append $arguments (printf "--%s=%s" $flag (tpl (toString .) $root)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- range .Values.extraArgs }}{{ $arguments = append $arguments (tpl . $root) }}{{ end -}}
{{- end -}}
{{- toJson $arguments -}}
{{- end -}}
