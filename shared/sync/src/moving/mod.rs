//! Moving in and out: `dump` writes zones as manifests or zone files, `import` makes manifests of what other tools keep.

mod dump;
mod import;
mod manifests;
mod octodns;

pub use dump::{DumpError, dump};
pub use import::{ImportError, import};
