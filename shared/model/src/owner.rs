//! The owner ids of a run: it may change records of these owners.

use ecow::EcoString;

use crate::{ClusterId, Labels};

/// Most bytes of an owner id: with what stands before it, it fills one character-string (RFC 1035,
/// 3.3).
const MAX_ID: usize = 255 - "heritage=external-dns,external-dns/owner=".len();

/// The owner ids of one target: one per cluster, several clusters may share one.
///
/// Empty for a registry that keeps no owners; then every record counts as ours.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    by_cluster: Vec<ClusterOwner>,
    migrating_from: Option<EcoString>,
    /// Names and owner ids of clusters that are no more.
    forgotten: Vec<EcoString>,
}

#[derive(Debug, Clone)]
struct ClusterOwner {
    cluster: ClusterId,
    id: EcoString,
    /// Whether another cluster writes with the same id.
    shared: bool,
    /// For the label that distinguishes clusters with one id.
    name: EcoString,
}

/// An owner id that would not survive being written into a TXT record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerIdError {
    /// The id is the empty string.
    #[error(
        "owner id cannot be empty; give --txt-owner-id the id of this installation, the same in \
         every run"
    )]
    Empty,
    /// The id has a character that ends or breaks the label, or that some provider stores in
    /// another form.
    #[error(
        "owner id {id:?} must not contain commas, double quotes, backslashes, control characters, \
         letters outside ASCII or outer white space, because the ownership TXT record could not be \
         read back from every provider; letters, digits, and - _ . / = : are fine"
    )]
    Unwritable {
        /// The id.
        id: String,
    },
    /// The id does not fit into one string of a TXT record.
    #[error("owner id {id:?} has {} bytes; an ownership TXT record has room for {MAX_ID}", id.len())]
    TooLong {
        /// The id.
        id: String,
    },
}

impl Owners {
    /// No owners: the registry keeps none.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The owner ids of a run's clusters.
    ///
    /// # Errors
    /// The first id that could not be read back from a TXT record.
    pub fn new(
        ids: impl IntoIterator<Item = (ClusterId, EcoString)>,
    ) -> Result<Self, OwnerIdError> {
        let ids: Vec<_> = ids.into_iter().collect();
        for (_, id) in &ids {
            check(id)?;
        }
        let by_cluster = ids
            .iter()
            .map(|(cluster, id)| ClusterOwner {
                cluster: *cluster,
                id: id.clone(),
                shared: ids.iter().filter(|(_, other)| other == id).count() > 1,
                name: EcoString::new(),
            })
            .collect();
        Ok(Self { by_cluster, migrating_from: None, forgotten: Vec::new() })
    }

    /// With the names of the clusters, as they are written into labels.
    #[must_use]
    pub fn named(mut self, names: impl IntoIterator<Item = (ClusterId, EcoString)>) -> Self {
        for (cluster, name) in names {
            for own in self.by_cluster.iter_mut().filter(|own| own.cluster == cluster) {
                own.name.clone_from(&name);
            }
        }
        self
    }

    /// Also counts records of this id as ours, to be rewritten to the id of the cluster that
    /// wants them.
    #[must_use]
    pub fn migrating_from(mut self, old: Option<EcoString>) -> Self {
        self.migrating_from = old.filter(|old| !old.is_empty());
        self
    }

    /// Also counts records of these clusters, given by name or owner id, as ours: no cluster wants
    /// them any more.
    #[must_use]
    pub fn forgetting(mut self, gone: impl IntoIterator<Item = EcoString>) -> Self {
        self.forgotten.extend(gone);
        self
    }

    /// Whether a text is the name or the owner id of a cluster that is no more.
    #[must_use]
    pub fn is_forgotten(&self, name_or_id: &str) -> bool {
        self.forgotten.iter().any(|gone| gone == name_or_id)
    }

    /// The clusters with their owner ids, in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = (ClusterId, &str)> {
        self.by_cluster.iter().map(|own| (own.cluster, own.id.as_str()))
    }

    /// Every id whose records count as ours, each once: those of the clusters, the one that we migrate from, and
    /// what is forgotten.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let own = self.by_cluster.iter().map(|own| &own.id);
        let mut ids: Vec<&str> = Vec::new();
        for id in own.chain(&self.migrating_from).chain(&self.forgotten) {
            if !ids.contains(&id.as_str()) {
                ids.push(id);
            }
        }
        ids
    }

    /// Whether the registry keeps no owners.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_cluster.is_empty()
    }

    /// Whether the id is one of ours.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.by_cluster.iter().any(|own| own.id == id)
            || self.is_migrating(id)
            || self.is_forgotten(id)
    }

    /// Whether records of this id are to be rewritten to a new id.
    #[must_use]
    pub fn is_migrating(&self, id: &str) -> bool {
        self.migrating_from.as_deref() == Some(id)
            && !self.by_cluster.iter().any(|own| own.id == id)
    }

    /// Whether a record with these labels is ours. Without owners everything is.
    #[must_use]
    pub fn own(&self, labels: &Labels) -> bool {
        self.is_empty() || labels.owner().is_some_and(|owner| self.contains(owner))
    }

    /// The id that a cluster's records are written with. A record that no cluster claims (a
    /// generated PTR, say) gets the first cluster's.
    #[must_use]
    pub fn id_of(&self, cluster: Option<ClusterId>) -> Option<&EcoString> {
        let own = cluster.and_then(|cluster| self.entry(cluster));
        own.or(self.by_cluster.first()).map(|own| &own.id)
    }

    /// Whether another cluster writes with the same id.
    pub(crate) fn shares_its_id(&self, cluster: ClusterId) -> bool {
        self.entry(cluster).is_some_and(|own| own.shared)
    }

    /// The name of a cluster, if it was given one.
    #[must_use]
    pub fn name_of(&self, cluster: ClusterId) -> Option<&str> {
        self.entry(cluster).map(|own| own.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Most often a cluster stands at its position.
    fn entry(&self, cluster: ClusterId) -> Option<&ClusterOwner> {
        let at_its_place =
            self.by_cluster.get(usize::from(cluster.0)).filter(|own| own.cluster == cluster);
        at_its_place.or_else(|| self.by_cluster.iter().find(|own| own.cluster == cluster))
    }
}

fn check(id: &str) -> Result<(), OwnerIdError> {
    if id.is_empty() {
        return Err(OwnerIdError::Empty);
    }
    let is_writable =
        |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'"' | b'\\');
    if id.trim() != id || !id.bytes().all(is_writable) {
        return Err(OwnerIdError::Unwritable { id: id.to_owned() });
    }
    if id.len() > MAX_ID {
        return Err(OwnerIdError::TooLong { id: id.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned_by(id: &str) -> Labels {
        [("owner", id)].into_iter().collect()
    }

    fn owners(ids: &[(u16, &str)]) -> Owners {
        Owners::new(ids.iter().map(|(cluster, id)| (ClusterId(*cluster), EcoString::from(*id))))
            .expect("valid ids")
    }

    #[test]
    fn owner_ids() {
        let longest = "x".repeat(MAX_ID);
        for id in ["default", "team=platform", "a b", "a;b", "a/b", "$(a)'%", &longest] {
            assert!(Owners::new([(ClusterId(0), id.into())]).is_ok(), "{id}");
        }
        assert_eq!(Owners::new([(ClusterId(0), "".into())]).err(), Some(OwnerIdError::Empty));
        let too_long = "x".repeat(MAX_ID + 1);
        let error = Owners::new([(ClusterId(0), too_long.into())]).expect_err("too long");
        let expected = "has 215 bytes; an ownership TXT record has room for 214";
        assert!(error.to_string().ends_with(expected), "{error}");
        for id in
            ["a,b", "\"a\"", " a", "a ", "a\tb", "a\nb", "\u{7f}", "corp\\k8s", "\\", "é", "\u{a0}"]
        {
            let error = Owners::new([(ClusterId(0), id.into())]).expect_err(id);
            assert!(error.to_string().starts_with(&format!("owner id {id:?} must not")), "{error}");
        }
    }

    #[test]
    fn ownership() {
        let ours = owners(&[(0, "me"), (1, "other")]).migrating_from(Some("old".into()));
        let cases = [
            (owned_by("me"), true),
            (owned_by("other"), true),
            (owned_by("old"), true),
            (owned_by("ME"), false),
            (owned_by(""), false),
            (owned_by("foreign"), false),
            (Labels::new(), false),
        ];
        for (labels, expected) in &cases {
            assert_eq!(ours.own(labels), *expected, "{labels:?}");
            assert!(Owners::none().own(labels), "without owners everything is ours");
        }
        assert!(ours.is_migrating("old") && !ours.is_migrating("me"));
        assert!(!owners(&[(0, "me")]).migrating_from(Some("me".into())).is_migrating("me"));
        assert!(!owners(&[(0, "me")]).migrating_from(Some("".into())).contains(""));
    }

    #[test]
    fn written_with_the_id_of_the_cluster() {
        let ours = owners(&[(3, "first"), (1, "second")]);
        let cases = [(Some(3), "first"), (Some(1), "second"), (Some(9), "first"), (None, "first")];
        for (cluster, expected) in cases {
            let id = ours.id_of(cluster.map(ClusterId));
            assert_eq!(id.map(EcoString::as_str), Some(expected), "{cluster:?}");
        }
        assert_eq!(Owners::none().id_of(None), None);
    }

    proptest! {
        #[test]
        fn an_accepted_id_survives_the_text_form(id in "[a-z,\"= ]{0,6}|\\PC{0,8}") {
            if Owners::new([(ClusterId(0), EcoString::from(id.as_str()))]).is_ok() {
                let text = format!("\"{}\"", owned_by(&id).to_text());
                let read = Labels::parse(&text);
                prop_assert_eq!(read.as_ref().ok().and_then(Labels::owner), Some(id.as_str()));
            }
        }
    }
}
