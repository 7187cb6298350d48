//! What every error of this crate says.

use std::path::PathBuf;
use std::time::Duration;

use extdns_messages::Messages;

use crate::identity::Identity;
use crate::{ClusterError, ManifestError, ReadError, ReadErrorKind, Selector, WriteError};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    for error in cluster_errors() {
        messages.show(error);
    }
    messages.show(ReadError { cluster: "prod".into(), kind: Box::new(forbidden(None, None)) });
    for kind in refusals().into_iter().chain(broken_answers()) {
        messages.show(kind);
    }
    for (document, line) in [(0, 0), (3, 0), (3, 41)] {
        messages.show(manifest(document, line));
    }
    messages.show(WriteError::Conflict).show(WriteError::NotFound);
    messages.show(WriteError::AlreadyExists).show(WriteError::Manifests);
    messages.show(WriteError::NoNamespace { namespace: "dns".to_owned() });
    messages.show(WriteError::Forbidden(Box::new(forbidden(None, None))));
    messages.show(WriteError::Failed(Box::new(status(": the server is shutting down"))));
    for text in SELECTORS {
        messages.show(Selector::labels(text).expect_err(text));
    }
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

/// One for each thing that can be wrong with a selector.
const SELECTORS: [&str; 12] = [
    "app=web,",
    "app web",
    "=web",
    "app!web",
    "app in web",
    "app in (web",
    "app in (web shop)",
    "app==>1",
    "replicas>many",
    "-app=web",
    "Example.org/app=web",
    "app=web!",
];

fn cluster_errors() -> [ClusterError; 2] {
    let cluster = || "prod".into();
    let message = "kubeconfig /home/u/.kube/config has no context \"prod\"; it has lab, stage";
    [
        ClusterError::Config { cluster: cluster(), message: message.to_owned() },
        ClusterError::Manifests { cluster: cluster(), reason: manifest(0, 0) },
    ]
}

fn manifest(document: usize, line: usize) -> ManifestError {
    let message = match document {
        0 => "there is no Kubernetes object in it",
        _ => "Service shop/web: label \"version\" is a number (2); write it in quotes",
    };
    let path = PathBuf::from("deploy/shop.yaml");
    ManifestError { path, document, line, message: message.to_owned() }
}

fn forbidden(namespace: Option<&str>, user: Option<&str>) -> ReadErrorKind {
    ReadErrorKind::Forbidden {
        verb: "list",
        resource: "services".to_owned(),
        group: "",
        plural: "services",
        namespace: namespace.map(str::to_owned),
        user: user.map(str::to_owned),
    }
}

fn status(answer: &str) -> ReadErrorKind {
    ReadErrorKind::Status { request: request(), status: 503, answer: answer.to_owned() }
}

fn request() -> String {
    "GET /api/v1/services".to_owned()
}

/// The server refuses.
fn refusals() -> Vec<ReadErrorKind> {
    let user = "system:serviceaccount:dns:extdns";
    let unauthorized = |answer: &str, remedy: &str| ReadErrorKind::Unauthorized {
        credentials: "the token of user \"dns\" in /home/u/.kube/config".to_owned(),
        answer: answer.to_owned(),
        remedy: remedy.to_owned(),
    };
    let not_served = |remedy: &str| ReadErrorKind::NotServed {
        resource: "externaldns.k8s.io/v1alpha1 dnsendpoints".to_owned(),
        remedy: remedy.to_owned(),
    };
    let namespace = "Shop".to_owned();
    vec![
        forbidden(None, None),
        forbidden(Some("shop"), Some(user)),
        unauthorized("", &Identity::new("the token").unauthorized),
        anonymous(),
        unauthorized(
            ": Unauthorized",
            "; add the role to mapRoles of ConfigMap kube-system/aws-auth",
        ),
        not_served("install its CustomResourceDefinition, or remove the source that needs it"),
        not_served("the server has only version v1beta1, and v1alpha1 is needed"),
        ReadErrorKind::Namespace { resource: "services".to_owned(), namespace },
        ReadErrorKind::Expired { resource: "services".to_owned(), times: 3 },
        status(""),
        status(": the server is shutting down"),
    ]
}

/// No credentials were sent.
fn anonymous() -> ReadErrorKind {
    let Identity { credentials, unauthorized: remedy, .. } =
        Identity::anonymous("user \"dns\" in /home/u/.kube/config has none");
    ReadErrorKind::Unauthorized { credentials, answer: ": Unauthorized".to_owned(), remedy }
}

/// There is no answer, or none that can be read.
fn broken_answers() -> Vec<ReadErrorKind> {
    let request = request();
    vec![
        ReadErrorKind::Timeout { request: request.clone(), timeout: Duration::from_secs(30) },
        ReadErrorKind::Transport {
            request: request.clone(),
            reason: "tcp connect error: Connection refused (os error 111)".to_owned(),
        },
        ReadErrorKind::Truncated {
            request: request.clone(),
            bytes: 4096,
            reason: "EOF while parsing a string at line 1 column 4096".to_owned(),
        },
        ReadErrorKind::Partial {
            request: request.clone(),
            reason: "HTTP 206 Partial Content in place of 200".to_owned(),
        },
        ReadErrorKind::Silent { request: request.clone(), silence: Duration::from_secs(60) },
        ReadErrorKind::TooLarge { request: request.clone(), limit: 1 << 25 },
        ReadErrorKind::NotKubernetes {
            request,
            content_type: "text/html".to_owned(),
            found: "HTML or XML".to_owned(),
        },
        ReadErrorKind::Decode {
            object: "Service shop/web".to_owned(),
            reason: "invalid type: integer `1`, expected a string".to_owned(),
        },
        ReadErrorKind::Manifest(manifest(3, 41)),
    ]
}

/// Why an object is invisible to a run, in words: no error, but users read it all the same.
#[test]
fn every_filter_has_its_words() {
    use crate::DroppedBy::{Annotations, Controller, Labels};
    let table = [
        (Annotations, "its annotations do not match --annotation-filter"),
        (Labels, "its labels do not match --label-filter"),
        (Controller, "its controller annotation names another controller"),
    ];
    for (filter, words) in table {
        match filter {
            Annotations | Labels | Controller => {}
        }
        assert_eq!(filter.to_string(), words);
    }
}
