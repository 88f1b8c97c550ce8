use std::collections::BTreeMap;

use crate::era::{self, Era, Feature};

/// The levels at which the cluster's features are in use (KIP-584).
#[derive(Clone, Debug)]
pub(crate) struct Features {
    era: Era,
    levels: BTreeMap<&'static str, i16>,
    epoch: i64,
}

/// Where the epoch of a new cluster stands: at the offset of the metadata log
/// after which it serves.
const FIRST_EPOCH: i64 = 15;

impl Features {
    /// The levels of a new cluster.
    pub(crate) fn new(era: Era) -> Self {
        Self {
            era,
            levels: era::finalized(era).iter().copied().collect(),
            epoch: match era {
                // It keeps features in ZooKeeper, where nobody wrote any yet.
                Era::V2_8 => 0,
                _ if era < Era::V2_8 => -1,
                _ => FIRST_EPOCH,
            },
        }
    }

    /// The level of a feature; 0 when it is not in use.
    pub(crate) fn level(&self, name: &str) -> i16 {
        self.levels.get(name).copied().unwrap_or(0)
    }

    /// Every feature in use and its level, by name.
    pub(crate) fn finalized(&self) -> impl Iterator<Item = (&'static str, i16)> {
        self.levels.iter().map(|(name, level)| (*name, *level))
    }

    /// Counts the changes; negative where the era has no features.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// What brokers support of a feature.
    pub(crate) fn supported(&self, name: &str) -> Option<Feature> {
        let mut all = era::supported(self.era).iter();
        all.find(|feature| feature.name == name).copied()
    }

    /// Sets the level of a feature; 0 takes it out of use. Does nothing to one
    /// that is not supported.
    pub(crate) fn set(&mut self, name: &str, level: i16) {
        let Some(feature) = self.supported(name) else {
            return;
        };
        match level {
            0 => self.levels.remove(feature.name),
            level => self.levels.insert(feature.name, level),
        };
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_start_as_the_era_has_them_and_change() {
        let mut features = Features::new(Era::V4_3);
        assert_eq!(features.level("transaction.version"), 2);
        let epoch = features.epoch();
        features.set("transaction.version", 0);
        features.set("no.such.feature", 1);
        assert_eq!(features.level("transaction.version"), 0);
        assert_eq!(features.epoch(), epoch + 1);
        assert!(
            features
                .finalized()
                .all(|(name, _)| name != "transaction.version")
        );
        assert_eq!(Features::new(Era::V2_8).epoch(), 0);
        assert_eq!(Features::new(Era::V2_4).epoch(), -1);
        assert_eq!(Features::new(Era::V2_4).finalized().count(), 0);
    }
}
