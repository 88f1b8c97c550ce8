//! The members with the fewest and with the most partitions, while partitions
//! move from these to those.

/// Members by their index, sorted by the number of partitions they have.
///
/// The least loaded form a range that grows to the right, the most loaded one
/// that grows to the left; all members of a range stand at the same level.
///
/// ```text
///                         most
///            least        loaded   ┌─ excluded: nothing to give
///            loaded      ┌───────┐▼▼
/// partitions ┌─────┐     │ # # # │##
///            │ # # │ # # │ # # # │##
///            └─────┘     └───────┘
/// ```
#[derive(Debug)]
pub(super) struct LeastAndMost {
    sorted: Vec<usize>,
    /// One past the range of the least loaded, which starts at 0.
    least_end: usize,
    least_level: i64,
    /// The place in `sorted` of the next to get a partition.
    next_least: usize,
    most_start: usize,
    most_end: usize,
    most_level: i64,
    /// One past the place in `sorted` of the next to give a partition.
    next_most: usize,
}

impl LeastAndMost {
    /// `sizes` holds each member's number of partitions; `members` are some of
    /// them. `None` without any member.
    pub(super) fn new(members: &[usize], sizes: &[i64]) -> Option<Self> {
        let mut sorted = members.to_vec();
        sorted.sort_by_key(|member| (size(sizes, *member), *member));
        let least = size(sizes, *sorted.first()?);
        let most = size(sizes, *sorted.last()?);
        let len = sorted.len();
        Some(Self {
            sorted,
            least_end: 0,
            least_level: least - 1,
            next_least: 0,
            most_start: len,
            most_end: len,
            most_level: most + 1,
            next_most: len,
        })
    }

    /// By how many partitions the most loaded of `sizes` exceeds the least.
    pub(super) fn imbalance(&self, sizes: &[i64]) -> i64 {
        let of = |member: Option<&usize>| member.map_or(0, |member| size(sizes, *member));
        of(self.sorted.last()) - of(self.sorted.first())
    }

    /// The member to get the next partition.
    pub(super) fn next_least(&mut self, sizes: &[i64]) -> usize {
        if self.next_least >= self.least_end {
            // Everyone in the range got one: it stands a level higher, and those
            // who stood there join it.
            self.least_level += 1;
            while self.level_at(self.least_end, sizes) == Some(self.least_level) {
                self.least_end += 1;
            }
            self.next_least = 0;
        }
        let member = self.sorted.get(self.next_least).copied().unwrap_or(0);
        self.next_least += 1;
        member
    }

    /// The member to give up a partition next; `None` when nobody can any more.
    pub(super) fn next_most(&mut self, sizes: &[i64]) -> Option<usize> {
        if self.next_most <= self.most_start {
            let below = self.most_start.checked_sub(1);
            let below = below.and_then(|below| self.level_at(below, sizes));
            match below {
                // Everyone in the range was excluded: it starts anew.
                Some(level) if self.most_end <= self.most_start => self.most_level = level,
                _ => self.most_level -= 1,
            }
            while let Some(below) = self.most_start.checked_sub(1)
                && self.level_at(below, sizes) == Some(self.most_level)
            {
                self.most_start = below;
            }
            self.next_most = self.most_end;
        }
        self.next_most = self.next_most.checked_sub(1)?;
        self.sorted.get(self.next_most).copied()
    }

    /// The member last given by [`next_most`](Self::next_most) has nothing to
    /// give.
    pub(super) fn exclude_most(&mut self) {
        let end = self.most_end.saturating_sub(1);
        if self.next_most < self.sorted.len() && end < self.sorted.len() {
            self.sorted.swap(self.next_most, end);
        }
        self.most_end = end;
    }

    /// Whether moving another partition would not help.
    pub(super) fn is_balanced(&self) -> bool {
        self.most_level - self.least_level <= 1
    }

    fn level_at(&self, place: usize, sizes: &[i64]) -> Option<i64> {
        self.sorted.get(place).map(|member| size(sizes, *member))
    }
}

fn size(sizes: &[i64], member: usize) -> i64 {
    sizes.get(member).copied().unwrap_or(0)
}
