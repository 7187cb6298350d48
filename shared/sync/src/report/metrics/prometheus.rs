//! Metrics in the text format of Prometheus: <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{self, Write as _};

use super::values::{Kind, Metric};

/// The page with these metrics.
pub(super) fn text(metrics: &[Metric]) -> String {
    let mut page = String::new();
    for metric in metrics {
        // Writing to a String cannot fail.
        let _ = write(&mut page, metric);
    }
    page
}

fn write(page: &mut String, metric: &Metric) -> fmt::Result {
    let Metric { name, kind, help, samples } = metric;
    let kind = match kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Summary => "summary",
    };
    write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n")?;
    for sample in samples {
        write!(page, "{name}{}", sample.part)?;
        for (index, (label, value)) in sample.labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            write!(page, "{open}{label}=\"{}\"", Escaped(value))?;
        }
        let close = if sample.labels.is_empty() { "" } else { "}" };
        writeln!(page, "{close} {}", sample.value)?;
    }
    Ok(())
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                _ => f.write_char(char)?,
            }
        }
        Ok(())
    }
}
