//! How much, and of what.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::schedule::{Area, FaultKind};

/// What kind of runs the seeds mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Profile {
    /// Short, with few clients.
    Quick,
    /// A bit of everything.
    #[default]
    Default,
    /// Long, with many clients and faults.
    Heavy,
    /// Faults of the network alone.
    Network,
    /// Faults that producers meet, and many producers.
    Producer,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Quick,
        Self::Default,
        Self::Heavy,
        Self::Network,
        Self::Producer,
    ];

    pub(super) fn kinds(self) -> Vec<FaultKind> {
        let areas: &[Area] = match self {
            Self::Network => &[Area::Network],
            Self::Producer => &[
                Area::Produce,
                Area::Brokers,
                Area::Answers,
                Area::Operations,
            ],
            _ => {
                return FaultKind::ALL.to_vec();
            }
        };
        let kinds = FaultKind::ALL.iter().copied();
        kinds.filter(|kind| areas.contains(&kind.area())).collect()
    }

    /// Faults at most, and within what time.
    pub(super) fn faults(self) -> (usize, Duration) {
        match self {
            Self::Quick => (6, Duration::from_secs(1)),
            Self::Heavy => (60, Duration::from_secs(12)),
            _ => (16, Duration::from_secs(4)),
        }
    }

    /// Producers at most, readers at most, records of each producer at most.
    pub(super) fn traffic(self) -> (u64, u64, u64) {
        match self {
            Self::Quick => (2, 1, 60),
            Self::Heavy => (6, 4, 600),
            Self::Producer => (5, 1, 250),
            _ => (3, 2, 160),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Quick => "quick",
            Self::Default => "default",
            Self::Heavy => "heavy",
            Self::Network => "network",
            Self::Producer => "producer",
        })
    }
}

/// No profile has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProfile(String);

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no profile is called {:?}; there are", self.0)?;
        Profile::ALL
            .iter()
            .try_for_each(|known| write!(f, " {known}"))
    }
}

impl std::error::Error for UnknownProfile {}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let mut all = Self::ALL.into_iter();
        all.find(|profile| profile.to_string() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}
