//! What every error of this crate says.

use extdns_messages::Messages;
use jiff::Timestamp;

use crate::{BackendError, DocumentError, InvalidHash, OpenError, Place, StateError, WriteError};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let place = || "item \"public\" of DynamoDB table extdns".to_owned();
    let reason = || BackendError("there is no table extdns in eu-west-1; make it".to_owned());
    messages.show(reason()).show(InvalidHash);
    messages.show(WriteError::Conflict).show(WriteError::Failed(reason()));
    let unreadable = || DocumentError::Unreadable("expected value at line 1 column 1".to_owned());
    messages.show(unreadable()).show(DocumentError::Version { found: 2 });
    messages.show(StateError::Read { place: place(), reason: reason() });
    messages.show(StateError::Document { place: place(), reason: unreadable() });
    messages.show(StateError::Write { place: place(), reason: reason() });
    messages.show(StateError::Contended { place: place() });
    messages.show(StateError::Lost { place: place(), by: Some("run 7 of pod dns-2".to_owned()) });
    messages.show(StateError::Over { place: place(), until: Timestamp::UNIX_EPOCH });
    messages.show("dynamodb:".parse::<Place>().expect_err("no place"));
    messages.show(OpenError::NoCluster { place: "kubernetes:dns/extdns".to_owned() });
    messages.show(OpenError::WithoutAws { place: "dynamodb:extdns".to_owned() });
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}
