//! The simulator of a webhook provider by hand: `webhook-sim --records FILE --port 8888`, then
//! `external-dns --provider webhook --webhook-provider-url http://127.0.0.1:8888`.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use extdns_testkit::webhook_sim::{Applies, WebhookSim};

/// Keeps records in memory behind the webhook protocol.
#[derive(Parser)]
struct Args {
    /// Records to begin with: a JSON array of endpoints.
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Adds the 3N records of a workload of N Services and N/2 Ingresses.
    #[arg(long, value_name = "N", default_value_t = 0)]
    workload: usize,
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8888)]
    port: u16,
    /// A name with which every change fails; may be given many times.
    #[arg(long, value_name = "NAME")]
    poison: Vec<String>,
    /// Applies what stands before a poisoned name.
    #[arg(long, requires = "poison")]
    partly: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut builder = WebhookSim::builder().port(args.port).workload(args.workload);
    if let Some(path) = &args.records {
        let records: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if !records.is_array() {
            return Err(format!("{}: no JSON array", path.display()).into());
        }
        builder = builder.records(records);
    }
    let sim = builder.try_start()?;
    for name in &args.poison {
        sim.poison(name);
    }
    if args.partly {
        sim.applies(Applies::UpToTheFirstFailure);
    }
    say(&format!("ready at {}", sim.url()));
    tokio::signal::ctrl_c().await?;
    for (method, path) in
        [("GET", "/"), ("GET", "/records"), ("POST", "/adjustendpoints"), ("POST", "/records")]
    {
        say(&format!("{:6} {method} {path}", sim.calls(method, path)));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "where it listens is what its user waits for")]
fn say(line: &str) {
    println!("{line}");
}
