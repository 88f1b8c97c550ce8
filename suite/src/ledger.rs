//! Each record once, in order within its partition.

use std::collections::BTreeMap;

/// Takes note of numbered records as they are consumed.
#[derive(Clone, Debug)]
pub struct Ledger {
    seen: Vec<bool>,
    count: u64,
    /// By partition: the last offset and number.
    last: BTreeMap<i32, (i64, u64)>,
}

impl Ledger {
    /// Expects the numbers 0 to `total` − 1, sent in this order.
    pub fn expecting(total: u64) -> Self {
        let seen = vec![false; usize::try_from(total).unwrap_or(usize::MAX)];
        Self {
            seen,
            count: 0,
            last: BTreeMap::new(),
        }
    }

    /// Enters a record; the error says what is wrong with it.
    pub fn enter(&mut self, partition: i32, offset: i64, n: u64) -> Result<(), String> {
        let place = format!("record {n} at partition {partition} offset {offset}");
        let seen = usize::try_from(n).ok().and_then(|n| self.seen.get_mut(n));
        match seen {
            None => return Err(format!("{place} was never sent")),
            Some(true) => return Err(format!("{place} was there before: doubled")),
            Some(seen) => *seen = true,
        }
        self.count += 1;
        if let Some((last_offset, last)) = self.last.insert(partition, (offset, n)) {
            if last_offset >= offset {
                return Err(format!("{place} comes after offset {last_offset}"));
            }
            if last >= n {
                return Err(format!("{place} comes after record {last}: out of order"));
            }
        }
        Ok(())
    }

    /// How many were entered.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether all expected records were entered.
    pub fn is_complete(&self) -> bool {
        self.missing().is_none()
    }

    /// The first record that was not entered.
    pub fn missing(&self) -> Option<usize> {
        // Counting first: this is asked once a batch.
        if self.count == self.seen.len() as u64 {
            return None;
        }
        self.seen.iter().position(|seen| !seen)
    }

    /// How many partitions had records.
    pub fn partitions(&self) -> usize {
        self.last.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_and_in_order_is_all_it_takes() {
        let mut ledger = Ledger::expecting(4);
        for (partition, offset, n) in [(0, 0, 0), (1, 0, 1), (0, 5, 3), (1, 1, 2)] {
            assert_eq!(ledger.missing().is_some(), !ledger.is_complete());
            ledger.enter(partition, offset, n).unwrap();
        }
        assert!(ledger.is_complete());
        assert_eq!((ledger.count(), ledger.partitions()), (4, 2));
    }

    #[test]
    fn a_doubled_lost_foreign_or_reordered_record_is_named() {
        let check = |entries: &[(i32, i64, u64)], wanted: &str| {
            let mut ledger = Ledger::expecting(4);
            let error = entries
                .iter()
                .find_map(|(p, o, n)| ledger.enter(*p, *o, *n).err());
            assert!(
                error.as_ref().is_some_and(|text| text.contains(wanted)),
                "{error:?} {wanted}"
            );
        };
        check(&[(0, 0, 1), (1, 0, 1)], "doubled");
        check(&[(0, 0, 4)], "never sent");
        check(&[(0, 0, 2), (0, 1, 1)], "out of order");
        check(&[(0, 7, 0), (0, 7, 1)], "after offset 7");
        let mut ledger = Ledger::expecting(2);
        ledger.enter(0, 0, 1).unwrap();
        assert_eq!(ledger.missing(), Some(0));
    }
}
