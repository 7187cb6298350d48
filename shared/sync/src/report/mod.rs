//! What a run found, wanted and did, as a value of its own: everything that is rendered, logged
//! or counted comes from here.

mod absent;
mod alerts;
mod answer;
mod build;
mod calls;
mod counts;
mod digest;
pub mod document;
mod emf;
mod flow;
mod graph;
mod header;
mod html;
mod join;
mod json;
mod line;
mod listing;
mod log;
mod markdown;
mod metrics;
mod notices;
mod ownership;
mod run;
mod sections;
mod standing;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod total;
mod types;
mod united;
mod unmade;
mod unready;
pub(crate) mod words;

pub(crate) use absent::of_absent_sources;
pub use answer::Answer;
pub use build::{Context, applied, planned};
pub use calls::{Call, Calls};
pub use counts::{TypeCount, TypeCounts};
pub(crate) use digest::Digest;
pub use document::Document;
pub use emf::render_emf;
pub use flow::{Palette, Screen};
pub use header::{Place, Rules};
pub use html::render_html;
pub(crate) use join::{Part, Scope, Unrouted, join};
pub use json::{Layout, render_json, write_json};
pub use markdown::{MARKDOWN_LIMIT, render_markdown};
#[cfg(test)]
pub(crate) use metrics::Kind;
pub(crate) use metrics::{Metric, Sample, metrics_of};
pub use metrics::{Metrics, render_metrics};
pub(crate) use notices::{adaptation, dropped, frozen};
pub(crate) use ownership::{explained, mixed};
pub use run::{
    ClusterReport, ClusterState, Durations, FailureKind, ObjectCount, Requests, Run, RunFailure,
    SourceReport, UnreadyName, peak_memory,
};
pub use summary::{Severity, Summary};
pub use text::render_text;
pub use types::{
    ChangeKind, ChangeResult, GuardStop, Notice, Report, ReportedChange, Snapshot, Standing,
    TargetReport, Unmade, ZoneReport, ZonedOutage,
};
pub(crate) use united::by_unit;
