//! What follows from a run of the queue.

use super::{Batch, Message};

/// How often a run is made in all before the rest is left to the schedule.
const ATTEMPTS: u8 = 3;

/// How many runs in a row may make no progress.
const STALLED: u8 = 2;

/// How a run ended, as far as the queue is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There is nothing left that another run could do: also where a person has to look first.
    Done,
    /// Another run wrote at the time, so this one did nothing.
    Held,
    /// It failed, or left something undone.
    Unfinished {
        /// Whether it wrote anything.
        progressed: bool,
    },
}

/// The message that asks for another run, sent before the batch is acknowledged. The batch always is: one that came
/// again would keep every message behind it waiting.
#[must_use]
pub fn next(batch: &Batch, ended: Ended, run: &str) -> Option<Message> {
    let run = run.to_owned();
    let (attempt, stalled) = match ended {
        Ended::Done => return None,
        Ended::Held => {
            return Some(Message::Again { run, attempt: batch.attempt, stalled: batch.stalled });
        }
        Ended::Unfinished { progressed: true } => (batch.attempt.saturating_add(1), 0),
        Ended::Unfinished { progressed: false } => {
            (batch.attempt.saturating_add(1), batch.stalled.saturating_add(1))
        }
    };
    (attempt <= ATTEMPTS && stalled < STALLED).then_some(Message::Again { run, attempt, stalled })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages that follow from a chain of runs that end like this.
    fn chain(first: &str, ends: &[Ended]) -> usize {
        let mut body = first.to_owned();
        let mut runs = 0;
        for (number, ended) in ends.iter().enumerate() {
            runs += 1;
            let Some(message) = next(&Batch::of([&*body]), *ended, &number.to_string()) else {
                break;
            };
            body = message.posted().body;
        }
        runs
    }

    const STUCK: Ended = Ended::Unfinished { progressed: false };
    const MOVING: Ended = Ended::Unfinished { progressed: true };

    #[test]
    fn a_run_is_repeated_twice_while_it_makes_progress_and_once_without() {
        let change = r#"{"reason":"change","window":1}"#;
        assert_eq!(chain(change, &[Ended::Done; 5]), 1);
        assert_eq!(chain(change, &[STUCK; 5]), 2);
        assert_eq!(chain(change, &[MOVING; 5]), 3);
        assert_eq!(chain(change, &[STUCK, MOVING, STUCK, STUCK]), 3);
        assert_eq!(chain("poison", &[STUCK; 5]), 2);
    }

    #[test]
    fn a_run_that_could_not_begin_does_not_count() {
        assert_eq!(
            chain("{}", &[Ended::Held, Ended::Held, Ended::Held, Ended::Held, MOVING, Ended::Done]),
            6
        );
    }

    #[test]
    fn a_batch_with_anything_new_is_a_first_attempt() {
        let again = r#"{"reason":"again","run":"r","attempt":3,"stalled":1}"#;
        assert_eq!(
            Batch::of([again]),
            Batch { messages: 1, unreadable: 0, attempt: 3, stalled: 1 }
        );
        let new = Batch::of([again, "poison"]);
        assert_eq!(new, Batch { messages: 2, unreadable: 1, attempt: 1, stalled: 0 });
        assert_eq!(next(&Batch::of([again]), MOVING, "r"), None);
        assert!(next(&new, MOVING, "r").is_some());
    }
}
