//! Why there is no registry.

use extdns_model::OwnerIdError;

use crate::txt::BadKey;

/// Why there is no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// An owner id that cannot be stored.
    #[error(transparent)]
    Owner(#[from] OwnerIdError),
    /// An encryption key of another length or form. It is not named.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// Encryption without a key.
    #[error(
        "the AES Encryption key must be set when TXT record encryption is enabled; give \
         --txt-encrypt-aes-key, or leave --txt-encrypt-enabled away"
    )]
    NoKey,
    /// An owner id that cannot be the value of a label.
    #[error(
        "owner id {id:?} cannot be the value of a label, which the registry crd needs: at most 63 letters, \
         digits, \"-\", \"_\" and \".\", with a letter or digit at both ends (--txt-owner-id)"
    )]
    Label {
        /// The id.
        id: String,
    },
    /// The name of a namespace that cannot be one.
    #[error(
        "--crd-registry-namespace={name}: that is no namespace; names have at most 63 lower-case letters, digits and \
         \"-\", with a letter or digit at both ends"
    )]
    Namespace {
        /// The name.
        name: String,
    },
    /// The name of a table that cannot be one.
    #[error(
        "{}; a table has a name of letters, digits, \"-\", \"_\" and \".\", or an ARN",
        if name.is_empty() { "table cannot be empty (--dynamodb-table)".to_owned() } else { format!("--dynamodb-table={name}: that is no table") }
    )]
    Table {
        /// The name.
        name: String,
    },
    /// This program was built without AWS.
    #[error("--registry=dynamodb: this program was built without AWS")]
    WithoutAws,
    /// A registry that only another provider can have.
    #[error(
        "--registry=aws-sd keeps owners in the descriptions of Cloud Map's services, which --provider={provider} does not \
         have; use --registry=txt, or --provider=aws-sd"
    )]
    OtherProvider {
        /// The provider.
        provider: String,
    },
    /// Objects without a cluster to keep them.
    #[error(
        "the registry crd needs a cluster that can be written to, and --manifests stands for one that cannot; \
         use --registry=txt"
    )]
    NoCluster,
    /// One owner id with ownership records of several names.
    #[error(
        "clusters with the owner id {owner:?} have different affixes (txtPrefix, txtSuffix); give them one affix, or \
         each an owner id of its own"
    )]
    Mappings {
        /// The id.
        owner: String,
    },
    /// A cluster that is to be forgotten, and that is configured.
    #[error(
        "--forget-cluster={name}: that cluster is configured; take it out of the settings first, or give the name or \
         owner id of one that is no more"
    )]
    Configured {
        /// The name.
        name: String,
    },
    /// Prefix and suffix at once.
    #[error("txt-prefix and txt-suffix are mutual exclusive; give one of them")]
    Affixes,
    /// Type and name would run into each other, so that the ownership record of one record reads as
    /// another's.
    #[error(
        "--{flag}={value} needs a separator between %{{record_type}} and the name, such as --{flag}={remedy}"
    )]
    Separator {
        /// The flag without dashes.
        flag: &'static str,
        /// Its value.
        value: String,
        /// A value that would do.
        remedy: String,
    },
}
