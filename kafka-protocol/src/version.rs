use std::fmt;

/// Versions `min..=max` of a message; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// The oldest version.
    pub min: i16,
    /// The newest version.
    pub max: i16,
}

impl VersionRange {
    /// Versions `min..=max`.
    pub const fn new(min: i16, max: i16) -> Self {
        Self { min, max }
    }

    /// Whether `version` lies in the range.
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    /// Whether every version of `other` lies in the range.
    pub const fn covers(self, other: Self) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    /// The versions both ranges have, or `None`.
    pub const fn intersect(self, other: Self) -> Option<Self> {
        let min = if self.min > other.min {
            self.min
        } else {
            other.min
        };
        let max = if self.max < other.max {
            self.max
        } else {
            other.max
        };
        if min <= max {
            Some(Self { min, max })
        } else {
            None
        }
    }

    /// Every version, oldest first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = i16> {
        self.min..=self.max
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, i16::MAX) => write!(f, "{min}+"),
            (min, max) => write!(f, "{min}-{max}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_versions() {
        let check = |a: (i16, i16), b: (i16, i16), expected: Option<(i16, i16)>| {
            let found = VersionRange::new(a.0, a.1).intersect(VersionRange::new(b.0, b.1));
            assert_eq!(
                found,
                expected.map(|(min, max)| VersionRange::new(min, max)),
                "{a:?} {b:?}"
            );
        };
        check((0, 9), (3, 12), Some((3, 9)));
        check((3, 12), (0, 9), Some((3, 9)));
        check((0, 3), (3, 3), Some((3, 3)));
        check((0, 2), (3, 12), None);
    }

    #[test]
    fn shown_as_kafka_writes_them() {
        assert_eq!(VersionRange::new(0, 9).to_string(), "0-9");
        assert_eq!(VersionRange::new(4, 4).to_string(), "4");
        assert_eq!(VersionRange::new(4, i16::MAX).to_string(), "4+");
    }
}
