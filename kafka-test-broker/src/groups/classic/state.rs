/// ```text
///            join                     all joined, or time is up
///   Empty ─────────► PreparingRebalance ────────► CompletingRebalance
///     ▲                │  ▲      ▲                     │     │
///     └────────────────┘  │      └─── join, leave ─────┘     │ the leader's
///      nobody joined      │           or time is up          ▼ assignment
///                         └────────────────────────────── Stable
/// ```
///
/// A group that is deleted, or that another broker coordinates now, is `Dead` in
/// Kafka; here it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicState {
    /// No members; there may be offsets.
    Empty,
    /// Waits for members to join.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    /// Every member can have its assignment.
    Stable,
}

impl ClassicState {
    /// As DescribeGroups and ListGroups tell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}
