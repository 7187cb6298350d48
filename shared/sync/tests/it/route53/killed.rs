//! A run that dies at any call leaves nothing that the next run does not repair.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use extdns_testkit::route53::{Moment, RecordSet, Route53Sim, Zone};
use tokio::sync::Notify;

use crate::route53::support::{Service, all_good, assert_all_owned, contents, plain, run, service};

/// Two groups of a record and its ownership record, or four addresses.
const FLAGS: [&str; 1] = ["--aws-batch-change-size=4"];
/// A list of zones, and a page of each: before the first write.
const READS: usize = 1 + 2;
const APEX: &str = "example.org";
/// Its ownership record has a name outside its zone.
const APEX_MARK: &str = "a-example.org.";

/// What becomes of the apex, whose ownership record lies in the other zone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apex {
    Created,
    Updated,
    Deleted,
}

/// What is wanted before and after: 40 changes in two zones, 14 creates, 13 deletes, 13 updates, in
/// turn along the names, beside 20 records in each zone that stay; and the apex.
struct Desired {
    before: Vec<Service>,
    after: Vec<Service>,
}

impl Desired {
    fn new(apex: Apex) -> Self {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut add = |host: &str, was: bool, is: bool| {
            was.then(|| before.push(service(host, "192.0.2.1")));
            is.then(|| after.push(service(host, if was { "192.0.2.2" } else { "192.0.2.1" })));
        };
        for n in 0..40 {
            // The zones alternate, so each has a third of each kind.
            let host = format!("n{n:02}.{}", if n % 2 == 0 { "example.org" } else { "org" });
            add(&host, n % 3 != 0, n % 3 != 1);
        }
        add(APEX, apex != Apex::Created, apex != Apex::Deleted);
        for n in 0..40 {
            let host = format!("stays{n:02}.{}", if n % 2 == 0 { "example.org" } else { "org" });
            before.push(service(&host, "192.0.2.9"));
            after.push(service(&host, "192.0.2.9"));
        }
        Self { before, after }
    }
}

struct World {
    sim: Route53Sim,
    zones: [Zone; 2],
}

impl World {
    /// Both zones as a run over these makes them.
    fn with(services: &[Service]) -> Self {
        let sim = Route53Sim::start();
        let zones = [sim.zone("example.org"), sim.zone("org")];
        for set in services.iter().flat_map(Service::records) {
            let below = set.name == "example.org." || set.name.ends_with(".example.org.");
            zones[usize::from(!below)].seed([set]);
        }
        Self { sim, zones }
    }

    fn contents(&self) -> Vec<RecordSet> {
        contents(&self.zones)
    }

    /// Runs until this many calls took effect, and is gone then: where it stands, and before it hears
    /// the last answer. Tells whether it died.
    async fn run_until_killed(&self, desired: &[Service], calls: u64) -> bool {
        let death = Arc::new(Notify::new());
        let (arrived, answered, strike) =
            (AtomicU64::new(0), AtomicU64::new(0), Arc::clone(&death));
        self.sim.end_after_calls(calls);
        self.sim.on_call(move |moment, _| {
            let over = match moment {
                Moment::Arrived => arrived.fetch_add(1, Ordering::SeqCst) >= calls,
                Moment::Answering => answered.fetch_add(1, Ordering::SeqCst) + 1 == calls,
            };
            if over {
                strike.notify_one();
            }
        });
        let died = tokio::select! {
            biased;
            () = death.notified() => true,
            _ = Box::pin(run(&self.sim, desired, &FLAGS)) => false,
        };
        self.sim.on_call(|_, _| {});
        self.sim.heal();
        died
    }
}

/// Killed at every call in turn, run again, and once more to see that nothing is left to do.
async fn survives_death_at_every_call(apex: Apex) {
    let desired = Desired::new(apex);
    let undisturbed = World::with(&[]);
    all_good(&run(&undisturbed.sim, &desired.before, &[]).await.expect("first run"));
    assert_eq!(undisturbed.contents(), World::with(&desired.before).contents());
    undisturbed.sim.forget_calls();
    let report = run(&undisturbed.sim, &desired.after, &FLAGS).await.expect("undisturbed run");
    let done = all_good(&report);
    let of_apex = |kind| usize::from(apex == kind);
    assert_eq!(
        (done.create, done.update, done.delete),
        (14 + of_apex(Apex::Created), 13 + of_apex(Apex::Updated), 13 + of_apex(Apex::Deleted))
    );
    let writes = undisturbed.sim.writes();
    assert!(writes >= 20, "{writes} writes");
    assert_eq!(undisturbed.sim.reads(), READS);
    let calls = u64::try_from(undisturbed.sim.calls().len()).expect("few calls");
    let goal = undisturbed.contents();

    let mut between = 0;
    for death in 0..=calls {
        let when = format!("killed after call {death} of {calls}");
        let world = World::with(&desired.before);
        let died = world.run_until_killed(&desired.after, death).await;
        assert!(died, "{when}");
        let written = world
            .sim
            .calls()
            .iter()
            .filter(|call| call.operation.is_write() && call.succeeded())
            .count();
        assert_eq!(
            written,
            usize::try_from(death).expect("few calls").saturating_sub(READS),
            "{when}"
        );
        let contents = world.contents();
        assert_all_owned(&contents, &when);
        let there = |name: &str| contents.iter().any(|set| set.name == name);
        between += usize::from(there(APEX_MARK) && !there("example.org."));

        all_good(&run(&world.sim, &desired.after, &FLAGS).await.expect("second run"));
        let contents = world.contents();
        assert_all_owned(&contents, &format!("{when}, and run again"));
        assert_eq!(plain(&contents), plain(&goal), "{when}, and run again");
        let surplus: Vec<_> = contents.iter().filter(|set| !goal.contains(set)).collect();
        if apex == Apex::Deleted {
            // Between the two zones: an ownership record that waits for the name to come back.
            assert!(surplus.iter().all(|set| set.name == APEX_MARK), "{when}: {surplus:?}");
        } else {
            assert!(surplus.is_empty(), "{when}: {surplus:?}");
        }

        let last = run(&world.sim, &desired.after, &FLAGS).await.expect("third run");
        assert_eq!(last.changes().count(), 0, "{when}, and run again");
    }
    // The one state that two zones cannot avoid: an ownership record ahead of its record, or behind.
    assert_eq!(between > 0, apex != Apex::Updated, "{between} deaths in between");
}

#[tokio::test]
async fn killed_at_every_call_with_an_apex_to_come() {
    survives_death_at_every_call(Apex::Created).await;
}

#[tokio::test]
async fn killed_at_every_call_with_an_apex_to_change() {
    survives_death_at_every_call(Apex::Updated).await;
}

#[tokio::test]
async fn killed_at_every_call_with_an_apex_to_go() {
    survives_death_at_every_call(Apex::Deleted).await;
}
