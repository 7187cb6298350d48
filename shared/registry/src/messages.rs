//! What every error of this crate says.

use std::io;

use extdns_messages::Messages;
use extdns_model::{Name, OwnerIdError};

use crate::txt::{CannotEncrypt, NoLocation};
use crate::{BadKey, RegistryError, StoreError};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    messages.show(RegistryError::Owner(OwnerIdError::Empty));
    messages.show(RegistryError::Key(BadKey { found: 31 })).show(BadKey { found: 31 });
    messages.show(RegistryError::WithoutAws);
    messages.show(RegistryError::NoKey).show(RegistryError::Affixes);
    messages.show(RegistryError::Label { id: "my owner".to_owned() });
    messages.show(RegistryError::Namespace { name: "Dns".to_owned() });
    messages.show(RegistryError::Table { name: String::new() });
    messages.show(RegistryError::Table { name: "a b".to_owned() });
    messages.show(RegistryError::OtherProvider { provider: "aws".to_owned() });
    messages.show(RegistryError::NoCluster);
    messages.show(RegistryError::Mappings { owner: "central".to_owned() });
    messages.show(RegistryError::Configured { name: "eu".to_owned() });
    messages.show(RegistryError::Separator {
        flag: "txt-prefix",
        value: "%{record_type}".to_owned(),
        remedy: "%{record_type}-".to_owned(),
    });
    let long = Name::parse(&format!("{}.example.org", "x".repeat(64))).expect_err("a long label");
    messages.show(NoLocation::TooLong(long));
    messages.show(NoLocation::NoZone { name: Name::as_listed("a-example.org") });
    messages.show(CannotEncrypt::Gzip(io::Error::other("out of memory")));
    messages.show(CannotEncrypt::Random("no entropy".to_owned()));
    messages.show(CannotEncrypt::TooLong);
    messages.show(StoreError {
        store: "table owners".to_owned(),
        reason: "access denied; grant dynamodb:Scan".to_owned(),
    });
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}
