//! The right to write.

/// Proof that this run applies.
///
/// Every constructor of something that writes (a provider's writer, an ownership store, a lease)
/// takes one by reference. Only the apply path makes one; a test of the `sync` crate holds that
/// `grant` is called nowhere else, so a planning run cannot write because it has no way to.
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// Grants the right to write for one apply. Called by `sync`'s apply path and by tests.
    #[must_use]
    pub fn grant() -> Self {
        Self(())
    }
}
