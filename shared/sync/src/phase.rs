//! What a run is doing, for who watches it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What a run is doing. The counts are for people: nothing depends on them.
#[derive(Debug, Default)]
pub(crate) struct Phase {
    clusters_read: AtomicUsize,
    changes: AtomicUsize,
}

impl Phase {
    /// A cluster was read, or could not be.
    pub(crate) fn cluster_read(&self) {
        self.clusters_read.fetch_add(1, Ordering::Relaxed);
    }

    /// So many groups of changes are being written, beside those of other targets.
    pub(crate) fn writing(&self, changes: usize) {
        self.changes.fetch_add(changes, Ordering::Relaxed);
    }

    /// Of so many clusters, and so many groups written where that is known: `reading clusters, 3 of 10`, `reading zones`,
    /// `writing changes, 7 of 12`.
    pub(crate) fn sentence(&self, clusters: usize, written: Option<u64>) -> String {
        let read = self.clusters_read.load(Ordering::Relaxed);
        match self.changes.load(Ordering::Relaxed) {
            0 if read < clusters => format!("reading clusters, {read} of {clusters}"),
            0 => "reading zones".to_owned(),
            changes => match written {
                Some(written) => format!("writing changes, {written} of {changes}"),
                None if changes == 1 => "writing 1 change".to_owned(),
                None => format!("writing {changes} changes"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_then_zones_then_changes() {
        let phase = Phase::default();
        assert_eq!(phase.sentence(2, Some(0)), "reading clusters, 0 of 2");
        phase.cluster_read();
        assert_eq!(phase.sentence(2, Some(0)), "reading clusters, 1 of 2");
        phase.cluster_read();
        assert_eq!(phase.sentence(2, Some(0)), "reading zones");
        phase.writing(1);
        assert_eq!(phase.sentence(2, None), "writing 1 change");
        phase.writing(14);
        assert_eq!(phase.sentence(2, None), "writing 15 changes");
        assert_eq!(phase.sentence(2, Some(7)), "writing changes, 7 of 15");
    }
}
