//! Record sets that give their name to one of another type: they are removed after it is made.

use extdns_model::{Action, After, Change, ChangeGroup};

use crate::world::{Run, World, registry, run};

/// Each group as `changes [replaced by]`, without ownership records.
fn groups(run: &Run) -> Vec<String> {
    let show = |change: &Change| {
        let sign = match change.action {
            Action::Create(_) => '+',
            Action::Update { .. } => '~',
            Action::Delete(_) => '-',
        };
        let set = change.set();
        format!("{sign} {} {}", set.rtype, set.set_identifier()).trim_end().to_owned()
    };
    let is_record = |change: &&Change| change.role == extdns_model::Role::Record;
    let shown = |group: &ChangeGroup| {
        let changes: Vec<_> = group.changes.iter().filter(is_record).map(show).collect();
        let by: String = group
            .after
            .iter()
            .filter_map(|after| match after {
                After::Replacement(by) => Some(format!(" after {}", by.0)),
                _ => None,
            })
            .collect();
        format!("{}{by}", changes.join(", "))
    };
    run.groups.groups.iter().map(shown).collect()
}

#[test]
fn what_is_removed_waits_for_what_comes_in_its_place() {
    let a = "A www.org 1.1.1.1";
    let aaaa = "AAAA www.org ::1";
    type Texts<'a> = &'a [&'a str];
    let table: [(&str, Texts<'_>, Texts<'_>, Texts<'_>); 6] = [
        ("another type", &[a], &[aaaa], &["+ AAAA", "- A after 0"]),
        (
            "two types, one of them new",
            &[a, "TXT www.org text"],
            &[aaaa],
            &["+ AAAA", "- A after 0", "- TXT after 0"],
        ),
        ("one unit in itself", &[a], &["CNAME www.org b.net"], &["- A, + CNAME"]),
        ("nothing comes", &[a, aaaa], &[aaaa], &["- A"]),
        ("an update is no replacement", &[a, aaaa], &["A www.org 1.1.1.2"], &["- AAAA", "~ A"]),
        ("another name", &[a], &["AAAA b.org ::1"], &["+ AAAA", "- A"]),
    ];
    for flag in ["--registry=noop", "--txt-owner-id=owner"] {
        for (case, current, desired, expected) in table {
            let mut world = World::zones(&["org"]);
            world.put("org", current);
            if flag != "--registry=noop" {
                let marked: Vec<String> = current
                    .iter()
                    .map(|set| {
                        let mut words = set.split(' ');
                        let (rtype, name) = (words.next().unwrap(), words.next().unwrap());
                        format!("TXT {}-{name} ~owner=owner", rtype.to_lowercase())
                    })
                    .collect();
                world.put("org", &marked.iter().map(String::as_str).collect::<Vec<_>>());
            }
            let planned = groups(&run(&*registry(flag), &world, desired));
            let mut shown: Vec<&str> = planned.iter().map(String::as_str).collect();
            shown.sort_unstable();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(shown, expected, "{case}, {flag}");
        }
    }
}
