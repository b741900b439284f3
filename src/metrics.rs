//! Figures in Prometheus' text form (version 0.0.4), for all that count something.

use std::fmt::Write as _;

/// What a figure may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Goes up, and begins again with the process.
    Counter,
    /// Goes up and down.
    Gauge,
}

impl MetricKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// The answer to one question for all figures, while it is written.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// A counter of the whole process.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(MetricKind::Counter, name, help).sample(&[], value);
    }

    /// A gauge of the whole process.
    pub fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(MetricKind::Gauge, name, help).sample(&[], value);
    }

    /// A metric with several figures, told apart by labels.
    pub fn family<'a>(&'a mut self, kind: MetricKind, name: &'a str, help: &str) -> Family<'a> {
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.word()));
        Family { out: self, name }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a String takes everything");
    }
}

/// The figures of one metric.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut Exposition,
    name: &'a str,
}

impl Family<'_> {
    /// One figure; labels as name and value.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: u64) {
        self.out.write(format_args!("{}", self.name));
        for (n, (name, value)) in labels.iter().enumerate() {
            let before = if n == 0 { '{' } else { ',' };
            self.out.write(format_args!("{before}{name}=\"{}\"", escaped(value)));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.out.write(format_args!("{end} {value}\n"));
    }
}

/// A label's value with what would end it escaped.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\\' | '"' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let mut out = Exposition::default();
        out.counter("a_total", "How many.", 3);
        let mut family = out.family(MetricKind::Gauge, "b", "Which.");
        family.sample(&[("company", "x"), ("state", "ok")], 1);
        family.sample(&[("company", "y\"\\\n")], 0);
        assert_eq!(
            out.finish(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total 3\n\
             # HELP b Which.\n# TYPE b gauge\nb{company=\"x\",state=\"ok\"} 1\nb{company=\"y\\\"\\\\\\n\"} 0\n"
        );
    }
}
