//! What was compared and what failed, for people and for the exit status.

use std::collections::BTreeMap;
use std::fmt;

use kafka_protocol::records::Magic;

use super::case::{Case, Maker, Shape, codecs};

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// By shape, magic, codec and who made it.
    cells: BTreeMap<(Shape, Magic, u8, Maker), Cell>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    passed: u64,
    failed: u64,
}

impl Table {
    pub(super) fn compared(&mut self, case: &Case, agreed: bool) {
        let key = (case.shape, case.magic, case.codec.id(), case.maker);
        let cell = self.cells.entry(key).or_default();
        if agreed {
            cell.passed += 1;
        } else {
            cell.failed += 1;
        }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.cells.values().map(|cell| cell.passed).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.cells.values().map(|cell| cell.failed).sum()
    }

    fn cell(&self, shape: Shape, magic: Magic, codec: u8) -> String {
        let of = |maker| self.cells.get(&(shape, magic, codec, maker));
        let text = |cell: Option<&Cell>| match cell {
            None => "-".to_owned(),
            Some(Cell { passed, failed: 0 }) => format!("✓{passed}"),
            Some(Cell { passed, failed }) => format!("✗{failed}/{}", passed + failed),
        };
        match (of(Maker::Kafka), of(Maker::Us)) {
            (None, None) => "·".to_owned(),
            (theirs, ours) => format!("{} {}", text(theirs), text(ours)),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "each: made by Kafka and read, written again and converted by us; made by us and \
             read by Kafka; · is not in the format"
        )?;
        for magic in Magic::ALL {
            write!(f, "{:<14}", magic.to_string())?;
            for codec in codecs(magic) {
                write!(f, " {:>9}", codec.name())?;
            }
            writeln!(f)?;
            for shape in Shape::ALL {
                write!(f, "  {:<12}", shape.name())?;
                for codec in codecs(magic) {
                    write!(f, " {:>9}", self.cell(shape, magic, codec.id()))?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::RELEASES;
    use super::*;

    #[test]
    fn a_failure_shows_in_its_cell_and_in_the_sum() {
        let case = RELEASES[0].cases(Maker::Us, 1)[0];
        let mut table = Table::default();
        table.compared(&case, true);
        assert_eq!((table.passed(), table.failed()), (1, 0));
        assert!(table.to_string().contains("- ✓1"), "{table}");
        table.compared(&case, false);
        assert_eq!((table.passed(), table.failed()), (1, 1));
        assert!(table.to_string().contains("- ✗1/2"), "{table}");
    }
}
