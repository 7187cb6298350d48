//! The queue between the relay and the function: its messages, when they are sent, and what follows from a run.
//!
//! The queue is first-in-first-out with one group, so that one batch is worked on at a time. A change asks for one
//! run in its *window*: all changes of a window have one message, which the queue's deduplication sees to. The queue
//! delivers a message only after its delay, which is longer than a window, so a run starts when its window is over
//! and what changed in it is stored.

mod after;
mod batch;
mod message;
mod window;

pub use after::{Ended, next};
pub use batch::Batch;
pub use message::{GROUP, Message, Posted};
pub use window::{DEFAULT_WINDOW, STORED_WITHIN, Window};
