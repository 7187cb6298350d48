//! The CronJob of a page: that of `infra/kubernetes`, with what the provider needs of its own.

use std::fmt::Write as _;
use std::path::Path;

use super::Head;

/// The CronJob that every page starts from.
pub(super) const CRON_JOB: &str = "infra/kubernetes/cronjob.yaml";

/// The line in whose place the provider's flags stand.
const PROVIDER: &str = "                - --provider=aws";
/// In front of this line stands what else the container has.
const RESOURCES: &str = "              resources:";
/// In front of this line stands what else the pod has.
const CONTAINERS: &str = "          containers:";
/// Behind this line stands what the pod is called.
const TEMPLATE: &str = "      template:";

pub(super) fn section(provider: &str, head: &Head, cron_job: &str) -> String {
    let mut text = "## A CronJob\n\nIt runs every five minutes, and only plans until `--dry-run` is taken out. \
                    `infra/kubernetes` has what it needs beside it: the namespace, the rights in the cluster, \
                    the image.\n"
        .to_owned();
    for (kind, are_there) in [
        (
            "the Secret `extdns`, with a key for each credential,",
            !(head.secrets.is_empty() && head.files.is_empty()),
        ),
        ("the PersistentVolumeClaim `extdns`", !head.claims.is_empty()),
    ] {
        if are_there {
            let _ = writeln!(text, "You make {kind} in the same namespace.");
        }
    }
    let _ = write!(text, "\n```yaml\n{}{}```\n", account(head), job(provider, head, cron_job));
    text
}

/// The service account, where it says to a cloud who the pod is.
fn account(head: &Head) -> String {
    if head.account.is_empty() {
        return String::new();
    }
    let start = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: extdns\n  namespace: extdns\n  annotations:\n";
    format!("{start}{}---\n", pairs("    ", &head.account))
}

fn job(provider: &str, head: &Head, cron_job: &str) -> String {
    let mut job = String::new();
    for line in shown(cron_job) {
        match line {
            PROVIDER => {
                let _ = writeln!(job, "                - --provider={provider}");
                for arg in &head.args {
                    let _ = writeln!(job, "                - {arg}");
                }
                continue;
            }
            RESOURCES => job.push_str(&of_the_container(head)),
            CONTAINERS => job.push_str(&of_the_pod(head)),
            _ => {}
        }
        let _ = writeln!(job, "{line}");
        if line == TEMPLATE && !head.labels.is_empty() {
            let labels = pairs("            ", &head.labels);
            let _ = write!(job, "        metadata:\n          labels:\n{labels}");
        }
    }
    job
}

/// The lines of the CronJob without its comments, but for those of flags that all providers have.
fn shown(cron_job: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut comments = Vec::new();
    for line in cron_job.lines() {
        if line.trim_start().starts_with('#') {
            comments.push(line);
            continue;
        }
        let of_flag = line.trim_start().starts_with("- --") && line != PROVIDER;
        lines.extend(comments.drain(..).filter(|_| of_flag));
        lines.push(line);
    }
    lines
}

fn pairs(indent: &str, pairs: &[String]) -> String {
    let pairs = pairs.iter().filter_map(|it| it.split_once('='));
    pairs.map(|(key, value)| format!("{indent}{key}: \"{value}\"\n")).collect()
}

fn of_the_container(head: &Head) -> String {
    let mut text = String::new();
    if !head.secrets.is_empty() {
        text.push_str("              env:\n");
    }
    for name in &head.secrets {
        let _ = writeln!(text, "                - name: {name}");
        let _ = writeln!(
            text,
            "                  valueFrom: {{ secretKeyRef: {{ name: extdns, key: {name} }} }}"
        );
    }
    if !(head.files.is_empty() && head.claims.is_empty()) {
        text.push_str("              volumeMounts:\n");
    }
    for path in &head.files {
        let _ = writeln!(
            text,
            "                - {{ name: credentials, mountPath: {}, readOnly: true }}",
            folder(path)
        );
    }
    for path in &head.claims {
        let _ = writeln!(text, "                - {{ name: data, mountPath: {path} }}");
    }
    text
}

fn of_the_pod(head: &Head) -> String {
    let mut text = String::new();
    if !(head.files.is_empty() && head.claims.is_empty()) {
        text.push_str("          volumes:\n");
    }
    if !head.files.is_empty() {
        text.push_str("            - { name: credentials, secret: { secretName: extdns } }\n");
    }
    if !head.claims.is_empty() {
        text.push_str(
            "            - { name: data, persistentVolumeClaim: { claimName: extdns } }\n",
        );
    }
    if !head.sidecars.is_empty() {
        text.push_str("          initContainers:\n");
    }
    for image in &head.sidecars {
        let _ =
            writeln!(text, "            # It runs beside the container below, and ends with it.");
        let _ = writeln!(text, "            - name: provider\n              image: {image}");
        text.push_str("              restartPolicy: Always\n");
    }
    text
}

fn folder(path: &str) -> String {
    Path::new(path).parent().map(|it| it.display().to_string()).unwrap_or_default()
}
