{{- /* The template of the pods: (dict "root" $ "kind" "cronjob" | "loop" | "relay"). */ -}}
{{- define "extdns.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $webhook := eq (include "extdns.provider" $root) "webhook" | ternary "yes" "" -}}
metadata:
  labels:
    {{- include "extdns.selectorLabels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .kind }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- $annotations := dict }}
  {{- /* A pod that stays is made anew when what it read at its start changes. */}}
  {{- if and $values.secretConfiguration.enabled (ne .kind "cronjob") }}
  {{- $annotations = set $annotations "checksum/secret" (tpl (toYaml $values.secretConfiguration.data) $root | sha256sum) }}
  {{- end }}
  {{- if and $values.config (ne .kind "cronjob") }}
  {{- $annotations = set $annotations "checksum/config" (toYaml $values.config | sha256sum) }}
  {{- end }}
  {{- with merge $annotations $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "extdns.serviceAccountName" $root }}
  {{- if kindIs "bool" $values.automountServiceAccountToken }}
  automountServiceAccountToken: {{ $values.automountServiceAccountToken }}
  {{- end }}
  restartPolicy: {{ eq .kind "cronjob" | ternary "Never" "Always" }}
  {{- with $values.imagePullSecrets | default $values.global.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $values.shareProcessNamespace }}
  shareProcessNamespace: true
  {{- end }}
  {{- if $values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with $values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- if not (kindIs "invalid" $values.terminationGracePeriodSeconds) }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds | int64 }}
  {{- end }}
  {{- with $values.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- range $field := list "dnsConfig" "hostAliases" "nodeSelector" "affinity" "topologySpreadConstraints" "tolerations" }}
  {{- with get $values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- $sidecar := and $webhook (eq .kind "cronjob") }}
  {{- if or $values.initContainers $sidecar }}
  initContainers:
    {{- with $values.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $sidecar }}
    {{- include "extdns.webhook" (dict "root" $root "sidecar" true) | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    {{- include "extdns.container" . | nindent 4 }}
    {{- if and $webhook (not $sidecar) }}
    {{- include "extdns.webhook" (dict "root" $root "sidecar" false) | nindent 4 }}
    {{- end }}
    {{- with $values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with fromYamlArray (include "extdns.volumes" .) }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "extdns.container" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
- name: extdns
  image: {{ include "extdns.image" $root }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  args:
    {{- if eq .kind "relay" }}
    - relay
    - --listen=:{{ $values.relay.port }}
    - --listen-tls-cert=/etc/extdns/tls/tls.crt
    - --listen-tls-key=/etc/extdns/tls/tls.key
    - --relay-credentials=/etc/extdns/relay/relay.json
    - --relay-window={{ $values.relay.window }}
    {{- with $values.relay.queueUrl }}
    - --queue-url={{ . }}
    {{- end }}
    {{- end }}
    {{- include "extdns.arguments" . | nindent 4 }}
  {{- range $field := list "env" "envFrom" "resources" "securityContext" }}
  {{- with get $values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if eq .kind "loop" }}
  ports:
    - { name: http, protocol: TCP, containerPort: 7979 }
  livenessProbe:
    {{- toYaml $values.livenessProbe | nindent 4 }}
  readinessProbe:
    {{- toYaml $values.readinessProbe | nindent 4 }}
  {{- else if eq .kind "relay" }}
  ports:
    - { name: https, protocol: TCP, containerPort: {{ $values.relay.port }} }
  livenessProbe: &probe
    httpGet: { path: /healthz, port: https, scheme: HTTPS }
    periodSeconds: 10
    timeoutSeconds: 5
  readinessProbe: *probe
  {{- end }}
  {{- with fromYamlArray (include "extdns.mounts" .) }}
  volumeMounts:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* The provider in a container of its own. Beside a run that ends it is a sidecar, which ends with it (Kubernetes 1.29). */ -}}
{{- define "extdns.webhook" -}}
{{- $values := .root.Values -}}
{{- $webhook := kindIs "string" $values.provider | ternary dict $values.provider.webhook -}}
{{- $image := default dict $webhook.image -}}
{{- if not (and $image.repository $image.tag) }}{{ fail "provider.webhook.image: the provider webhook needs a repository and a tag" }}{{ end -}}
- name: webhook
  image: {{ $image.repository }}:{{ $image.tag }}
  imagePullPolicy: {{ default $values.image.pullPolicy $image.pullPolicy }}
  {{- if .sidecar }}
  restartPolicy: Always
  {{- end }}
  {{- range $field, $name := dict "env" "env" "args" "args" "extraVolumeMounts" "volumeMounts" "resources" "resources" }}
  {{- with get $webhook $field }}
  {{ $name }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with $webhook.securityContext | default $values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - { name: http-webhook, protocol: TCP, containerPort: {{ default dict $webhook.service | dig "port" 8080 }} }
  {{- with $webhook.livenessProbe }}
  livenessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $webhook.readinessProbe }}
  {{ $.sidecar | ternary "startupProbe" "readinessProbe" }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "extdns.mounts" -}}
{{- $values := .root.Values -}}
{{- if $values.config }}
- { name: config, mountPath: /etc/extdns/config.yaml, subPath: config.yaml, readOnly: true }
{{- end }}
{{- if eq .kind "relay" }}
- { name: tls, mountPath: /etc/extdns/tls, readOnly: true }
- { name: relay, mountPath: /etc/extdns/relay, readOnly: true }
{{- end }}
{{- if $values.secretConfiguration.enabled }}
- name: secrets
  mountPath: {{ tpl (required "secretConfiguration.mountPath says where the secret is mounted" $values.secretConfiguration.mountPath) .root }}
  {{- with $values.secretConfiguration.subPath }}
  subPath: {{ tpl . $.root }}
  {{- end }}
{{- end }}
{{- with $values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "extdns.volumes" -}}
{{- $values := .root.Values -}}
{{- $name := include "extdns.fullname" .root -}}
{{- if $values.config }}
- { name: config, configMap: { name: {{ $name }} } }
{{- end }}
{{- if eq .kind "relay" }}
- { name: tls, secret: { secretName: {{ $values.relay.tlsSecret }} } }
- { name: relay, secret: { secretName: {{ $values.relay.credentialsSecret }} } }
{{- end }}
{{- if $values.secretConfiguration.enabled }}
- { name: secrets, secret: { secretName: {{ $name }} } }
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
