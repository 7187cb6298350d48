//! Metrics as values: every form in which they leave the program is made of these.

/// A metric with its samples.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) help: String,
    pub(crate) samples: Vec<Sample>,
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    Counter,
    Summary,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// What of the metric it is, such as `_sum`; empty where it is the metric itself.
    pub(crate) part: &'static str,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: f64,
}

/// A number that a sample can have.
pub(crate) trait Number {
    fn number(self) -> f64;
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for u8 {
    fn number(self) -> f64 {
        f64::from(self)
    }
}

macro_rules! whole {
    ($($kind:ty)*) => { $(
        impl Number for $kind {
            #[expect(clippy::cast_precision_loss, reason = "counts, bytes and seconds are far below 2^53")]
            fn number(self) -> f64 {
                self as f64
            }
        }
    )* };
}

whole!(i64 u64 usize);

impl Metric {
    pub(super) fn new(name: String, kind: Kind, help: &str) -> Self {
        Self { name, kind, help: help.to_owned(), samples: Vec::new() }
    }

    pub(super) fn sample(&mut self, labels: &[(&'static str, &str)], value: impl Number) {
        self.sample_of("", labels, value);
    }

    /// A sample of a part of the metric, such as `_sum`.
    pub(super) fn sample_of(
        &mut self,
        part: &'static str,
        labels: &[(&'static str, &str)],
        value: impl Number,
    ) {
        let labels = labels.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        self.samples.push(Sample { part, labels, value: value.number() });
    }
}

/// Metrics in the order in which they are told.
#[derive(Debug, Clone, Default)]
pub(super) struct Page(pub(super) Vec<Metric>);

impl Page {
    /// Begins a metric of the program; its samples follow.
    pub(super) fn metric(&mut self, name: &str, kind: Kind, help: &str) -> &mut Metric {
        self.0.push(Metric::new(format!("external_dns_{name}"), kind, help));
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str) -> &mut Metric {
        self.metric(name, Kind::Gauge, help)
    }

    pub(super) fn counter(&mut self, name: &str, help: &str) -> &mut Metric {
        self.metric(name, Kind::Counter, help)
    }
}
