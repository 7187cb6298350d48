//! The flags of the sources and of the pipeline behind them.

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args as ClapArgs};

use crate::annotations::GA_PREFIX;
use crate::common::CommonFlags;
use crate::events::EventReasons;
use crate::pipeline::PipelineFlags;
use crate::table::{SOURCES, SourceFlags};

/// What is gathered, and what becomes of it before the plan.
#[derive(ClapArgs, Clone, Debug)]
#[command(next_help_heading = "Sources")]
#[group(skip)]
pub struct Args {
    /// The kinds of objects that names come from (repeatable); their order decides who wins where
    /// two want the same record.
    #[arg(long, required = true, value_name = "NAME", action = ArgAction::Append, value_parser = PossibleValuesParser::new(SOURCES.iter().map(|entry| entry.name)))]
    pub source: Vec<String>,

    #[command(flatten)]
    pub(crate) common: CommonFlags,

    #[command(flatten)]
    pub(crate) own: SourceFlags,

    #[command(flatten)]
    pub(crate) pipeline: PipelineFlags,
}

impl Args {
    /// Whether objects are read as if they had an address that they do not have.
    #[must_use]
    pub fn assumes_target(&self) -> bool {
        self.common.assume_target.is_some()
    }

    /// The prefix of `--annotation-prefix`, where it is not what is read anyway.
    #[must_use]
    pub fn custom_prefix(&self) -> Option<&str> {
        self.common.annotation_prefix.as_deref().filter(|prefix| *prefix != GA_PREFIX)
    }

    /// What to say of the flags that are given and outdated.
    pub fn deprecations(&self) -> impl Iterator<Item = &'static str> {
        self.pipeline.deprecation().into_iter().chain(self.own.deprecations())
    }

    /// The words of `--events-emit` that ask for nothing.
    pub fn unknown_events(&self) -> impl Iterator<Item = &str> {
        let words = self.common.events_emit.iter();
        words.map(String::as_str).filter(|word| !EventReasons::knows(word))
    }

    /// The names of the flags that are about what all clusters want together.
    #[must_use]
    pub fn pipeline_flags() -> Vec<String> {
        let command = PipelineFlags::augment_args(clap::Command::new("pipeline"));
        let names = command.get_arguments().filter_map(clap::Arg::get_long);
        names.map(str::to_owned).collect()
    }
}
