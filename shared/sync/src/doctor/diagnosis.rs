//! What `doctor` found, as a value.

use crate::ExitCode;

/// What was checked, with the results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The parts of a run: clusters, provider, ownership.
    pub sections: Vec<Section>,
}

/// One part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is: `cluster "default"`.
    pub title: String,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is, so that "ok" can stand in front.
    pub what: String,
    /// Its result.
    pub result: CheckResult,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckResult {
    /// As it should be.
    Fine,
    /// It cannot be known: why not.
    Unknown(String),
    /// It works, but the user should think about it.
    Hint(Advice),
    /// It does not work.
    Wrong(Advice),
}

/// A problem, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong.
    pub problem: String,
    /// The consequence.
    pub consequence: String,
    /// What to do, where the problem does not say it already. It can have several lines.
    pub remedy: Option<String>,
}

impl Diagnosis {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.wrong().next().is_none()
    }

    /// What is wrong.
    pub fn wrong(&self) -> impl Iterator<Item = (&Section, &Check, &Advice)> {
        self.checks().filter_map(|(section, check)| match &check.result {
            CheckResult::Wrong(advice) => Some((section, check, advice)),
            _ => None,
        })
    }

    /// How the process ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.ok() { ExitCode::Success } else { ExitCode::Failed }
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = (&Section, &Check)> {
        self.sections
            .iter()
            .flat_map(|section| section.checks.iter().map(move |check| (section, check)))
    }
}

impl Section {
    /// The same, but the title names the target.
    pub(super) fn of_target(self, target: &str) -> Self {
        Self { title: format!("target {target}: {}", self.title), ..self }
    }

    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), checks: Vec::new() }
    }

    pub(super) fn note(&mut self, what: impl Into<String>, result: CheckResult) {
        self.checks.push(Check { what: what.into(), result });
    }

    pub(super) fn fine(&mut self, what: impl Into<String>) {
        self.note(what, CheckResult::Fine);
    }
}

impl Advice {
    /// What is wrong, where the problem names its remedy itself.
    pub(super) fn new(problem: impl Into<String>, consequence: impl Into<String>) -> Self {
        Self { problem: problem.into(), consequence: consequence.into(), remedy: None }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
