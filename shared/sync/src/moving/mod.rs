//! Moving in and out: `dump` writes zones as manifests or zone files, `import` makes manifests of what other tools keep.

mod dump;
mod import;
mod manifests;
mod octodns;

pub use dump::{DumpError, dump};
pub use import::{ImportError, import};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    /// Objects of the kind DNSEndpoint, which the source `crd` reads.
    #[default]
    Manifests,
    /// Master files (RFC 1035), one zone below the other.
    Zonefiles,
}
