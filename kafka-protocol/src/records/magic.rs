use std::fmt;

/// The format of records, as the magic byte of a batch or message tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Magic {
    /// Messages of Kafka before 0.10: no timestamps.
    V0,
    /// Messages of Kafka 0.10 (KIP-31, KIP-32): timestamps, and offsets relative
    /// to their wrapper.
    V1,
    /// Record batches, since Kafka 0.11 (KIP-98): headers, producers, transactions.
    V2,
}

impl Magic {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 3] = [Self::V0, Self::V1, Self::V2];

    /// The number on the wire.
    pub const fn id(self) -> i8 {
        match self {
            Self::V0 => 0,
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// The format of that number, if there is one.
    pub const fn from_id(id: i8) -> Option<Self> {
        match id {
            0 => Some(Self::V0),
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }
}

impl fmt::Display for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "magic {}", self.id())
    }
}
