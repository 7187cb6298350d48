//! Chromium without a screen, as a child process of the test. `tests/setup chromium` installs it. It is driven over a pair of pipes
//! (<https://chromedevtools.github.io/devtools-protocol/>, `--remote-debugging-pipe`), and ends with them.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{set_up, skip};

/// How long an answer may take on a busy machine.
const BOUND: Duration = Duration::from_secs(60);

/// Chromium reads messages from descriptor 3 and writes them to descriptor 4.
const PIPES: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// A running browser; it ends when this is dropped, and in any case with the test's process.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    last: u64,
    events: VecDeque<Value>,
    _profile: TempDir,
}

/// Whether the scripts of a page run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As usual.
    On,
    /// As where somebody or something forbids them.
    Off,
}

/// A tab.
#[derive(Debug)]
pub struct Tab<'b> {
    browser: &'b mut Browser,
    session: String,
}

impl Browser {
    /// A browser for `test` alone. `None`, said on standard error, where it cannot be installed; with `CI=true` that fails.
    pub async fn start_or_skip(test: &str) -> Option<Self> {
        let Some(program) = set_up("chromium").await else {
            skip(test, "chromium");
            return None;
        };
        Some(Self::start(&program))
    }

    fn start(program: &Path) -> Self {
        let profile = TempDir::new().expect("a folder");
        let mut child = Command::new("sh")
            .args(["-c", PIPES, "sh"])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let to = child.stdin.take().expect("a pipe");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in out.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("a message is JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self { child, to, from, last: 0, events: VecDeque::new(), _profile: profile }
    }

    /// A new tab of this width.
    pub fn tab(&mut self, width: u32, scripts: Scripts) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", &attach);
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let mut tab = Tab { browser: self, session };
        tab.call("Page.enable", &json!({}));
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        tab.call("Emulation.setDeviceMetricsOverride", &screen);
        let off = json!({ "value": scripts == Scripts::Off });
        tab.call("Emulation.setScriptExecutionDisabled", &off);
        tab
    }

    fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        write!(self.to, "{message}\0").expect("the browser reads");
        loop {
            let mut message = self.receive();
            if message["id"] != self.last {
                self.events.push_back(message);
            } else if message["error"].is_null() {
                return message["result"].take();
            } else {
                panic!("{method}: {}", message["error"]);
            }
        }
    }

    fn receive(&mut self) -> Value {
        self.from.recv_timeout(BOUND).expect("the browser answers in time")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Both fail only for a child that has ended and been waited for. Its own children end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Tab<'_> {
    /// Opens a file, and waits until it is loaded.
    pub fn open(&mut self, file: &Path) {
        self.browser.events.clear();
        self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        let is_load = |message: &Value| message["method"] == "Page.loadEventFired";
        while !self.browser.events.iter().any(is_load) {
            let event = self.browser.receive();
            self.browser.events.push_back(event);
        }
    }

    /// What an expression of JavaScript gives; a promise is waited for. It is the test's, so it runs also where the page's do not.
    pub fn eval(&mut self, expression: &str) -> Value {
        let wanted =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &wanted);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer:#}");
        answer["result"]["value"].take()
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }
}
