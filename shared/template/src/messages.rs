//! What every error of this crate says.

use std::sync::Arc;

use extdns_messages::Messages;
use serde::Deserialize as _;

use crate::{Data, Object, Source, Template, UNSTRUCTURED};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    for text in ["{{.Name", "{{if .Name}}", "{{nope .Name}}", "{{$x}}", "{{toLower}}", "{{\"x}}"] {
        messages.show(Template::parse(&["", text]).expect_err(text));
    }
    let object = Arc::new(Object {
        root: Data::Null,
        kind: "Service".into(),
        api_version: "v1".into(),
        schema: &UNSTRUCTURED,
    });
    let source = Source { name: "service", all: &["ingress", "service"] };
    for text in
        ["{{.Nope}}", "a\n  {{toLower .Labels.a}}", "{{index .Labels 1}}", "{{isSource \"x\"}}"]
    {
        let template = Template::parse(&[text]).expect("a template");
        messages.show(template.render(&object, source).expect_err(text));
    }
    messages.show(u8::deserialize(&Data::Text("x".into())).expect_err("no number"));
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}
