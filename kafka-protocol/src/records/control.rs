/// What a record of a control batch says. Control records are written by brokers
/// and controllers; applications never see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ControlRecordKind {
    /// The transaction of the batch's producer was aborted (KIP-98).
    Abort,
    /// The transaction of the batch's producer was committed (KIP-98).
    Commit,
    /// A new leader of a KRaft partition (KIP-595).
    LeaderChange,
    /// The first record of a KRaft snapshot (KIP-630).
    SnapshotHeader,
    /// The last record of a KRaft snapshot (KIP-630).
    SnapshotFooter,
    /// The version of the KRaft protocol (KIP-853).
    KRaftVersion,
    /// The set of KRaft voters (KIP-853).
    KRaftVoters,
    /// A kind that this version does not know.
    Unknown(i16),
}

impl ControlRecordKind {
    /// Reads the key of a record of a control batch; `None` if it is too short or
    /// its version is negative.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let [a, b, c, d, ..] = *key else { return None };
        if i16::from_be_bytes([a, b]) < 0 {
            return None;
        }
        Some(Self::from_code(i16::from_be_bytes([c, d])))
    }

    /// The key of such a record, version 0.
    pub fn to_key(self) -> [u8; 4] {
        let [c, d] = self.code().to_be_bytes();
        [0, 0, c, d]
    }

    /// The value of the record that ends a transaction, version 0.
    pub fn end_transaction_value(coordinator_epoch: i32) -> [u8; 6] {
        let [a, b, c, d] = coordinator_epoch.to_be_bytes();
        [0, 0, a, b, c, d]
    }

    /// Whether the record ends a transaction.
    pub fn is_end_transaction(self) -> bool {
        matches!(self, Self::Abort | Self::Commit)
    }

    fn code(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::LeaderChange => 2,
            Self::SnapshotHeader => 3,
            Self::SnapshotFooter => 4,
            Self::KRaftVersion => 5,
            Self::KRaftVoters => 6,
            Self::Unknown(code) => code,
        }
    }

    fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Abort,
            1 => Self::Commit,
            2 => Self::LeaderChange,
            3 => Self::SnapshotHeader,
            4 => Self::SnapshotFooter,
            5 => Self::KRaftVersion,
            6 => Self::KRaftVoters,
            code => Self::Unknown(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(ControlRecordKind::Commit.to_key(), [0, 0, 0, 1]);
        for code in [0, 1, 2, 3, 4, 5, 6, 7, -1, i16::MAX] {
            let kind = ControlRecordKind::from_code(code);
            assert_eq!(ControlRecordKind::from_key(&kind.to_key()), Some(kind));
            assert_eq!(kind.is_end_transaction(), code == 0 || code == 1);
        }
        assert_eq!(ControlRecordKind::from_key(&[0, 0, 0]), None);
        assert_eq!(ControlRecordKind::from_key(&[0xff, 0xff, 0, 1]), None);
        let newer = ControlRecordKind::from_key(&[0, 9, 0, 0, 5, 5]);
        assert_eq!(newer, Some(ControlRecordKind::Abort));
        assert_eq!(
            ControlRecordKind::end_transaction_value(258),
            [0, 0, 0, 0, 1, 2]
        );
    }
}
