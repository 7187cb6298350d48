//! `adopt`, `release` and `transfer`: who owns records changes at the user's word, and no record
//! does. They plan like a run, under the same guard, and need no cluster.

use extdns_model::{ClusterId, Name, Owners};
use extdns_plan::{Plan, reassign, remove};
use extdns_registry::{Annotated, Groups, Holder, Orphan, Reassigned, successors};

use crate::apply::apply;
use crate::attempt::{Done, Failed, in_time};
use crate::error::RunError;
use crate::permit::permit;
use crate::report::{self, Context, Notice, Report};
use crate::request::RunRequest;
use crate::run::{join, report_attempt};
use crate::settings::{Arguments, Command};
use crate::turn::{self, End, Turn};
use crate::wiring::{Target, Wiring};

/// What changes.
enum Change {
    Adopt { names: Vec<Name>, to: Option<String> },
    Release { names: Vec<Name> },
    Transfer { from: From, to: String },
}

/// Whose records get another owner.
enum From {
    ClusterOrOwner(String),
    Label(String),
}

/// Plans the change of owners that the command line asks for, and makes it if the request says to
/// apply; one target after the other. No cluster is read.
pub async fn change(wiring: &Wiring, request: &RunRequest, arguments: &Arguments) -> Report {
    let changed = async {
        let change = match Change::of(wiring, arguments) {
            Ok(change) => change,
            Err(error) => return Report::of_failure(error.kind(), error.to_string()),
        };
        let mut attempts = Vec::with_capacity(wiring.targets.len());
        for target in &wiring.targets {
            attempts.push(attempt(wiring, target, request, &change).await);
        }
        let mut report = join(wiring, request, attempts, None);
        let is_release = matches!(change, Change::Release { .. });
        report.only_ownership = is_release && report.first_failure().is_none();
        report
    };
    report_attempt(request, changed).await
}

async fn attempt(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    change: &Change,
) -> Result<Done, Failed> {
    let work = async |turn: &mut Turn<'_>| {
        change_at(wiring, target, request, change, turn).await.map(|done| (done, End::InPart))
    };
    let turn = turn::take_one(wiring, target, request).await;
    turn::within(turn, target, request, work).await
}

async fn change_at(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    change: &Change,
    turn: &mut Turn<'_>,
) -> Result<Done, Failed> {
    let read = async {
        let inventory = target.provider.read().await.map_err(RunError::Read)?;
        Ok(target.annotate(inventory).await?)
    };
    let annotated = in_time(request, read).await?;
    let owners = target.registry.owners();
    let settings = target.plan_settings(&request.overrides);
    let clusters = wiring.unread_clusters(target, 0);
    let mut notices = Vec::new();
    if owners.is_empty() {
        notices.push(notice(
            "--registry=noop",
            "it keeps no owners, so nothing of this target changes",
        ));
    }
    let inventory = &annotated.inventory;
    // What another target is for is not missed here.
    let is_missed = |name: &Name| {
        let is_for = |own: &Target| own.plan.filter.matches(name);
        is_for(target) || !wiring.targets.iter().any(is_for)
    };
    let chosen = match change {
        Change::Release { names } => {
            let (released, missing) = annotated.released(names, &*target.registry);
            let missing = missing.into_iter().filter(|name| is_missed(name));
            notices.extend(missing.map(|name| notice(name.as_str(), "it has no record of ours")));
            let removals: Vec<_> = released.iter().map(Orphan::removal).collect();
            let plan = remove(&removals, inventory, &settings, &clusters);
            let groups = Groups::removing(&plan, &released);
            notices
                .extend(released.iter().filter_map(Orphan::mixed).map(|own| report::mixed(&own)));
            return finish(target, request, &annotated, (&plan, &groups), notices, turn).await;
        }
        Change::Adopt { names, to } => {
            let to = to.as_deref().map_or_else(|| all(owners), |to| successors(owners, to));
            let (adopted, missing) = annotated.adopted(names, &to, owners, &settings.types);
            let missing = missing.into_iter().filter(|name| is_missed(name));
            notices.extend(
                missing.map(|name| notice(name.as_str(), "it has no record that is not ours")),
            );
            adopted
        }
        Change::Transfer { from, to } => {
            let holder = match from {
                From::ClusterOrOwner(text) => Holder::of(owners, text),
                From::Label(name) => Holder::Label(name.clone()),
            };
            annotated.transferred(&holder, &successors(owners, to), owners, &settings.filter)
        }
    };
    let changes: Vec<_> = chosen.iter().map(Reassigned::reassignment).collect();
    let mut plan = reassign(&changes, inventory, &settings, &clusters);
    let groups = target.registry.decorate(&mut plan, &annotated, &target.refusal());
    finish(target, request, &annotated, (&plan, &groups), notices, turn).await
}

async fn finish(
    target: &Target,
    request: &RunRequest,
    annotated: &Annotated,
    (plan, groups): (&Plan<'_>, &Groups),
    notices: Vec<Notice>,
    turn: &mut Turn<'_>,
) -> Result<Done, Failed> {
    let mut context = Context::new(&target.name, annotated, &*target.registry);
    context.notices.extend(notices);
    let report = match permit(request) {
        None => report::planned(context, plan),
        Some(permit) => {
            let outcomes = apply(&permit, target, request, annotated, groups, turn).await?;
            report::applied(context, plan, groups, outcomes)
        }
    };
    Ok(Done { report, ..Done::default() })
}

impl Change {
    /// What the command line asks for, if some target can do it.
    fn of(wiring: &Wiring, arguments: &Arguments) -> Result<Self, RunError> {
        let refuse = |why: String| Err(RunError::OwnershipChange(why));
        let owners = || wiring.targets.iter().map(|target| target.registry.owners());
        if owners().all(Owners::is_empty) {
            let why = "the registry noop keeps no owners, so no record can be adopted, released or transferred; use \
                       --registry=txt or crd";
            return refuse(why.to_owned());
        }
        let flags = &arguments.commands;
        if let Some(to) = &flags.to
            && owners().all(|owners| successors(owners, to).is_empty())
        {
            return refuse(format!("--to={to}: {}", nobody(owners())));
        }
        let parsed = |names: &[String]| names.iter().map(|name| Name::as_listed(name)).collect();
        Ok(match &arguments.command {
            Command::Release { names } => Self::Release { names: parsed(names) },
            Command::Adopt { names } => {
                let is_one = owners().all(|owners| owners.iter().nth(1).is_none());
                if flags.to.is_none() && !is_one {
                    return refuse(format!(
                        "say with --to which cluster gets the records: {}",
                        known(owners())
                    ));
                }
                Self::Adopt { names: parsed(names), to: flags.to.clone() }
            }
            _ => {
                let from = match (&flags.from, &flags.cluster) {
                    (Some(from), _) => Some(From::ClusterOrOwner(from.clone())),
                    (None, cluster) => cluster.clone().map(From::Label),
                };
                let (Some(from), Some(to)) = (from, flags.to.clone()) else {
                    let why = "transfer needs --from=CLUSTER|ID or --cluster=CLUSTER, and --to=CLUSTER|ID";
                    return refuse(why.to_owned());
                };
                Self::Transfer { from, to }
            }
        })
    }
}

fn all(owners: &Owners) -> Vec<ClusterId> {
    owners.iter().map(|(cluster, _)| cluster).collect()
}

fn nobody<'o>(owners: impl Iterator<Item = &'o Owners>) -> String {
    format!("no cluster of ours has this name or owner id; there is {}", known(owners))
}

/// The clusters, each with its owner id.
fn known<'o>(owners: impl Iterator<Item = &'o Owners>) -> String {
    let shown = |owners: &'o Owners| {
        owners.iter().map(move |(cluster, id)| match owners.name_of(cluster) {
            Some(name) => format!("{name} (owner id {id})"),
            None => id.to_owned(),
        })
    };
    let mut known: Vec<String> = owners.flat_map(shown).collect();
    known.sort_unstable();
    known.dedup();
    known.join(", ")
}

fn notice(subject: &str, message: &str) -> Notice {
    Notice { subject: subject.to_owned(), message: message.to_owned() }
}
