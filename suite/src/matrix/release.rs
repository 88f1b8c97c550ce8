//! Releases in their order.

/// A release of Kafka, such as `0.10.2.2`; ordered by its numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    numbers: Vec<u32>,
}

impl Release {
    /// Reads its number; what is no number counts as 0.
    pub fn of(text: &str) -> Self {
        let numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
        Self {
            numbers: numbers.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_in_their_order() {
        let order = [
            "0.8", "0.8.2.2", "0.10", "0.10.1", "0.11", "1.1.1", "2.8.2", "4.3.1",
        ];
        assert!(order.map(Release::of).is_sorted());
    }
}
