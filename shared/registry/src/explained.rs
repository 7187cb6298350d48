//! Ownership records without a record whose names other flags would explain: a zone that was written
//! with another prefix, suffix or wildcard replacement than this run has looks as if it were full of
//! them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use extdns_model::{Name, Owners, Record, RecordType, ZoneKey};
use smallvec::SmallVec;

use crate::name_mapper::TEMPLATE;
use crate::{Annotated, Leftover};

/// An ownership record that stays, because it may stand for a record that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The name of the TXT record.
    pub txt: Name,
    /// The record that it may stand for.
    pub record: Name,
    /// The flag that says so, as it would be written.
    pub flag: String,
}

/// A way to read the name of an ownership record with other flags.
struct Guess {
    record: String,
    flag: String,
    /// Whether it takes another record of which the same is true to believe it: the flags of this
    /// run explain the name as well.
    is_weak: bool,
}

/// Records that have no ownership record of ours, by their keys.
type Unowned = HashMap<String, SmallVec<[RecordType; 2]>>;

impl Annotated {
    /// Sets the [orphans](Self::orphans) aside that may have a record after all, if other flags
    /// than those of this run wrote them, with those flags. They are not removed.
    pub fn set_explained_aside(&mut self, owners: &Owners) -> Vec<Explained> {
        let mut unowned = Unowned::new();
        let mut proven: HashSet<ZoneKey> = HashSet::new();
        for (zone, record) in self.inventory.records() {
            if !record.ownership_records.is_empty() && owners.own(&record.labels) {
                proven.insert(zone);
            } else if may_have_ownership_record(record, &self.inventory.index.zone(zone).name) {
                let key = record.set.name.key().into_owned();
                unowned.entry(key).or_default().push(record.set.rtype);
            }
        }
        let guesses: Vec<(usize, Vec<Guess>)> = self
            .leftovers
            .iter()
            .enumerate()
            .filter(|(_, left)| left.is_orphan() && left.ownership_record().is_some())
            .map(|(at, left)| (at, self.guesses(left, &unowned)))
            .collect();
        let mut support: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for guess in guesses.iter().flat_map(|(_, all)| all) {
            support.entry(&guess.flag).or_default().insert(&guess.record);
        }
        let mut explained = Vec::new();
        for (at, guesses) in &guesses {
            let is_proven = proven.contains(&self.leftovers[*at].zone());
            let believed =
                |guess: &&Guess| !guess.is_weak || !is_proven || support[&*guess.flag].len() > 1;
            // What explains most of them is most likely the flag that is missing.
            let best = guesses.iter().filter(believed).max_by_key(|guess| {
                (support[&*guess.flag].len(), !guess.is_weak, std::cmp::Reverse(&guess.flag))
            });
            let Some(Guess { record, flag, .. }) = best else { continue };
            let (record, flag) = (Name::as_listed(record), flag.clone());
            let left = &mut self.leftovers[*at];
            left.doubtful = true;
            explained.push(Explained { txt: left.set().name.clone(), record, flag });
        }
        explained
    }

    fn guesses(&self, left: &Leftover, unowned: &Unowned) -> Vec<Guess> {
        let txt = left.set().name.key();
        let unread = self.inventory.zones.iter().filter(|zone| zone.records.is_err());
        let unread = unread.map(|zone| self.inventory.index.zone(zone.zone).name.key());
        let mut guesses: Vec<Guess> = unread
            .filter(|zone| txt.ends_with(&**zone))
            .map(|zone| Guess {
                record: zone.into_owned(),
                flag: "the zone that could not be read".to_owned(),
                is_weak: false,
            })
            .collect();
        let is_apex =
            |name: &str| self.inventory.index.iter().any(|(_, zone)| zone.name.key() == name);
        let reader = Reader { txt: &txt, unowned, is_canonical: left.is_canonical };
        reader.prefixes(is_apex, &mut guesses);
        reader.suffixes(&mut guesses);
        reader.wildcards(&mut guesses);
        guesses
    }
}

/// Whether a record may be one that ExternalDNS or extdns made: the name servers of a zone are not.
fn may_have_ownership_record(record: &Record, apex: &Name) -> bool {
    let rtype = record.set.rtype;
    RecordType::KNOWN.contains(&rtype)
        && !(rtype == RecordType::Ns && record.set.name.key() == apex.key())
}

/// Reads the name of one ownership record in every way.
struct Reader<'a> {
    txt: &'a str,
    unowned: &'a Unowned,
    /// Whether the flags of this run give a record such a name.
    is_canonical: bool,
}

impl Reader<'_> {
    fn types(&self, name: &str) -> impl Iterator<Item = RecordType> {
        self.unowned.get(name).into_iter().flatten().copied()
    }

    /// `<prefix>a-www`, `<prefix with the type>www`, and the older `<prefix>www`.
    fn prefixes(&self, is_apex: impl Fn(&str) -> bool, guesses: &mut Vec<Guess>) {
        for (at, _) in self.txt.char_indices().skip(1) {
            let (prefix, name) = self.txt.split_at(at);
            for rtype in self.types(name) {
                let guess = |affix: &str, is_weak| Guess {
                    record: name.to_owned(),
                    flag: flag("txt-prefix", affix),
                    is_weak,
                };
                let typed = kinds(rtype).find_map(|kind| {
                    prefix.strip_suffix('-')?.strip_suffix(&*kind).filter(|rest| is_cut(rest))
                });
                if let Some(affix) = typed {
                    // An asterisk without a prefix is one that the zone does not replace.
                    if !(affix.is_empty() && name.starts_with("*.")) {
                        guesses.push(guess(affix, false));
                    }
                } else if let Some((affix, leads)) = with_template(prefix, rtype) {
                    guesses.push(guess(&affix, self.is_canonical && (leads || !is_cut(prefix))));
                } else if rtype != RecordType::Aaaa {
                    let is_weak = self.is_canonical || is_apex(name);
                    guesses.push(guess(prefix, is_weak));
                }
            }
        }
    }

    /// `a-www<suffix>`, `www<suffix with the type>`, and the older `www<suffix>`, each before the
    /// rest of the name.
    fn suffixes(&self, guesses: &mut Vec<Guess>) {
        for (dot, _) in self.txt.match_indices('.') {
            let (part, tail) = self.txt.split_at(dot);
            let label = part.split('.').next().unwrap_or(part);
            self.suffixes_before(part, tail, "", guesses);
            if let Some((kind, _)) = label.split_once('-').filter(|(kind, _)| is_kind(kind)) {
                self.suffixes_before(&part[kind.len() + 1..], tail, kind, guesses);
            }
        }
    }

    /// Every way to cut a part into the first label of a record and a suffix, where that label has
    /// this type in front, or none.
    fn suffixes_before(&self, part: &str, tail: &str, typed: &str, guesses: &mut Vec<Guess>) {
        let label = part.split('.').next().unwrap_or(part).len();
        let cuts = part.char_indices().map(|(at, _)| at).skip(1);
        for (head, suffix) in cuts.take_while(|at| *at <= label).map(|at| part.split_at(at)) {
            let record = format!("{head}{tail}");
            for rtype in self.types(&record) {
                if let Some((affix, is_weak)) = self.suffix(suffix, typed, rtype) {
                    let (record, flag) = (record.clone(), flag("txt-suffix", &affix));
                    guesses.push(Guess { record, flag, is_weak });
                }
            }
        }
    }

    /// The flag's value for a suffix of a record of this type, and whether that is weak.
    fn suffix(&self, suffix: &str, typed: &str, rtype: RecordType) -> Option<(String, bool)> {
        if !typed.is_empty() {
            return kinds(rtype).any(|kind| kind == typed).then(|| (suffix.to_owned(), false));
        }
        if let Some((affix, _)) = with_template(suffix, rtype) {
            return Some((affix, self.is_canonical));
        }
        (rtype != RecordType::Aaaa).then(|| (suffix.to_owned(), self.is_canonical))
    }

    /// `a-<any>` for a wildcard, behind any prefix.
    fn wildcards(&self, guesses: &mut Vec<Guess>) {
        for (dot, _) in self.txt.match_indices('.') {
            let (part, tail) = self.txt.split_at(dot);
            let name = format!("*{tail}");
            let (before, label) = part.rsplit_once('.').map_or(("", part), |(b, l)| (b, l));
            for rtype in self.types(&name) {
                let typed = kinds(rtype).find_map(|kind| {
                    let (affix, word) = label.split_once(&format!("{kind}-"))?;
                    (is_cut(affix) && !word.is_empty()).then_some(word)
                });
                let templated = with_template(before, rtype).map(|_| label);
                let old = (before.is_empty() && rtype != RecordType::Aaaa && !self.is_canonical)
                    .then_some(label);
                if let Some(word) = typed.or(templated).or(old) {
                    let word = if word == "*" { "" } else { word };
                    let flag = flag("txt-wildcard-replacement", word);
                    guesses.push(Guess { record: name.clone(), flag, is_weak: false });
                }
            }
        }
    }
}

fn flag(name: &str, value: &str) -> String {
    if value.is_empty() { format!("no --{name}") } else { format!("--{name}={value}") }
}

/// The texts for a type in names: older versions marked an alias as a CNAME.
fn kinds(rtype: RecordType) -> impl Iterator<Item = String> {
    let alias = (rtype == RecordType::A).then_some(RecordType::Cname);
    std::iter::once(rtype).chain(alias).map(|rtype| rtype.to_string().to_ascii_lowercase())
}

fn is_kind(text: &str) -> bool {
    RecordType::KNOWN.iter().any(|rtype| rtype.to_string().eq_ignore_ascii_case(text))
}

/// Whether a text ends where a word does.
fn is_cut(text: &str) -> bool {
    text.is_empty() || text.ends_with(['-', '.', '_'])
}

/// An affix with the template in the place of the type, and whether the type leads it.
fn with_template(affix: &str, rtype: RecordType) -> Option<(String, bool)> {
    let is_border = |char: Option<char>| char.is_none_or(|char| matches!(char, '-' | '.' | '_'));
    kinds(rtype).find_map(|kind| {
        let stands_alone = |at: &usize| {
            is_border(affix[..*at].chars().next_back())
                && is_border(affix[at + kind.len()..].chars().next())
        };
        let at = affix.match_indices(&*kind).map(|(at, _)| at).find(stands_alone)?;
        let text = format!("{}{TEMPLATE}{}", &affix[..at], &affix[at + kind.len()..]);
        Some((text, at == 0))
    })
}
