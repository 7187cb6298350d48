//! The flags, parsed.

use crate::args::Args;
use crate::common::Common;
use crate::error::OptionsError;
use crate::needs::{Need, Row, SharedKinds, WatchedKind};
use crate::pipeline::PipelineOptions;
use crate::table::{AllSources, Entry, all_names};

/// What the sources and the pipeline do, ready to use.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is gathered.
    pub gather: GatherOptions,
    /// What becomes of it.
    pub pipeline: PipelineOptions,
}

/// What is gathered, and of which objects.
#[derive(Clone, Debug)]
pub struct GatherOptions {
    /// Each source once, in the order that decides who wins.
    pub(crate) sources: Vec<&'static str>,
    pub(crate) common: Common,
    pub(crate) own: AllSources,
}

impl GatherOptions {
    /// Whether some source reads a cluster; if none does, there is no need to connect to one.
    #[must_use]
    pub fn needs_cluster(&self) -> bool {
        self.entries().any(|entry| self.reads_cluster(entry))
    }

    /// What the sources of a run do to each cluster. An applying run also writes the status of
    /// objects, and Events.
    #[must_use]
    pub fn needs(&self, applies: bool) -> Vec<Need> {
        let namespace = &self.common.namespace;
        let needs = self.entries().flat_map(|entry| {
            let mut rows = self.rows(entry);
            if self.common.events.any() {
                rows.extend(rows.first().map(|first| Row::create_events(&first.kind, namespace)));
            }
            rows.into_iter().map(|row| row.of(entry.name, namespace.clone()))
        });
        needs.filter(|need| applies || !need.is_courtesy).collect()
    }

    /// The kinds of objects of which a change may change what the sources want.
    #[must_use]
    pub fn watched(&self) -> Vec<WatchedKind> {
        let rows = self.entries().flat_map(|entry| self.rows(entry));
        rows.filter_map(|row| row.watched()).collect()
    }

    /// The objects that several of the sources list.
    pub(crate) fn shared_kinds(&self) -> SharedKinds {
        let rows = self.entries().map(|entry| self.rows(entry));
        SharedKinds::of(rows, &self.common.namespace)
    }

    /// The sources that are named.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        self.sources.iter().filter_map(|name| Entry::find(name))
    }

    /// What a source can come to do to a cluster.
    fn rows(&self, entry: &Entry) -> Vec<Row> {
        let mut rows = (entry.make)(&self.own).needs();
        rows.retain(|row| !row.is_elsewhere || self.common.namespace.is_some());
        rows
    }

    /// Whether a source reads a cluster.
    pub(crate) fn reads_cluster(&self, entry: &Entry) -> bool {
        !self.rows(entry).is_empty()
    }
}

impl TryFrom<&Args> for Options {
    type Error = OptionsError;

    fn try_from(args: &Args) -> Result<Self, OptionsError> {
        let common = Common::read(&args.common, sources(&args.source), all_names())?;
        let own = AllSources::read(&args.own, &common)?;
        let gather = GatherOptions { sources: sources(&args.source), common, own };
        Ok(Self { gather, pipeline: PipelineOptions::try_from(&args.pipeline)? })
    }
}

/// The sources of the table that are named, each once.
fn sources(names: &[String]) -> Vec<&'static str> {
    let mut sources = Vec::with_capacity(names.len());
    for entry in names.iter().filter_map(|name| Entry::find(name)) {
        if !sources.contains(&entry.name) {
            sources.push(entry.name);
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;

    use super::Options;
    use crate::args::Args;
    use crate::needs::Kind;
    use crate::table::SOURCES;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    impl Options {
        /// What these flags say.
        pub(crate) fn of_flags(flags: &[&str]) -> Self {
            let args = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags").args;
            Self::try_from(&args).expect("valid options")
        }
    }

    #[test]
    fn what_several_sources_list_of_a_kind_is_one_projection() {
        let own = Options::of_flags(&["--source=fake"]).gather.own;
        let mut projections = BTreeMap::new();
        for entry in SOURCES {
            for row in (entry.make)(&own).needs() {
                let (Kind::Known(resource, _), Some(of_row)) = (row.kind, row.projection) else {
                    continue;
                };
                let first = *projections.entry(resource.to_string()).or_insert(of_row);
                assert_eq!(
                    first, of_row,
                    "{}: {resource}: move what is read to objects",
                    entry.name
                );
            }
        }
        assert!(projections.len() > 4);
    }
}
