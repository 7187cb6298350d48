//! The Kubernetes simulator by hand: `kube-sim --manifests DIR --port 8001`, then
//! `kubectl --server http://127.0.0.1:8001 get services -A`.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use serde_json::json;

/// Serves manifests as the API of Kubernetes.
#[derive(Parser)]
struct Args {
    /// Files or folders of objects, YAML or JSON; may be given many times.
    #[arg(long, value_name = "PATH")]
    manifests: Vec<PathBuf>,
    /// Adds this many Services, and half as many Ingresses.
    #[arg(long, value_name = "N", default_value_t = 0)]
    workload: usize,
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The bearer token to be shown; without it, everybody may do everything.
    #[arg(long)]
    token: Option<String>,
    /// Speaks TLS, with a certificate that the kubeconfig vouches for.
    #[arg(long)]
    tls: bool,
    /// Answers discovery as servers before 1.27 do.
    #[arg(long)]
    plain_discovery: bool,
    /// Streams no lists, as servers before 1.32 do.
    #[arg(long)]
    pages_only: bool,
    /// Writes a kubeconfig for this server to a file.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut builder = KubeSim::builder().port(args.port).workload(args.workload);
    for path in &args.manifests {
        builder = builder.manifests(path)?;
    }
    if let Some(token) = &args.token {
        builder = builder.user(User::admin("admin", token));
    }
    if args.tls {
        builder = builder.tls();
    }
    if args.pages_only {
        builder = builder.pages_only();
    }
    if args.plain_discovery {
        builder = builder.plain_discovery();
    }
    let sim = builder.try_start()?;
    if let Some(path) = &args.kubeconfig {
        let nobody = json!({});
        let login = args.token.as_deref().map_or(Login::Custom(&nobody), Login::Token);
        std::fs::write(path, sim.kubeconfig(login).to_string())?;
    }
    say(&format!("ready at {}", sim.url()));
    tokio::signal::ctrl_c().await?;
    for ((verb, resource), count) in sim.all_calls() {
        say(&format!("{count:6} {verb} {resource}"));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "where it listens is what its user waits for")]
fn say(line: &str) {
    println!("{line}");
}
