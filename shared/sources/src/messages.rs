//! What every error of this crate says.

use std::sync::Arc;

use extdns_auth::HttpError;
use extdns_auth::call::Fault;
use extdns_clusters::{DroppedBy, ManifestError, ReadError, ReadErrorKind, Selector};
use extdns_messages::Messages;
use extdns_model::{
    ClusterId, InvalidEndpoint, Name, NetFilter, Problem, RecordType, Resource, ResourceKind,
};
use extdns_template::{RenderError, Template};

use crate::ambassador_host::{HostFault, ServiceRef};
use crate::cloudfoundry::ApiError;
use crate::connector::{ConnectorError, GobError};
use crate::crd::{CrdFlagError, EntryError};
use crate::fake::FakeTemplateError;
use crate::ingress::{IngressFlagError, IngressRule};
use crate::joins::{JoinFault, Named};
use crate::node::{NodeFault, NodeRule};
use crate::pod::PodRule;
use crate::service::{ServiceFlagError, ServiceRule};
use crate::skipper_routegroup::GroupVersionError;
use crate::templates::TemplateFault;
use crate::traefik_proxy::NoGroupError;
use crate::ttl::parse_ttl;
use crate::unstructured::ResourceFlagError;
use crate::{
    DropReason, Dropped, HiddenBy, Interruption, OptionsError, ResolveError, SourceError,
    SourceFailure,
};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    for error in options_errors() {
        messages.show(error);
    }
    messages.show(SourceError::Read(unreadable())).show(not_served());
    for why in [Interruption::TimeOver, Interruption::Stopped] {
        messages.show(why).show(SourceError::Interrupted(why));
    }
    messages.show(unresolved(0)).show(unresolved(2));
    for others in [0, 2] {
        let reason = NodeFault::NoAddress.to_string().into();
        messages.show(SourceError::Objects { object: service(), others, reason });
    }
    let error = SourceError::Read(unreadable());
    messages.show(SourceFailure { source_name: "service", error });
    messages.show(ResolveError::NotFound).show(no_answer());
    messages.show(parse_ttl("1 hour").expect_err("no TTL"));
    for reason in drop_reasons() {
        messages.show(reason);
    }
    show_of_sources(&mut messages);
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

fn options_errors() -> Vec<OptionsError> {
    let selector = || Selector::labels("app=web,").expect_err("a comma at the end");
    let net = NetFilter::new(["10.0.0.0/99"], [""; 0]).expect_err("no network");
    vec![
        OptionsError::Selector { flag: "annotation-filter", source: selector() },
        OptionsError::Selector { flag: "label-filter", source: selector() },
        OptionsError::Missing { source_name: "cloudfoundry", flag: "cf-username" },
        OptionsError::EmptyPrefix,
        OptionsError::PrefixWithoutSlash,
        OptionsError::NoTemplate,
        bad_template(),
        OptionsError::source(IngressFlagError::ClassFilteredTwice),
        OptionsError::TargetNet(net),
        OptionsError::Nat64("64:ff9b::/64".to_owned()),
        OptionsError::PtrNotManaged,
    ]
}

fn bad_template() -> OptionsError {
    let text = "{{.Name}.example.org".to_owned();
    let source = Template::parse(&[&text]).expect_err("not closed");
    OptionsError::Template { flag: "fqdn-template", index: 0, text, source }
}

fn template_fault() -> TemplateFault {
    let message = "toLower: invalid value; expected string".into();
    TemplateFault { flag: "fqdn-template", error: RenderError { line: 1, column: 3, message } }
}

fn show_of_connector(messages: &mut Messages) {
    let server = || "localhost:8080".to_owned();
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let connection = ConnectorError::Connection { server: server(), error: refused };
    messages.show(SourceError::source(connection));
    let error = GobError::Malformed("a message ends too early");
    messages.show(ConnectorError::Decode { server: server(), error });
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    messages.show(ConnectorError::Connection { server: server(), error: refused });
    let closed = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    messages.show(GobError::Stream(closed)).show(GobError::Late(30)).show(GobError::TooLarge(64));
    messages.show(GobError::Malformed("it is no list"));
}

fn unreadable() -> ReadError {
    let kind = ReadErrorKind::Manifest(ManifestError {
        path: "deploy/shop.yaml".into(),
        document: 3,
        line: 41,
        message: "Service shop/web: label \"version\" is a number (2); write it in quotes"
            .to_owned(),
    });
    ReadError { cluster: "prod".into(), kind: Box::new(kind) }
}

fn not_served() -> SourceError {
    let kind = ReadErrorKind::NotServed {
        resource: "projectcontour.io/v1 httpproxies".to_owned(),
        remedy: "install its CustomResourceDefinition".to_owned(),
    };
    let error = ReadError { cluster: "prod".into(), kind: Box::new(kind) };
    SourceError::NotServed { flag: "--source=contour-httpproxy".into(), is_ignored: false, error }
}

fn unresolved(others: usize) -> SourceError {
    let host = "lb-1.eu-west-1.elb.amazonaws.com".to_owned();
    SourceError::Resolve { host, resource: service(), others, source: no_answer() }
}

fn no_answer() -> ResolveError {
    ResolveError::Temporary("request timed out".to_owned())
}

fn service() -> Arc<Resource> {
    Arc::new(Resource {
        cluster: ClusterId(0),
        kind: ResourceKind::SERVICE,
        namespace: Some("shop".into()),
        name: "web".into(),
    })
}

fn drop_reasons() -> Vec<DropReason> {
    let label = "x".repeat(64);
    let name = Name::parse(&format!("{label}.example.org")).expect_err("a long label");
    let problem = Problem::Target { target: "10.0.0".to_owned(), expected: "an IPv4 address" };
    let invalid =
        InvalidEndpoint { name: "web.example.org".to_owned(), rtype: RecordType::A, problem };
    vec![
        DropReason::Name(name),
        DropReason::Invalid(invalid),
        DropReason::RecordType("a".parse::<RecordType>().expect_err("lower case")),
        final_dot().into(),
        DropReason::NoTarget,
        DropReason::TargetsFiltered,
    ]
}

fn show_of_sources(messages: &mut Messages) {
    messages.show(IngressFlagError::ClassFilteredTwice);
    messages.show(IngressFlagError::Class("nginx internal".to_owned()));
    messages.show(ServiceFlagError::Type("Loadbalancer".to_owned()));
    let (api_version, kind) = ("v1".to_owned(), "dns-endpoint".to_owned());
    messages.show(CrdFlagError::Kind { api_version, kind });
    messages.show(EntryError::NoName).show(EntryError::NoTarget).show(final_dot());
    for filter in [DroppedBy::Annotations, DroppedBy::Labels, DroppedBy::Controller] {
        messages.show(HiddenBy::Filter(filter));
    }
    messages.show(HiddenBy::Source(NodeRule::Cordoned.to_string().into()));
    messages.show(IngressRule::Class { class: None });
    messages.show(IngressRule::Class { class: Some("nginx".into()) });
    messages.show(IngressRule::HostnameSource);
    messages.show(IngressRule::IgnoredRules).show(IngressRule::IgnoredTls);
    messages.show(NodeRule::Cordoned).show(NodeFault::NoAddress).show(PodRule::NotOnHostNetwork);
    messages.show(ServiceRule::Type("NodePort")).show(ServiceRule::IgnoredAnnotation);
    messages.show(IngressRule::IgnoredAnnotation);
    messages.show(template_fault()).show(FakeTemplateError(template_fault()));
    messages.show(ResourceFlagError("configmaps".to_owned()));
    messages.show(GroupVersionError("v1".to_owned()));
    show_of_connector(messages);
    show_of_joins(messages);
    messages.show(NoGroupError);
    let call = || "GET https://api.cf.test/v2/routes".to_owned();
    let fault =
        Fault { reason: "api.cf.test answers HTTP 500".to_owned(), may_pass: true, status: None };
    messages.show(ApiError::Call { call: call(), fault });
    let (path, source) = ("/etc/ca.pem".into(), std::io::ErrorKind::NotFound.into());
    messages.show(ApiError::Client(HttpError::File { path, source }));
    messages.show(ApiError::Pages { call: call(), next: "https://evil.test/".to_owned() });
}

fn show_of_joins(messages: &mut Messages) {
    let missing = || {
        let (how, remedy) = ("its annotation ingress names", "correct the annotation or remove it");
        let (kind, name) = ("Ingress", "edge/alb".into());
        JoinFault::Missing { named: Named { how, remedy }, kind, name }
    };
    let (kind, name, fault) = ("Gateway", "istio-system/gw".into(), Box::new(missing()));
    messages.show(missing()).show(JoinFault::Of { kind, name, fault });
    let (place, text) = ("one of its gateways", "a/b/c".into());
    messages.show(JoinFault::Reference { place, text });
    let service = ServiceRef::parse("gateways/ambassador").expect("a reference");
    messages.show(HostFault::NoService(service)).show(HostFault::Reference("a/b/c".into()));
}

fn final_dot() -> EntryError {
    EntryError::FinalDot { target: "lb.example.net.".into(), correct: "lb.example.net".into() }
}

/// What does not become a record is told with its object, its name and its type, each once.
#[test]
fn every_drop_reason_has_its_sentence() {
    let sentence = |reason: DropReason, rtype: Option<RecordType>, resources: &[Arc<Resource>]| {
        let name = Some("web.example.org".into());
        Dropped { resources: resources.to_vec(), name, rtype, reason }.to_string()
    };
    let no_target = "it has no target; give it one, or set --default-targets";
    let [_, invalid, ..] = &drop_reasons()[..] else { panic!("too few reasons") };
    let table = [
        (
            sentence(DropReason::NoTarget, None, &[service()]),
            format!("service/shop/web: \"web.example.org\": {no_target}"),
        ),
        (
            sentence(DropReason::NoTarget, Some(RecordType::A), &[]),
            format!("A record \"web.example.org\": {no_target}"),
        ),
        (
            sentence(invalid.clone(), Some(RecordType::A), &[service()]),
            "service/shop/web: A record \"web.example.org\": target \"10.0.0\" is not an IPv4 \
             address"
                .to_owned(),
        ),
    ];
    for (sentence, expected) in table {
        assert_eq!(sentence, expected);
    }
}
