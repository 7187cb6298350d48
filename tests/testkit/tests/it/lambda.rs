//! What the service makes of a function, seen with a function of a few lines.

use std::time::{Duration, Instant};

use extdns_testkit::lambda::{FUNCTION_ARN, Lambda, MAX_PAYLOAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(30);

/// Does what the event says, which is a string.
const FUNCTION: &str = r#"
call() {
  exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  tr -d '\r' <&3
  exec 3>&-
}
header() { grep -i "^lambda-runtime-$1: " <<<"$next" | cut -d' ' -f2; }

echo "started with $KEY"
case $KEY in
  bad) call POST init/error '{"errorType":"Bad","errorMessage":"no good"}'; exit 1 ;;
  worse) exit 7 ;;
esac
served=0
while next=$(call GET invocation/next); do
  served=$((served + 1))
  at=invocation/$(header aws-request-id)
  case ${next##*$'\n'} in
    '"count"') call POST "$at/response" "$served" ;;
    '"context"') call POST "$at/response" "[$(header deadline-ms),\"$(header invoked-function-arn)\"]" ;;
    '"fail"') call POST "$at/error" '{"errorType":"Failed","errorMessage":"so it is"}' ;;
    '"late"') call POST invocation/other/response 1 ;;
    '"most"') printf -v most '%*s' "$MOST"; call POST "$at/response" "$most" ;;
    '"more"') printf -v more '%*s ' "$MOST"; call POST "$at/response" "$more" ;;
    '"hang"') sleep 60 & wait ;;
    '"exit"') exit 3 ;;
  esac
done
"#;

fn function(dir: &TempDir, key: &str) -> Lambda {
    let script = dir.path().join("function");
    std::fs::write(&script, FUNCTION).unwrap();
    let script = script.to_str().unwrap().to_owned();
    let most = MAX_PAYLOAD.to_string();
    Lambda::new("/bin/bash", [("BASH_ENV", script), ("KEY", key.to_owned()), ("MOST", most)])
}

fn ask(function: &mut Lambda, event: &str) -> Result<Value, (String, String)> {
    function
        .invoke(&json!(event), BOUND)
        .map(|answer| answer.json())
        .map_err(|error| (error.error_type, error.error_message))
}

fn kind(function: &mut Lambda, event: &str) -> String {
    ask(function, event).expect_err("an error").0
}

#[test]
fn a_process_is_kept_from_event_to_event_and_replaced_when_it_ends() {
    let dir = TempDir::new().unwrap();
    let mut function = function(&dir, "good");
    assert_eq!(function.init_error(), None);
    assert_eq!(ask(&mut function, "count"), Ok(json!(1)));
    assert_eq!(ask(&mut function, "fail"), Err(("Failed".to_owned(), "so it is".to_owned())));
    assert_eq!(ask(&mut function, "count"), Ok(json!(3)));
    assert_eq!(function.starts(), 1);
    assert!(function.peak_memory().is_some_and(|bytes| bytes > 1 << 20));
    assert!(function.cpu_time().is_some());

    let (kind, message) = ask(&mut function, "exit").expect_err("an error");
    assert_eq!(kind, "Runtime.ExitError");
    assert!(message.ends_with("exit status: 3"), "{message}");
    assert_eq!(ask(&mut function, "count"), Ok(json!(1)));
    assert_eq!(function.starts(), 2);
    assert_eq!(function.log().matches("started with good").count(), 2);
}

#[test]
fn the_deadline_is_a_time_of_day_and_ends_the_process() {
    let dir = TempDir::new().unwrap();
    let mut function = function(&dir, "good");
    let now = Timestamp::now().as_millisecond();
    let context = ask(&mut function, "context").expect("an answer");
    let bound = i64::try_from(BOUND.as_millis()).unwrap();
    let left = context[0].as_i64().unwrap() - now;
    assert!((bound..2 * bound).contains(&left), "{context}");
    assert_eq!(context[1], FUNCTION_ARN);

    let begin = Instant::now();
    let error = function.invoke(&json!("hang"), Duration::from_millis(300)).expect_err("an error");
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(begin.elapsed() < BOUND);
    assert_eq!(ask(&mut function, "count"), Ok(json!(1)));
}

#[test]
fn an_answer_that_is_too_large_or_of_another_event_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut function = function(&dir, "good");
    let largest = function.invoke(&json!("most"), BOUND).expect("an answer");
    assert_eq!(largest.body.len(), MAX_PAYLOAD);
    assert_eq!(kind(&mut function, "more"), "Function.ResponseSizeTooLarge");
    assert_eq!(ask(&mut function, "count"), Ok(json!(3)));
    assert!(function.log().contains("HTTP/1.1 413"), "{}", function.log());
    let error = function.invoke(&json!("late"), Duration::from_millis(500)).expect_err("an error");
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(function.log().contains("InvalidRequestID"), "{}", function.log());
}

#[test]
fn a_function_that_does_not_start_says_why() {
    let dir = TempDir::new().unwrap();
    let mut bad = function(&dir, "bad");
    let error = bad.init_error().expect("an error");
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("Bad", "no good"));
    assert_eq!(kind(&mut bad, "count"), "Bad");
    assert_eq!(bad.starts(), 2);
    assert_eq!(kind(&mut function(&dir, "worse"), "count"), "Runtime.ExitError");
}
