//! The source `empty`: wants nothing, never fails. With `--policy=sync` every record that is ours
//! is deleted.

use async_trait::async_trait;

use crate::common::Common;
use crate::context::Run;
use crate::error::{OptionsError, SourceError};
use crate::sink::Sink;
use crate::source::{Definition, NoFlags, Source};

#[derive(Clone, Debug)]
pub(crate) struct Empty;

#[async_trait]
impl Source for Empty {
    async fn gather(&self, _run: Run<'_>, _sink: &mut Sink) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Definition for Empty {
    const NAME: &'static str = "empty";
    const KINDS: &'static [&'static str] = &[];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }
}
