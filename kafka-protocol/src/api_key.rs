use std::fmt;

/// Declares the enum and its look-ups from one table, so that a key's number,
/// name and first flexible version stand in one line.
macro_rules! api_keys {
    ($($code:literal $name:ident $flexible:expr;)*) => {
        /// The APIs of Kafka's protocol, each with its number on the wire.
        ///
        /// Every key from 0.8 to 4.4, the ZooKeeper-era broker calls (4 to 7)
        /// included. New releases add keys, so a match needs a catch-all arm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(i16)]
        pub enum ApiKey {
            $(
                #[doc = concat!("API ", stringify!($code), ", ", stringify!($name), ".")]
                $name = $code,
            )*
        }

        impl ApiKey {
            /// Every key, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The key with this number, or `None` when Kafka 4.4 knows none.
            pub const fn from_code(code: i16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Kafka's name of the API, for example `Produce`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The first version with tagged fields and compact lengths
            /// (KIP-482), `None` for an API that never got one.
            pub const fn first_flexible(self) -> Option<i16> {
                match self {
                    $(Self::$name => $flexible,)*
                }
            }
        }
    };
}

impl ApiKey {
    /// The number on the wire.
    pub const fn code(self) -> i16 {
        self as i16
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

api_keys! {
    0 Produce Some(9);
    1 Fetch Some(12);
    2 ListOffsets Some(6);
    3 Metadata Some(9);
    4 LeaderAndIsr Some(4);
    5 StopReplica Some(2);
    6 UpdateMetadata Some(6);
    7 ControlledShutdown Some(3);
    8 OffsetCommit Some(8);
    9 OffsetFetch Some(6);
    10 FindCoordinator Some(3);
    11 JoinGroup Some(6);
    12 Heartbeat Some(4);
    13 LeaveGroup Some(4);
    14 SyncGroup Some(4);
    15 DescribeGroups Some(5);
    16 ListGroups Some(3);
    17 SaslHandshake None;
    18 ApiVersions Some(3);
    19 CreateTopics Some(5);
    20 DeleteTopics Some(4);
    21 DeleteRecords Some(2);
    22 InitProducerId Some(2);
    23 OffsetForLeaderEpoch Some(4);
    24 AddPartitionsToTxn Some(3);
    25 AddOffsetsToTxn Some(3);
    26 EndTxn Some(3);
    27 WriteTxnMarkers Some(1);
    28 TxnOffsetCommit Some(3);
    29 DescribeAcls Some(2);
    30 CreateAcls Some(2);
    31 DeleteAcls Some(2);
    32 DescribeConfigs Some(4);
    33 AlterConfigs Some(2);
    34 AlterReplicaLogDirs Some(2);
    35 DescribeLogDirs Some(2);
    36 SaslAuthenticate Some(2);
    37 CreatePartitions Some(2);
    38 CreateDelegationToken Some(2);
    39 RenewDelegationToken Some(2);
    40 ExpireDelegationToken Some(2);
    41 DescribeDelegationToken Some(2);
    42 DeleteGroups Some(2);
    43 ElectLeaders Some(2);
    44 IncrementalAlterConfigs Some(1);
    45 AlterPartitionReassignments Some(0);
    46 ListPartitionReassignments Some(0);
    47 OffsetDelete None;
    48 DescribeClientQuotas Some(1);
    49 AlterClientQuotas Some(1);
    50 DescribeUserScramCredentials Some(0);
    51 AlterUserScramCredentials Some(0);
    52 Vote Some(0);
    53 BeginQuorumEpoch Some(1);
    54 EndQuorumEpoch Some(1);
    55 DescribeQuorum Some(0);
    56 AlterPartition Some(0);
    57 UpdateFeatures Some(0);
    58 Envelope Some(0);
    59 FetchSnapshot Some(0);
    60 DescribeCluster Some(0);
    61 DescribeProducers Some(0);
    62 BrokerRegistration Some(0);
    63 BrokerHeartbeat Some(0);
    64 UnregisterBroker Some(0);
    65 DescribeTransactions Some(0);
    66 ListTransactions Some(0);
    67 AllocateProducerIds Some(0);
    68 ConsumerGroupHeartbeat Some(0);
    69 ConsumerGroupDescribe Some(0);
    70 ControllerRegistration Some(0);
    71 GetTelemetrySubscriptions Some(0);
    72 PushTelemetry Some(0);
    73 AssignReplicasToDirs Some(0);
    74 ListConfigResources Some(0);
    75 DescribeTopicPartitions Some(0);
    76 ShareGroupHeartbeat Some(0);
    77 ShareGroupDescribe Some(0);
    78 ShareFetch Some(0);
    79 ShareAcknowledge Some(0);
    80 AddRaftVoter Some(0);
    81 RemoveRaftVoter Some(0);
    82 UpdateRaftVoter Some(0);
    83 InitializeShareGroupState Some(0);
    84 ReadShareGroupState Some(0);
    85 WriteShareGroupState Some(0);
    86 DeleteShareGroupState Some(0);
    87 ReadShareGroupStateSummary Some(0);
    88 StreamsGroupHeartbeat Some(0);
    89 StreamsGroupDescribe Some(0);
    90 DescribeShareGroupOffsets Some(0);
    91 AlterShareGroupOffsets Some(0);
    92 DeleteShareGroupOffsets Some(0);
    93 StreamsGroupTopologyDescriptionUpdate Some(0);
    94 UnregisterController Some(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_their_keys() {
        assert_eq!(ApiKey::ALL.len(), 95);
        for (position, key) in ApiKey::ALL.iter().enumerate() {
            assert_eq!(usize::try_from(key.code()), Ok(position));
            assert_eq!(ApiKey::from_code(key.code()), Some(*key));
        }
        assert_eq!(ApiKey::from_code(-1), None);
        assert_eq!(ApiKey::from_code(95), None);
    }

    #[test]
    fn shown_by_name() {
        assert_eq!(
            ApiKey::OffsetForLeaderEpoch.to_string(),
            "OffsetForLeaderEpoch"
        );
        assert_eq!(ApiKey::SaslHandshake.first_flexible(), None);
        assert_eq!(ApiKey::Produce.first_flexible(), Some(9));
    }
}
