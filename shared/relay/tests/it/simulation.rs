//! Changes, relay, queue and runs with a clock of their own: no change is lost.
//!
//! The queue is as the service describes it: messages of one group come in order, none while a batch of the group is
//! in flight; one that was sent with an id that came within five minutes is dropped; each comes after the delay, and
//! again after the visibility timeout where it was not deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use extdns_relay::queue::{Batch, Ended, Message, Window, next};
use proptest::prelude::*;

/// Milliseconds.
type Time = u64;

const DEDUPLICATED: Time = 300_000;
const VISIBILITY: Time = 330_000;
const BATCH: usize = 10;
const RECEIVES: u32 = 2;
const SCHEDULE: Time = 300_000;

struct Sent {
    body: String,
    due: Time,
    received: u32,
}

#[derive(Default)]
struct Fifo {
    delay: Time,
    waiting: VecDeque<Sent>,
    in_flight: Vec<Sent>,
    blocked_until: Time,
    ids: BTreeMap<String, Time>,
    dead: Vec<String>,
}

impl Fifo {
    fn send(&mut self, now: Time, message: &Message) {
        let posted = message.posted();
        self.post(now, posted.body, posted.deduplication_id);
    }

    fn post(&mut self, now: Time, body: String, id: String) {
        let known = self.ids.get(&id).is_some_and(|at| now < at + DEDUPLICATED);
        if !known {
            self.ids.insert(id, now);
            self.waiting.push_back(Sent { body, due: now + self.delay, received: 0 });
        }
    }

    /// A batch, if one may come now.
    fn receive(&mut self, now: Time) -> Vec<String> {
        if !self.in_flight.is_empty() {
            if now < self.blocked_until {
                return Vec::new();
            }
            for sent in self.in_flight.drain(..).rev() {
                self.waiting.push_front(sent);
            }
        }
        while self.waiting.front().is_some_and(|sent| sent.received >= RECEIVES) {
            self.dead.extend(self.waiting.pop_front().map(|sent| sent.body));
        }
        while self.in_flight.len() < BATCH
            && self.waiting.front().is_some_and(|sent| sent.due <= now)
        {
            self.in_flight.extend(self.waiting.pop_front());
        }
        self.in_flight.iter_mut().for_each(|sent| sent.received += 1);
        self.blocked_until = now + VISIBILITY;
        self.in_flight.iter().map(|sent| sent.body.clone()).collect()
    }

    fn acknowledge(&mut self) {
        self.in_flight.clear();
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }
}

/// Random numbers from a seed (SplitMix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}

/// How a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Works,
    /// It reads, and writes nothing.
    Fails,
    /// The process is gone, or its time: the batch stays in flight.
    Crashes,
}

/// A change of an object: when it is admitted, and when it is stored.
#[derive(Clone, Copy, Debug)]
struct Change {
    object: usize,
    admitted: Time,
    stored: Time,
}

/// A run, and what it has read.
struct Running {
    until: Time,
    fate: Fate,
    seen: BTreeMap<usize, Time>,
    bodies: Vec<String>,
}

#[derive(Default)]
struct World {
    dns: BTreeMap<usize, Time>,
    runs: Vec<(Time, Vec<String>)>,
    queue: Fifo,
}

/// Lets changes come and runs happen until everything is done. `fate` says how the next run goes, `lasts` how long it
/// takes.
fn simulate(
    changes: &[Change],
    schedule: bool,
    mut fate: impl FnMut(usize, Time) -> Fate,
    mut lasts: impl FnMut() -> Time,
) -> World {
    let window = Window::default();
    let delay = u64::try_from(window.delay().as_millis()).expect("short");
    let mut world = World { queue: Fifo { delay, ..Fifo::default() }, ..World::default() };
    let end = changes.iter().map(|change| change.stored).max().unwrap_or_default() + 2 * SCHEDULE;
    let mut pending: VecDeque<Change> = changes.iter().copied().collect();
    let mut running: Option<Running> = None;
    let mut now = 0;
    while now < end || running.is_some() || !world.queue.is_empty() {
        while pending.front().is_some_and(|change| change.admitted <= now) {
            pending.pop_front();
            let index = window.index(Duration::from_millis(now));
            world.queue.send(
                now,
                &Message::Change { window: index, cluster: None, object: String::new() },
            );
        }
        if schedule && now % SCHEDULE == 0 && now < end {
            world.queue.send(now, &Message::Schedule { time: now.to_string() });
        }
        if let Some(Running { until, fate, seen, bodies }) = running.take_if(|run| run.until <= now)
        {
            let batch = Batch::of(bodies.iter().map(String::as_str));
            let ended = match fate {
                Fate::Works => {
                    world.dns = seen;
                    Some(Ended::Done)
                }
                Fate::Fails => Some(Ended::Unfinished { progressed: false }),
                Fate::Crashes => None,
            };
            if let Some(ended) = ended {
                let run = format!("run-{}", world.runs.len());
                next(&batch, ended, &run)
                    .iter()
                    .for_each(|message| world.queue.send(until, message));
                world.queue.acknowledge();
            }
        }
        let bodies = world.queue.receive(now);
        if !bodies.is_empty() {
            assert!(running.is_none(), "two runs at once");
            let seen = state(changes, now);
            let (until, fate) = (now + lasts(), fate(world.runs.len(), now));
            running = Some(Running { until, fate, seen, bodies: bodies.clone() });
            world.runs.push((now, bodies));
        }
        now += 50;
    }
    world
}

/// What the API server shows at a time: of each object its change that was stored last.
fn state(changes: &[Change], now: Time) -> BTreeMap<usize, Time> {
    let mut stored: Vec<&Change> = changes.iter().filter(|change| change.stored <= now).collect();
    stored.sort_by_key(|change| change.stored);
    stored.into_iter().map(|change| (change.object, change.stored)).collect()
}

fn changes(dice: &mut Dice, within: Time, latest: Time) -> Vec<Change> {
    let mut changes: Vec<Change> = (0..1000)
        .map(|_| {
            let admitted = dice.below(within) / 50 * 50;
            let stored = admitted + dice.below(latest + 1);
            Change { object: dice.below(50) as usize, admitted, stored }
        })
        .collect();
    changes.sort_by_key(|change| change.admitted);
    changes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// 1,000 changes at random times, each stored within five seconds of its admission.
    #[test]
    fn no_change_is_lost_and_a_window_has_one_run(seed: u64, within in 60_000_u64..3_600_000) {
        let mut dice = Dice(seed);
        let changes = changes(&mut dice, within, 5000);
        let world = simulate(&changes, false, |_, _| Fate::Works, || 500 + dice.below(40_000));
        prop_assert_eq!(&world.dns, &state(&changes, Time::MAX));
        let windows: BTreeSet<u64> = changes.iter().map(|change| change.admitted / 15_000).collect();
        prop_assert!(world.runs.len() <= windows.len());
        let bodies: Vec<&String> = world.runs.iter().flat_map(|(_, bodies)| bodies).collect();
        prop_assert_eq!(bodies.len(), windows.len(), "one message a window");
    }

    /// What is stored later than that is there after the next scheduled run.
    #[test]
    fn what_is_stored_late_is_there_after_the_next_schedule(seed: u64) {
        let changes = changes(&mut Dice(seed), 1_200_000, 60_000);
        let world = simulate(&changes, true, |_, _| Fate::Works, || 3_000);
        prop_assert_eq!(&world.dns, &state(&changes, Time::MAX));
    }

    /// Runs that fail or whose process is gone lose nothing that the schedule does not bring.
    #[test]
    fn runs_that_fail_or_crash_lose_nothing(seed: u64) {
        let mut dice = Dice(seed);
        let changes = changes(&mut dice, 1_200_000, 5000);
        let last = changes.iter().map(|change| change.stored).max().unwrap_or_default();
        let fate = |_, now| match dice.below(4) {
            // In the end the provider is there again.
            _ if now > last => Fate::Works,
            0 => Fate::Fails,
            1 => Fate::Crashes,
            _ => Fate::Works,
        };
        let world = simulate(&changes, true, fate, || 3_000);
        prop_assert_eq!(&world.dns, &state(&changes, Time::MAX));
    }
}

fn one(admitted: Time) -> Change {
    Change { object: 1, admitted, stored: admitted }
}

fn starts(world: &World) -> Vec<Time> {
    world.runs.iter().map(|(at, _)| *at / 1000).collect()
}

#[test]
fn after_a_run_that_failed_the_next_message_starts_at_once() {
    let changes = [one(0), one(16_000)];
    let fate = |run, _| if run == 0 { Fate::Fails } else { Fate::Works };
    let world = simulate(&changes, false, fate, || 17_000);
    // The first ends at 37: the second message is due since 36, and its own repetition, sent at 37, at 57.
    assert_eq!(starts(&world), [20, 37, 57]);
    assert_eq!(world.dns[&1], 16_000);
}

#[test]
fn after_a_run_whose_process_is_gone_its_batch_comes_after_the_visibility_timeout() {
    let changes = [one(0), one(16_000)];
    let fate = |run, _| if run == 0 { Fate::Crashes } else { Fate::Works };
    let world = simulate(&changes, false, fate, || 1_000);
    assert_eq!(starts(&world), [20, 350]);
    assert_eq!(world.runs[1].1.len(), 2, "with what came meanwhile");
    assert_eq!(world.dns[&1], 16_000);
}

#[test]
fn a_batch_that_crashes_every_run_goes_to_the_dead_letters_and_blocks_nothing() {
    let changes = [one(0), one(700_000)];
    let fate = |run, _| if run < 2 { Fate::Crashes } else { Fate::Works };
    let world = simulate(&changes, false, fate, || 1_000);
    assert_eq!(world.queue.dead.len(), 1);
    assert_eq!(starts(&world), [20, 350, 720]);
    assert_eq!(world.dns[&1], 700_000);
}

#[test]
fn a_message_that_cannot_be_read_is_a_run_and_blocks_nothing() {
    let mut queue = Fifo::default();
    queue.post(0, "poison".to_owned(), "1".to_owned());
    queue.send(0, &Message::Schedule { time: "T".to_owned() });
    let bodies = queue.receive(0);
    let batch = Batch::of(bodies.iter().map(String::as_str));
    assert_eq!((batch.messages, batch.unreadable, batch.attempt), (2, 1, 1));
    queue.acknowledge();
    assert!(queue.is_empty());
}
