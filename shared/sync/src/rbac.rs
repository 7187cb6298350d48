//! `rbac`: what the user of a run has to be granted in a cluster, as manifests. The rights are the rows that `doctor` asks
//! the cluster about; nothing is asked here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::str::FromStr;

#[cfg(feature = "aws")]
use extdns_clusters::Eks;
use extdns_clusters::{Access, Cluster, Environment, Right, Rule};
use extdns_model::ClusterId;
use extdns_sources::{Need, Options};

use crate::settings::{Arguments, ClusterEntry, SettingsError};

/// The role, and the service account of `infra/kubernetes`.
const NAME: &str = "extdns";
/// The group of Kubernetes that an access entry of EKS names.
const GROUP: &str = "external-dns";

/// Whom the rights are granted to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    User(String),
    Group(String),
    ServiceAccount { namespace: String, name: String },
}

/// The roles and bindings for the clusters, or for the one with this name.
///
/// # Errors
/// When there is no such cluster, or a flag says something wrong.
pub async fn rbac(arguments: &Arguments) -> Result<String, SettingsError> {
    let flags = &arguments.commands;
    let subject = flags.subject.as_deref().map(Subject::from_str).transpose()?;
    let mut text = String::new();
    for entry in chosen(arguments, flags.cluster.as_deref())? {
        let options = Options::try_from(&entry.arguments.sources)
            .map_err(|error| SettingsError::Invalid(error.to_string()))?;
        let needs = options.gather.needs(!arguments.process.dry_run);
        let rights = rights(&needs).await?;
        write_cluster(&mut text, entry, &rights, subject.as_ref());
    }
    Ok(text)
}

fn chosen<'a>(
    arguments: &'a Arguments,
    name: Option<&str>,
) -> Result<Vec<&'a ClusterEntry>, SettingsError> {
    let entries = &arguments.cluster_entries;
    let chosen: Vec<_> =
        entries.iter().filter(|entry| name.is_none_or(|name| entry.name == name)).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    Err(SettingsError::Invalid(format!(
        "there is no cluster {:?}; there is {}",
        name.unwrap_or_default(),
        names.join(", ")
    )))
}

/// The rights that the sources need, each once, with the right to have lists streamed. Objects are named by their usual
/// plural where only the settings know their kind, since no cluster is asked.
async fn rights(needs: &[Need]) -> Result<BTreeSet<Right>, SettingsError> {
    let invalid = |error: &dyn std::fmt::Display| SettingsError::Invalid(error.to_string());
    let nobody = Cluster {
        id: ClusterId(0),
        name: Default::default(),
        access: Access::Manifests(Vec::new()),
        api: Default::default(),
    };
    let view = nobody.connect(&Environment::default(), std::io::empty()).await;
    let view = view.map_err(|error| invalid(&error))?;
    let mut rights = BTreeSet::new();
    for need in needs {
        let right = need.right(&view).await.map_err(|error| invalid(&error))?;
        rights.extend(right.to_stream());
        rights.insert(right);
    }
    Ok(rights)
}

fn write_cluster(
    text: &mut String,
    entry: &ClusterEntry,
    rights: &BTreeSet<Right>,
    subject: Option<&Subject>,
) {
    let access = entry.cluster(ClusterId(0)).access;
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# cluster {:?}", entry.name);
    if matches!(access, Access::Manifests(_)) || rights.is_empty() {
        let _ = writeln!(text, "# No right is needed: nothing is read from an API server.");
        return;
    }
    let usual = Subject::usual(&access);
    let subject = subject.unwrap_or(&usual);
    #[cfg(feature = "aws")]
    if let (Access::Eks(eks), Subject::Group(group)) = (&access, subject) {
        write_access_entry(text, eks, group);
    }
    let mut by_namespace: BTreeMap<Option<&str>, Vec<&Right>> = BTreeMap::new();
    for right in rights {
        by_namespace.entry(right.namespace.as_deref()).or_default().push(right);
    }
    for (namespace, rights) in by_namespace {
        write_role(text, namespace, &rights, subject);
    }
}

/// The role of one namespace, or of the whole cluster, and its binding.
fn write_role(text: &mut String, namespace: Option<&str>, rights: &[&Right], subject: &Subject) {
    let (kind, place) = match namespace {
        Some(namespace) => ("Role", format!("  namespace: {namespace}\n")),
        None => ("ClusterRole", String::new()),
    };
    let head = |kind: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {NAME}\n{place}"
        )
    };
    text.push_str(&head(kind));
    text.push_str("rules:\n");
    for rule in Rule::of(rights.iter().copied()) {
        rule.to_string().lines().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text.push_str(&head(&format!("{kind}Binding")));
    let api = "rbac.authorization.k8s.io";
    let _ = write!(
        text,
        "roleRef: {{ apiGroup: {api}, kind: {kind}, name: {NAME} }}\nsubjects:\n{}",
        subject.yaml()
    );
}

/// What puts the role into the group, in the two ways in which that is usually done.
#[cfg(feature = "aws")]
fn write_access_entry(text: &mut String, eks: &Eks, group: &str) {
    let Eks { name, region, assume_role } = eks;
    let principal = assume_role.as_ref().map_or("ARN-OF-THE-ROLE-OF-THE-RUN", |role| &role.arn);
    let region = region.as_ref().map(|region| format!(" --region {region}")).unwrap_or_default();
    let _ = writeln!(
        text,
        "# The role is in the group {group} by this access entry:\n\
         #   aws eks create-access-entry --cluster-name {name}{region} \\\n\
         #     --principal-arn {principal} --kubernetes-groups {group}\n\
         # or, in a template of CloudFormation:\n\
         #   ExternalDnsAccess:\n\
         #     Type: AWS::EKS::AccessEntry\n\
         #     Properties:\n\
         #       ClusterName: {name}\n\
         #       PrincipalArn: {principal}\n\
         #       KubernetesGroups: [{group}]"
    );
}

impl Subject {
    /// Who reads a cluster, where nothing else is said.
    fn usual(access: &Access) -> Self {
        match access {
            Access::InCluster | Access::Default { context: None } => {
                Self::ServiceAccount { namespace: NAME.to_owned(), name: NAME.to_owned() }
            }
            _ => Self::Group(GROUP.to_owned()),
        }
    }

    fn yaml(&self) -> String {
        let api = "rbac.authorization.k8s.io";
        match self {
            Self::User(name) => format!("- {{ apiGroup: {api}, kind: User, name: {name:?} }}\n"),
            Self::Group(name) => format!("- {{ apiGroup: {api}, kind: Group, name: {name:?} }}\n"),
            Self::ServiceAccount { namespace, name } => {
                format!("- {{ kind: ServiceAccount, name: {name:?}, namespace: {namespace:?} }}\n")
            }
        }
    }
}

/// `user:NAME`, `group:NAME` or `serviceaccount:NAMESPACE/NAME`.
impl FromStr for Subject {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let parsed = match text.split_once(':') {
            Some(("user", name)) if !name.is_empty() => Some(Self::User(name.to_owned())),
            Some(("group", name)) if !name.is_empty() => Some(Self::Group(name.to_owned())),
            Some(("serviceaccount", account)) => {
                account.split_once('/').map(|(namespace, name)| Self::ServiceAccount {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                })
            }
            _ => None,
        };
        parsed.ok_or_else(|| {
            SettingsError::Invalid(format!(
                "--subject={text}: give user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Subject, rbac};
    use crate::settings::{Environment, Request, resolve};

    fn manifests(flags: &[&str]) -> Result<String, String> {
        let words = ["rbac", "--provider=inmemory"].iter().chain(flags);
        let arguments = words.map(ToString::to_string).collect();
        let environment = Environment { arguments, ..Environment::default() };
        let shown = || {
            let request = resolve(&environment).map_err(|error| error.to_string())?;
            let Request::Run(arguments) = request else { panic!("{request:?}") };
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(rbac(&arguments)).map_err(|error| error.to_string())
        };
        // Without optimisation the code that clap derives for all flags needs more stack than a test has.
        std::thread::scope(|scope| {
            let thread =
                std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, shown);
            thread.expect("a thread").join().expect("no panic")
        })
    }

    #[test]
    fn a_cluster_of_eks_gets_its_role_and_its_access_entry() {
        let flags = [
            "--source=ingress",
            "--source=crd",
            "--eks-cluster=prod",
            "--eks-region=eu-west-1",
            "--eks-assume-role=arn:aws:iam::111122223333:role/reader",
        ];
        let text = manifests(&flags).expect("manifests");
        assert_eq!(
            text,
            r#"# cluster "default"
# The role is in the group external-dns by this access entry:
#   aws eks create-access-entry --cluster-name prod --region eu-west-1 \
#     --principal-arn arn:aws:iam::111122223333:role/reader --kubernetes-groups external-dns
# or, in a template of CloudFormation:
#   ExternalDnsAccess:
#     Type: AWS::EKS::AccessEntry
#     Properties:
#       ClusterName: prod
#       PrincipalArn: arn:aws:iam::111122223333:role/reader
#       KubernetesGroups: [external-dns]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: extdns
rules:
  - apiGroups: ["externaldns.k8s.io"]
    resources: ["dnsendpoints"]
    verbs: ["list", "watch"]
  - apiGroups: ["externaldns.k8s.io"]
    resources: ["dnsendpoints/status"]
    verbs: ["update"]
  - apiGroups: ["networking.k8s.io"]
    resources: ["ingresses"]
    verbs: ["list", "watch"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: extdns
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: extdns }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: "external-dns" }
"#
        );
    }

    #[test]
    fn a_run_in_one_namespace_gets_a_role_there() {
        let flags = ["--source=service", "--namespace=shop", "--subject=user:dns"];
        let text = manifests(&flags).expect("manifests");
        let role = "kind: Role\nmetadata:\n  name: extdns\n  namespace: shop\n";
        let rest = "kind: ClusterRole\nmetadata:\n  name: extdns\nrules:\n  - apiGroups: [\"\"]\n    \
                    resources: [\"nodes\"]\n    verbs: [\"list\", \"watch\"]\n";
        assert!(text.contains(role) && text.contains(rest), "{text}");
        assert!(text.contains("kind: User, name: \"dns\" }"), "{text}");
    }

    #[test]
    fn a_run_that_makes_events_gets_the_right_to_where_its_objects_are() {
        let rule = "  - apiGroups: [\"events.k8s.io\"]\n    resources: [\"events\"]\n    verbs: [\"create\"]\n";
        let flags = ["--source=service", "--source=node", "--events-emit=RecordReady"];
        let text = manifests(&flags).expect("manifests");
        assert_eq!(text.matches(rule).count(), 1, "{text}");
        let text = manifests(&[&flags[..], &["--namespace=shop"]].concat()).expect("manifests");
        assert_eq!(text.matches(rule).count(), 2, "{text}");
        for place in ["shop", "default"] {
            assert!(text.contains(&format!("  namespace: {place}\n")), "{place}: {text}");
        }
        let idle = [&flags[..2], &["--events-emit=Anything"]].concat();
        for flags in [idle, [&flags[..], &["--dry-run"]].concat()] {
            let text = manifests(&flags).expect("manifests");
            assert!(!text.contains("events.k8s.io"), "{text}");
        }
    }

    #[test]
    fn manifests_need_no_right() {
        let text = manifests(&["--source=service", "--manifests=x"]).expect("manifests");
        assert!(text.ends_with("# No right is needed: nothing is read from an API server.\n"));
    }

    #[test]
    fn an_unknown_cluster_is_answered_with_the_known_ones() {
        let error = manifests(&["--source=service", "--cluster=prod"]).expect_err("none");
        assert!(error.ends_with("there is no cluster \"prod\"; there is default"), "{error}");
    }

    #[test]
    fn subjects() {
        for text in ["", "dns", "user:", "role:dns", "serviceaccount:dns"] {
            let error = text.parse::<Subject>().expect_err(text).to_string();
            assert!(error.contains("give user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME"));
        }
    }
}
