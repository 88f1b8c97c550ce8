use std::fmt;

/// One piece of work, done by two or three sides.
pub struct Case {
    /// What is done, to what.
    pub name: String,
    /// What the figures are per: `record` or `frame`.
    pub unit: &'static str,
    /// How many of them one run handles.
    pub units: usize,
    /// Who does it. Each run returns a sum over what it found or wrote, the same
    /// for ours and for the peer.
    pub sides: Vec<(Column, Box<dyn FnMut() -> u64>)>,
}

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// This project's kafka-protocol.
    Ours,
    /// The least that any implementation does: copying and a CRC-32C.
    Bare,
    /// The published kafka-protocol crate.
    Peer,
}

impl Case {
    pub fn new(name: impl Into<String>, unit: &'static str, units: usize) -> Self {
        Self {
            name: name.into(),
            unit,
            units,
            sides: Vec::new(),
        }
    }

    /// Adds a side.
    #[must_use]
    pub fn with(mut self, column: Column, run: impl FnMut() -> u64 + 'static) -> Self {
        self.sides.push((column, Box::new(run)));
        self
    }

    /// Runs ours and the peer once and demands that they found the same.
    pub fn check(&mut self) {
        let mut sum_of = |wanted| {
            let mut sides = self.sides.iter_mut();
            let side = sides.find(|(column, _)| *column == wanted);
            side.map(|(_, run)| run())
        };
        let (ours, peer) = (sum_of(Column::Ours), sum_of(Column::Peer));
        assert!(
            peer.is_none() || ours == peer,
            "{}: ours {ours:?}, peer {peer:?}",
            self.name
        );
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Bare => "bare",
            Self::Peer => "peer",
        })
    }
}
