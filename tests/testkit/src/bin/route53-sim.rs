//! The Route 53 simulator by hand: `route53-sim --port 5353 --zones example.org`, then
//! `AWS_ENDPOINT_URL=http://127.0.0.1:5353` with any credentials.

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use extdns_testkit::http::Listen;
use extdns_testkit::route53::{ACCOUNT, Route53Sim};

/// Answers as Route 53 (and STS) does, with its limits and its errors.
#[derive(Parser)]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Public zones, separated by commas.
    #[arg(long, value_delimiter = ',')]
    zones: Vec<String>,
    /// Private zones, separated by commas.
    #[arg(long, value_delimiter = ',')]
    private_zones: Vec<String>,
    /// Record sets to put into every zone.
    #[arg(long, default_value_t = 0)]
    records: usize,
    /// Record sets that a zone may hold.
    #[arg(long, default_value_t = 10_000)]
    quota: usize,
    /// Requests a second; more are `Throttling`. Without it there is no limit.
    #[arg(long)]
    rate: Option<f64>,
    /// Requests at once.
    #[arg(long, default_value_t = 50, requires = "rate")]
    burst: u32,
    /// Milliseconds for which a change is in process; until then the zone takes no other.
    #[arg(long, default_value_t = 0)]
    change_ms: u64,
    /// Milliseconds that every answer takes.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Roles of the account that can be assumed, by name, separated by commas.
    #[arg(long, value_delimiter = ',')]
    roles: Vec<String>,
    /// The external id that the roles ask for.
    #[arg(long, requires = "roles")]
    external_id: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let sim = Route53Sim::listen(&Listen { port: args.port, ..Listen::default() })?;
    if let Some(rate) = args.rate {
        sim.throttle(rate, args.burst);
    }
    sim.changes_take(Duration::from_millis(args.change_ms));
    sim.latency(Duration::from_millis(args.latency_ms));
    let account = sim.account(ACCOUNT);
    for (names, private) in [(&args.zones, false), (&args.private_zones, true)] {
        for name in names {
            let zone = if private { account.private_zone(name) } else { account.zone(name) };
            zone.quota(args.quota).fill(args.records);
            say(&format!("{} {name}{}", zone.path(), if private { " (private)" } else { "" }));
        }
    }
    for name in &args.roles {
        say(&account.role(name, args.external_id.as_deref()));
    }
    say(&format!("ready at {}", sim.url()));
    tokio::signal::ctrl_c().await?;
    say(&format!(
        "{} reads, {} writes, {} throttled",
        sim.reads(),
        sim.writes(),
        sim.refused("Throttling")
    ));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it serves is what its user waits for")]
fn say(line: &str) {
    println!("{line}");
}
