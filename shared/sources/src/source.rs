//! What a source is, to the run and to the table of sources.

use std::fmt::Debug;

use async_trait::async_trait;
use ecow::EcoString;

use crate::common::Common;
use crate::context::Run;
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::sink::Sink;
use crate::templates::{Templates, Views};

/// Makes endpoints of the objects of a cluster. Sources that read one kind of object implement
/// `ObjectSource` of the driver instead.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Puts everything that the cluster's objects want into the sink.
    ///
    /// # Errors
    /// When something could not be read or looked up. What the sink holds then is right, but not
    /// all: it must not be the reason to delete anything.
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError>;

    /// What the source can come to do to a cluster, its own objects first; nothing if it needs none. Helpers are listed
    /// only when an object needs them, but the next object may.
    fn needs(&self) -> Vec<Row> {
        Vec::new()
    }

    /// The filter of whole objects that only this source has, as its flag is written; none if it is not set.
    fn own_filter(&self) -> Option<EcoString> {
        None
    }
}

/// What the table of sources asks a source. A value of it is what its flags say.
pub(crate) trait Definition: Source + Clone + Debug + 'static {
    /// The name in `--source`.
    const NAME: &'static str;
    /// The kinds of its objects, as ownership records name them.
    const KINDS: &'static [&'static str];
    /// The flags that only this source has.
    type Flags: clap::Args;

    /// Reads the flags.
    ///
    /// # Errors
    /// The first flag that says something wrong.
    fn read(flags: &Self::Flags, common: &Common) -> Result<Self, OptionsError>;

    /// What to say of a flag that is given and has no effect any more.
    fn deprecation(_flags: &Self::Flags) -> Option<&'static str> {
        None
    }

    /// Adds what the templates of the run read of the objects, where the source renders templates for them.
    fn views(views: Views, _templates: &Templates) -> Views {
        views
    }
}

/// The flags of a source that has none.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct NoFlags {}
