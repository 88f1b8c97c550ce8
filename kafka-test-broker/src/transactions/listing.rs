use std::collections::BTreeSet;

use kafka_protocol::{ErrorCode, StrBytes};
use regex::Regex;

use super::{Transaction, TransactionState};

/// Which transactions are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// `None` for any.
    states: Option<BTreeSet<TransactionState>>,
    /// Empty for any.
    producer_ids: BTreeSet<i64>,
    /// How long a transaction must have been open, in milliseconds; negative
    /// for any.
    duration_ms: i64,
    id: Option<Regex>,
    /// States asked for that there are none of.
    pub unknown_states: Vec<StrBytes>,
}

impl Filter {
    /// `INVALID_REGULAR_EXPRESSION` where `pattern` is none. It has to match the
    /// whole id.
    pub(crate) fn new(
        states: &[StrBytes],
        producer_ids: &[i64],
        duration_ms: i64,
        pattern: Option<&str>,
    ) -> Result<Self, ErrorCode> {
        let mut known = BTreeSet::new();
        let mut unknown_states = Vec::new();
        let mut seen = BTreeSet::new();
        for name in states {
            match TransactionState::from_name(name) {
                Some(state) => {
                    known.insert(state);
                }
                None if seen.insert(name) => unknown_states.push(name.clone()),
                None => {}
            }
        }
        let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$"));
        let id = pattern
            .filter(|pattern| !pattern.is_empty())
            .map(|pattern| Regex::new(pattern).and_then(|_| whole(pattern)))
            .transpose()
            .map_err(|_| ErrorCode::InvalidRegularExpression)?;
        Ok(Self {
            states: (!states.is_empty()).then_some(known),
            producer_ids: producer_ids.iter().copied().collect(),
            duration_ms,
            id,
            unknown_states,
        })
    }

    /// Whether a transaction is wanted.
    pub(crate) fn wants(&self, id: &str, transaction: &Transaction, wall_ms: i64) -> bool {
        let open_ms = wall_ms.saturating_sub(transaction.start_ms);
        let states = self.states.as_ref();
        states.is_none_or(|states| states.contains(&transaction.state))
            && (self.producer_ids.is_empty()
                || self.producer_ids.contains(&transaction.producer_id))
            && (self.duration_ms < 0 || open_ms > self.duration_ms)
            && self.id.as_ref().is_none_or(|pattern| pattern.is_match(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        states: &[&'static str],
        producer_ids: &[i64],
        duration_ms: i64,
        pattern: Option<&str>,
    ) -> bool {
        let states: Vec<_> = states.iter().copied().map(StrBytes::from_static).collect();
        let filter = Filter::new(&states, producer_ids, duration_ms, pattern).unwrap();
        let mut transaction = Transaction::new(7, 60_000, 0);
        transaction.state = TransactionState::Ongoing;
        transaction.start_ms = 1_000;
        filter.wants("shop-12", &transaction, 1_500)
    }

    #[test]
    fn all_filters_have_to_match() {
        assert!(check(&[], &[], -1, None));
        assert!(check(
            &["Empty", "Ongoing"],
            &[7, 8],
            499,
            Some("shop-[0-9]+")
        ));
        assert!(check(&[], &[], -1, Some("")));
        assert!(!check(&["Empty"], &[], -1, None));
        assert!(!check(&["Nonsense"], &[], -1, None));
        assert!(!check(&[], &[8], -1, None));
        assert!(!check(&[], &[], 500, None));
        // Not a part of it only, in whatever branch.
        assert!(!check(&[], &[], -1, Some("shop")));
        assert!(!check(&[], &[], -1, Some("shop|x")));
    }

    #[test]
    fn what_is_unknown_is_told() {
        let states = ["Open", "Ongoing", "Open"].map(StrBytes::from_static);
        let filter = Filter::new(&states, &[], -1, None).unwrap();
        assert_eq!(filter.unknown_states, ["Open"]);
        let broken = Filter::new(&[], &[], -1, Some("(")).map(|_| ());
        assert_eq!(broken, Err(ErrorCode::InvalidRegularExpression));
    }
}
