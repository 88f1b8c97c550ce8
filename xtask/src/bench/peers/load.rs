//! What else the machine did meanwhile: figures of a busy one are worth little.

use std::fs;

/// From [`Load::start`] on.
pub(super) struct Load {
    average: String,
    ticks: Option<Ticks>,
}

/// Of all processors, from `/proc/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Ticks {
    all: f64,
    stolen: f64,
}

impl Load {
    pub(super) fn start() -> Self {
        let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let average = average.split(' ').next().unwrap_or("unknown").to_owned();
        Self {
            average,
            ticks: Ticks::now(),
        }
    }

    /// The load at the start, and the share of time that a hypervisor gave to others.
    pub(super) fn told(&self) -> String {
        let share = self.ticks.zip(Ticks::now()).map(|(before, now)| {
            let stolen = (now.stolen - before.stolen) / (now.all - before.all).max(1.0);
            format!("{:.1} %", stolen * 100.0)
        });
        format!(
            "- load average before the first run: {}\n- time stolen meanwhile: {}\n",
            self.average,
            share.unwrap_or_else(|| "unknown".to_owned())
        )
    }
}

impl Ticks {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// User, nice, system, idle, waiting, two of interrupts, stolen; guests' time is in
    /// the first two already.
    fn parse(stat: &str) -> Option<Self> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Option<Vec<f64>> = fields
            .split_whitespace()
            .take(8)
            .map(|field| field.parse().ok())
            .collect();
        let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
        Some(Self {
            all: ticks.iter().sum(),
            stolen: *ticks.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_of_all_processors() {
        let stat = "cpu  10 0 20 60 5 0 1 4 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        let expected = Ticks {
            all: 100.0,
            stolen: 4.0,
        };
        assert_eq!(Ticks::parse(stat), Some(expected));
        assert_eq!(Ticks::parse("cpu 1 2"), None);
    }
}
