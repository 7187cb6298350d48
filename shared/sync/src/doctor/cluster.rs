//! A cluster: whether it answers, what it serves, and what we may do there.

use std::collections::BTreeMap;

use extdns_clusters::{Access, Cluster, ClusterView, ReadError, Right};
use extdns_sources::Need;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use super::{Advice, CheckResult, Section};
use crate::wiring::Wiring;

/// Tokens and signed requests are refused from here on.
const SKEW_BREAKS: SignedDuration = SignedDuration::from_mins(5);
/// More than this is no delay of the answer any more.
const SKEW_SHOWS: SignedDuration = SignedDuration::from_secs(30);

/// Examines a cluster.
pub(super) async fn examine(wiring: &Wiring, needs: &[Need], cluster: &Cluster) -> Section {
    let mut section = Section::new(format!("cluster {:?}", cluster.name.as_str()));
    let view = match cluster.connect(&wiring.environment, wiring.input.reader()).await {
        Ok(view) => view,
        Err(error) => {
            section.note("configuration", CheckResult::Wrong(unread(error.to_string())));
            return section;
        }
    };
    if matches!(cluster.access, Access::Manifests(_)) {
        section.fine("manifests can be read");
        return section;
    }
    match view.date().await {
        Ok(date) => {
            section.fine("it answers, and knows our credentials");
            examine_clock(&mut section, date.as_deref(), Timestamp::now());
        }
        // What else is asked would fail for the same reason.
        Err(error) => {
            section.note("it answers", CheckResult::Wrong(unread(error.to_string())));
            return section;
        }
    }
    let mut unwatched = Vec::new();
    for (right, needs) in rights(&mut section, needs, &view).await {
        let result = match view.may(&right).await {
            Ok(true) => {
                if is_unwatched(&view, &right).await {
                    unwatched.push(right.resource.to_string());
                }
                CheckResult::Fine
            }
            Ok(false) => CheckResult::Wrong(forbidden(&right, &needs)),
            Err(error) => try_it(&view, &right, &needs, error).await,
        };
        section.note(right.to_string(), result);
    }
    if !unwatched.is_empty() {
        section.note("lists are streamed", CheckResult::Hint(in_pages(&unwatched)));
    }
    section
}

/// Whether the server says that a list may be read, but not as a stream.
async fn is_unwatched(view: &ClusterView, right: &Right) -> bool {
    match right.to_stream() {
        Some(watch) => matches!(view.may(&watch).await, Ok(false)),
        None => false,
    }
}

/// What it costs that lists cannot be streamed.
fn in_pages(resources: &[String]) -> Advice {
    Advice::new(
        format!("not allowed to watch {}", resources.join(", ")),
        "every list is read in pages, with more requests: a run over many objects takes longer",
    )
    .remedy("add the verb \"watch\" to the rules that have the verb \"list\"")
}

/// Where the server does not say what we may, a list of one object shows it. Nothing is written to see whether that
/// would be allowed.
async fn try_it(
    view: &ClusterView,
    right: &Right,
    needs: &[&Need],
    unsaid: ReadError,
) -> CheckResult {
    if right.verb != "list" {
        return CheckResult::Unknown(unsaid.to_string());
    }
    match view.try_list(right).await {
        Ok(()) => CheckResult::Fine,
        Err(error) => CheckResult::Wrong(Advice::new(error.to_string(), consequence(needs))),
    }
}

/// The rights that the sources need, each once, with who needs it. Kinds that the cluster does not
/// serve are noted.
async fn rights<'n>(
    section: &mut Section,
    needs: &'n [Need],
    view: &ClusterView,
) -> BTreeMap<Right, Vec<&'n Need>> {
    let mut rights: BTreeMap<Right, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        let right = match need.right(view).await {
            Ok(right) => right,
            // The list of the same kind has said it.
            Err(_) if need.is_courtesy => continue,
            Err(error) => {
                let advice = Advice::new(error.to_string(), source_fails(need));
                section.note(format!("kind of source {}", need.source), CheckResult::Wrong(advice));
                continue;
            }
        };
        match view.has(&right.resource).await {
            Ok(true) => rights.entry(right).or_default().push(need),
            Ok(false) if need.is_courtesy => {}
            Ok(false) => {
                let advice = Advice::new("the cluster does not serve it", source_fails(need));
                let remedy = format!(
                    "install the CustomResourceDefinition of {} in version {}, or take --source={} \
                     away",
                    right.resource, right.resource.version, need.source
                );
                let what = format!("{} {}", right.resource.api_version(), right.resource.plural);
                section.note(what, CheckResult::Wrong(advice.remedy(remedy)));
            }
            Err(error) => {
                section.note(right.resource.to_string(), CheckResult::Unknown(error.to_string()));
                rights.entry(right).or_default().push(need);
            }
        }
    }
    rights
}

fn unread(problem: String) -> Advice {
    Advice::new(problem, "nothing of the cluster is read, so nothing that it owns is changed")
}

fn source_fails(need: &Need) -> String {
    format!(
        "source {} fails: nothing new of it is published, and nothing that the cluster owns is \
         deleted",
        need.source
    )
}

fn forbidden(right: &Right, needs: &[&Need]) -> Advice {
    let of = |need: &&Need| format!("source {} needs it for {}", need.source, need.purpose);
    let purposes: Vec<String> = needs.iter().map(of).collect();
    let role = match &right.namespace {
        Some(namespace) => format!("a Role in namespace {namespace:?}"),
        None => "a ClusterRole".to_owned(),
    };
    let remedy =
        format!("add this rule to {role} that is bound to the user of this run:\n{}", right.rule());
    Advice::new(format!("not allowed; {}", purposes.join("; ")), consequence(needs)).remedy(remedy)
}

/// What comes of a right that is missing.
fn consequence(needs: &[&Need]) -> String {
    match needs.iter().find(|need| !need.is_courtesy) {
        Some(need) => source_fails(need),
        None => "records are published all the same, but the objects never say so".to_owned(),
    }
}

/// How far the server's clock is from ours; nothing is said where the server says nothing.
fn examine_clock(section: &mut Section, date: Option<&str>, now: Timestamp) {
    let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()) else { return };
    let ahead = now.duration_since(theirs.timestamp());
    let skew = ahead.abs();
    if skew < SKEW_SHOWS {
        return section.fine("its clock agrees with ours");
    }
    let side = if ahead.is_positive() { "ahead of" } else { "behind" };
    let advice = Advice::new(
        format!("the clock of this machine is {}s {side} that of the API server", skew.as_secs()),
        "tokens and signed requests count as expired, or as not valid yet, and are refused",
    )
    .remedy("let both machines follow a time server");
    let result =
        if skew < SKEW_BREAKS { CheckResult::Hint(advice) } else { CheckResult::Wrong(advice) };
    section.note("clock", result);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{CheckResult, Section, examine_clock};

    #[test]
    fn clocks() {
        let date = "Tue, 24 Nov 2026 20:00:00 GMT";
        let cases = [
            (Some(date), "2026-11-24T20:00:29Z", Some("fine")),
            (Some(date), "2026-11-24T19:59:31Z", Some("fine")),
            (Some(date), "2026-11-24T20:01:30Z", Some("hint: 90s ahead of")),
            (Some(date), "2026-11-24T19:50:00Z", Some("wrong: 600s behind")),
            (Some("yesterday"), "2026-11-24T20:00:00Z", None),
            (None, "2026-11-24T20:00:00Z", None),
        ];
        for (date, now, expected) in cases {
            let mut section = Section::new("test");
            examine_clock(&mut section, date, now.parse::<Timestamp>().expect("a time"));
            let text = section.checks.first().map(|check| match &check.result {
                CheckResult::Fine => "fine".to_owned(),
                CheckResult::Unknown(why) => why.clone(),
                CheckResult::Hint(advice) => format!("hint: {}", advice.problem),
                CheckResult::Wrong(advice) => format!("wrong: {}", advice.problem),
            });
            let text = text.map(|text| {
                text.replace("the clock of this machine is ", "")
                    .replace(" that of the API server", "")
            });
            assert_eq!(text.as_deref(), expected, "{date:?} {now}");
        }
    }
}
