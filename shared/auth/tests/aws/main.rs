//! Where credentials come from, each case in a process of its own, as the SDK reads the environment.
#![cfg(feature = "aws")]

mod places;
mod profiles;

use std::path::Path;
use std::process::Command;

use extdns_auth::{AwsOptions, AwsRole, AwsVariables, aws_identity};

/// Tells the identity to the test that started this process.
#[tokio::test]
#[ignore = "started by the other tests, in processes of their own"]
async fn probe() {
    let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let options = AwsOptions {
        profile: text("PROBE_PROFILE"),
        role: text("PROBE_ROLE").map(|arn| AwsRole { arn, external_id: text("PROBE_EXTERNAL_ID") }),
        region: text("PROBE_REGION"),
        variables: AwsVariables::of(&std::env::vars().collect()),
    };
    let told = match aws_identity(&options).await {
        Ok(identity) => {
            let region = identity.config.region().map(ToString::to_string).unwrap_or_default();
            format!("account {} region {region}", identity.account)
        }
        Err(error) => format!("error {error}"),
    };
    let path = text("PROBE_OUT").expect("a file to tell it to");
    std::fs::write(path, told).expect("written");
}

/// What a process with exactly this environment finds.
pub(crate) fn identity(dir: &Path, variables: &[(&str, &str)]) -> String {
    let out = dir.join("out");
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "probe", "--ignored", "--quiet"])
        .env_clear()
        .env("PROBE_OUT", &out)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", dir.join("no-config"))
        .envs(variables.iter().copied())
        .stdout(std::process::Stdio::null())
        .status()
        .expect("started");
    assert!(status.success());
    std::fs::read_to_string(out).expect("told")
}
