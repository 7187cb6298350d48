//! Where texts become objects. This alone is made anew for each kind; what reads lists is made once for all kinds.

use std::marker::PhantomData;

use serde_json::Deserializer;

use crate::object::{Metadata, Projection};

/// Is handed the objects of a list, one by one, as texts.
pub(crate) trait Receiver: Send {
    /// Begins anew: what was handed over so far does not count.
    fn restart(&mut self);

    /// Decodes the object at the beginning of a text and returns its length. The object counts if `is_wanted` says so of
    /// its metadata, which it may complete.
    fn receive(
        &mut self,
        text: &str,
        is_wanted: &mut dyn FnMut(&mut Metadata) -> bool,
    ) -> serde_json::Result<usize>;
}

impl dyn Receiver + '_ {
    /// Takes an object of a list and returns its length; `None` where it has no name.
    pub(crate) fn receive_named(&mut self, text: &str) -> serde_json::Result<Option<usize>> {
        let mut is_named = false;
        let length = self.receive(text, &mut |metadata| {
            is_named = !metadata.name.is_empty();
            is_named
        })?;
        Ok(is_named.then_some(length))
    }
}

/// Folds over the objects of a kind.
pub(crate) struct Fold<K, A, Start, Step> {
    accumulator: A,
    start: Start,
    step: Step,
    kind: PhantomData<fn(K)>,
}

impl<K, A, Start, Step> Fold<K, A, Start, Step>
where
    K: Projection,
    Start: Fn() -> A,
    Step: FnMut(&mut A, K),
{
    pub(crate) fn new(start: Start, step: Step) -> Self {
        Self { accumulator: start(), start, step, kind: PhantomData }
    }

    /// What was made of the objects.
    pub(crate) fn into_accumulator(self) -> A {
        self.accumulator
    }
}

impl<K, A, Start, Step> Receiver for Fold<K, A, Start, Step>
where
    K: Projection,
    A: Send,
    Start: Fn() -> A + Send,
    Step: FnMut(&mut A, K) + Send,
{
    fn restart(&mut self) {
        self.accumulator = (self.start)();
    }

    fn receive(
        &mut self,
        text: &str,
        is_wanted: &mut dyn FnMut(&mut Metadata) -> bool,
    ) -> serde_json::Result<usize> {
        let mut values = Deserializer::from_str(text).into_iter::<K>();
        let Some(object) = values.next() else { return Ok(0) };
        let mut object = object?;
        if is_wanted(object.metadata_mut()) {
            (self.step)(&mut self.accumulator, object);
        }
        Ok(values.byte_offset())
    }
}
