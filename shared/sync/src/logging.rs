//! Log lines on standard error: in upstream's two formats, and for people at a terminal.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _};

use extdns_auth::secrets;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, filter};

use crate::report::words::printable;
use crate::settings::{LogFormat, LogLevel};

/// Starts logging for the process. A second call changes nothing: a warm function keeps its first
/// subscriber.
pub fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Panic | LogLevel::Fatal | LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Libraries log every connection at the levels debug and trace: only their warnings are logged,
    // and none of libraries whose failures we report ourselves.
    let ours = filter::filter_fn(move |metadata| {
        let is_of = |crates: &[&str]| crates.iter().any(|name| metadata.target().starts_with(name));
        let is_news = *metadata.level() <= Level::WARN && !is_of(&TOLD_BY_US);
        is_of(&["extdns", "external_dns"]) || is_news || level == LevelFilter::TRACE
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(crate::progress::standard_error)
        .with_ansi(false)
        .event_format(Lines::of(format, io::stderr().is_terminal()))
        .with_filter(level)
        .with_filter(ours);
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Libraries that return their failures as errors, which we report.
const TOLD_BY_US: [&str; 4] = ["kube_client", "aws_config", "aws_runtime", "aws_smithy"];

/// The line format.
enum Lines {
    Text,
    Json,
    /// Without what a person at the terminal knows already: the time, and that a message is one.
    Terminal,
}

impl Lines {
    fn of(format: LogFormat, is_terminal: bool) -> Self {
        match format {
            LogFormat::Text if is_terminal => Self::Terminal,
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let line = match self {
            Self::Text => fields.text(&now, level),
            Self::Json => fields.json(&now, level),
            Self::Terminal => fields.plain(level),
        };
        writeln!(writer, "{line}")
    }
}

/// An event's message and fields, as text.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Fields {
    /// `error: the server does not answer server=https://10.0.0.1`
    fn plain(&self, level: &str) -> String {
        let message = printable(&self.message);
        let line =
            if level == "info" { message.into_owned() } else { format!("{level}: {message}") };
        self.with_others(line)
    }

    fn text(&self, now: &str, level: &str) -> String {
        let line = format!("time=\"{now}\" level={level} msg={}", quoted(&self.message));
        self.with_others(line)
    }

    /// The other fields behind a line.
    fn with_others(&self, mut line: String) -> String {
        for (name, value) in &self.others {
            let plain = !value.is_empty()
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/@^+".contains(&b));
            let value = if plain { value.clone() } else { quoted(value) };
            // Writing to a String cannot fail.
            let _ = write!(line, " {name}={value}");
        }
        line
    }

    fn json(&self, now: &str, level: &str) -> String {
        let mut object = serde_json::Map::new();
        object.insert("level".into(), level.into());
        object.insert("msg".into(), self.message.as_str().into());
        object.insert("time".into(), now.into());
        for (name, value) in &self.others {
            object.insert((*name).into(), value.as_str().into());
        }
        serde_json::Value::Object(object).to_string()
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}

impl Fields {
    /// All lines of all crates pass here, and secrets are redacted from them.
    fn put(&mut self, field: &Field, value: String) {
        let value = match secrets::redact(&value) {
            Cow::Borrowed(_) => value,
            Cow::Owned(redacted) => redacted,
        };
        match field.name() {
            "message" => self.message = value,
            name => self.others.push((name, value)),
        }
    }
}

/// A text in double quotes, with quotes, backslashes and control characters escaped, so that a
/// line stays a line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => {
                out.push('\\');
                out.push(char);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_the_message_alone() {
        let others = vec![("server", "https://10.0.0.1:6443".to_owned())];
        let fields = Fields { message: "no \"answer\"\u{1b}[31m".to_owned(), others };
        let line = "error: no \"answer\"\\u{1b}[31m server=\"https://10.0.0.1:6443\"";
        assert_eq!(fields.plain("error"), line);
        assert!(!fields.plain("info").starts_with("info"));
        let told = fields.text("2026-01-01T00:00:00Z", "error");
        assert!(told.starts_with("time=\"2026-01-01T00:00:00Z\" level=error msg="), "{told}");
        assert!(matches!(Lines::of(LogFormat::Json, true), Lines::Json), "as it was asked for");
        assert!(matches!(Lines::of(LogFormat::Text, true), Lines::Terminal));
        assert!(matches!(Lines::of(LogFormat::Text, false), Lines::Text));
    }
}
