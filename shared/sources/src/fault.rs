//! What can be wrong with an object as a whole, and what that means for its source.

use std::convert::Infallible;
use std::fmt::Display;

/// Why an object makes no endpoint; reads after "the object:".
pub(crate) trait Fault: Display {
    /// What it means for the source.
    fn effect(&self) -> Effect;
}

/// What a fault of one object means for its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The object wants nothing: it is reported, and the source is complete without it.
    DropsObject,
    /// It is not known what the object wants: the source is not complete, so that nothing is
    /// deleted.
    FailsSource,
}

/// For sources whose objects are never wrong as a whole.
impl Fault for Infallible {
    fn effect(&self) -> Effect {
        match *self {}
    }
}
