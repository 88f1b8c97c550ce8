//! The closing report.

use std::fmt;

use kafka_sim::{FaultKind, ROWS};

use crate::state::State;

/// Every row and every kind of fault, and how often each was met; of a single seed, those
/// that were.
pub(crate) struct Table<'a>(pub(crate) &'a State);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0;
        let alone = state.seeds() < 2;
        writeln!(
            f,
            "{:>3} {:<12} {:<52} {:>9}",
            "row", "family", "situation", "met"
        )?;
        let rows = ROWS.iter();
        for row in rows.filter(|row| !alone || state.hits(row.number) > 0) {
            let (number, name) = (row.number, row.name);
            write!(f, "{number:>3} {:<12} {name:<52} ", row.family)?;
            match (row.pending, state.hits(number)) {
                (Some(why), _) => writeln!(f, "  pending: {why}")?,
                (None, 0) => writeln!(f, "never hit: {}", row.hit)?,
                (None, hits) => writeln!(f, "{hits:>9}")?,
            }
        }
        writeln!(f, "\n{:<28} {:>9}", "fault", "happened")?;
        let kinds = FaultKind::ALL.iter();
        for kind in kinds.filter(|kind| !alone || state.fault(**kind) > 0) {
            writeln!(f, "{kind:<28} {:>9}", state.fault(*kind))?;
        }
        let (wall, virtual_time) = (
            state.wall().as_secs_f64(),
            state.virtual_time().as_secs_f64(),
        );
        let seeds = state.seeds();
        writeln!(
            f,
            "\n{seeds} seeds, {} records delivered, {virtual_time:.0} s of virtual time in \
             {wall:.0} s ({:.1} seeds a second), {} seeds broke a promise",
            state.records(),
            seeds as f64 / wall.max(0.001),
            state.violations().len()
        )
    }
}
