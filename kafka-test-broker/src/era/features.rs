use super::Era;

/// A feature of the cluster (KIP-584) and its range of levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub name: &'static str,
    pub min: i16,
    pub max: i16,
}

const fn feature(name: &'static str, min: i16, max: i16) -> Feature {
    Feature { name, min, max }
}

/// What the brokers of an era support, in the order in which they say so.
pub(crate) fn supported(era: Era) -> &'static [Feature] {
    match era {
        Era::V4_3 | Era::EveryVersion => &SUPPORTED_4_3,
        Era::V4_0 => &SUPPORTED_4_0,
        Era::V3_9 => &SUPPORTED_3_9,
        _ => &[],
    }
}

/// The levels in use in a new cluster of an era.
pub(crate) fn finalized(era: Era) -> &'static [(&'static str, i16)] {
    match era {
        Era::V4_3 | Era::EveryVersion => &FINALIZED_4_3,
        Era::V4_0 => &FINALIZED_4_0,
        Era::V3_9 => &FINALIZED_3_9,
        _ => &[],
    }
}

const SUPPORTED_4_3: [Feature; 7] = [
    feature("group.version", 0, 1),
    feature("kraft.version", 0, 1),
    feature("metadata.version", 7, 30),
    feature("share.version", 0, 1),
    feature("streams.version", 0, 1),
    feature("transaction.version", 0, 2),
    feature("eligible.leader.replicas.version", 0, 1),
];

const FINALIZED_4_3: [(&str, i16); 6] = [
    ("group.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
    ("eligible.leader.replicas.version", 1),
    ("share.version", 1),
    ("metadata.version", 30),
];

const SUPPORTED_4_0: [Feature; 5] = [
    feature("group.version", 0, 1),
    feature("kraft.version", 0, 1),
    feature("metadata.version", 7, 25),
    feature("transaction.version", 0, 2),
    feature("eligible.leader.replicas.version", 0, 1),
];

const FINALIZED_4_0: [(&str, i16); 3] = [
    ("group.version", 1),
    ("transaction.version", 2),
    ("metadata.version", 25),
];

const SUPPORTED_3_9: [Feature; 2] = [
    feature("kraft.version", 0, 1),
    feature("metadata.version", 1, 21),
];

const FINALIZED_3_9: [(&str, i16); 1] = [("metadata.version", 21)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_use_is_supported() {
        for era in Era::RELEASES.into_iter().chain([Era::EveryVersion]) {
            for (name, level) in finalized(era) {
                let supports = |feature: &Feature| {
                    feature.name == *name && (feature.min..=feature.max).contains(level)
                };
                assert!(supported(era).iter().any(supports), "{era} {name}");
            }
        }
    }
}
