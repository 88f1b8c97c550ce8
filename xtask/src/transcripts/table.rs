//! The scenarios by name.

use super::programs::Program;

/// One scenario of one program.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Also the name of its transcript, topics and groups.
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// How many brokers the cluster has.
    pub(super) brokers: u32,
    /// What the lines of the stored transcript begin with that the embedded cluster
    /// does not leave, as it does not serve what they are about.
    pub(super) unserved: &'static [&'static str],
}

/// What a real 4.3.1 serves and the embedded cluster does not: share groups
/// (KIP-932) and streams groups (KIP-1071), which are protocols of their own, and
/// taking a broker's registration away, as its brokers are there from the start.
const UNSERVED: &[&str] = &[
    "  64 UnregisterBroker ",
    "  76 ShareGroupHeartbeat ",
    "  77 ShareGroupDescribe ",
    "  78 ShareFetch ",
    "  79 ShareAcknowledge ",
    "  83 InitializeShareGroupState ",
    "  84 ReadShareGroupState ",
    "  85 WriteShareGroupState ",
    "  86 DeleteShareGroupState ",
    "  87 ReadShareGroupStateSummary ",
    "  88 StreamsGroupHeartbeat ",
    "  89 StreamsGroupDescribe ",
    "  90 DescribeShareGroupOffsets ",
    "  91 AlterShareGroupOffsets ",
    "  92 DeleteShareGroupOffsets ",
];

impl Scenario {
    /// One that must hold on a single broker.
    const fn one(program: Program, name: &'static str) -> Self {
        Self {
            name,
            program,
            brokers: 1,
            unserved: &[],
        }
    }

    const fn on_three(mut self) -> Self {
        self.brokers = 3;
        self
    }

    const fn without(mut self, unserved: &'static [&'static str]) -> Self {
        self.unserved = unserved;
        self
    }
}

const fn rd(name: &'static str) -> Scenario {
    Scenario::one(Program::Python, name)
}

const fn go(name: &'static str) -> Scenario {
    Scenario::one(Program::Go, name)
}

const fn java(name: &'static str) -> Scenario {
    Scenario::one(Program::Java, name)
}

/// Every scenario of every program.
pub(super) const SCENARIOS: &[Scenario] = &[
    java("java-console"),
    java("java-console-codecs"),
    java("java-console-group"),
    java("java-perf"),
    java("java-verifiable-classic"),
    java("java-verifiable-consumer"),
    java("java-topics"),
    java("java-configs"),
    java("java-quotas"),
    java("java-offsets"),
    java("java-leaders"),
    java("java-acls-disabled"),
    java("java-groups-classic"),
    java("java-groups-consumer"),
    java("java-group-range"),
    java("java-group-roundrobin"),
    java("java-group-sticky"),
    java("java-group-cooperative"),
    java("java-group-848-uniform"),
    java("java-group-848-range"),
    java("java-group-static"),
    java("java-group-848-static"),
    java("java-producer"),
    java("java-consumer"),
    java("java-transactions"),
    java("java-transaction-offsets"),
    java("java-transaction-fenced"),
    java("java-transactions-tool"),
    rd("rd-produce"),
    rd("rd-produce-acks-0"),
    rd("rd-codecs"),
    rd("rd-idempotent"),
    rd("rd-refused"),
    rd("rd-assigned"),
    rd("rd-seeking"),
    rd("rd-out-of-range"),
    rd("rd-times"),
    rd("rd-commits"),
    rd("rd-missing-topic"),
    rd("rd-group-range"),
    rd("rd-group-roundrobin"),
    rd("rd-group-cooperative"),
    rd("rd-group-848-uniform"),
    rd("rd-group-848-range"),
    rd("rd-group-static"),
    rd("rd-group-848-static"),
    rd("rd-group-848-subscriptions"),
    rd("rd-group-protocols"),
    rd("rd-transactions"),
    rd("rd-transaction-offsets"),
    rd("rd-transaction-fenced"),
    rd("rd-transactions-interleaved"),
    rd("rd-transaction-timed-out"),
    rd("rd-transaction-refused"),
    rd("rd-three-brokers").on_three(),
    rd("rd-topics"),
    rd("rd-configs"),
    rd("rd-broker-configs"),
    rd("rd-offsets"),
    rd("rd-groups"),
    rd("rd-cluster"),
    rd("rd-no-authorizer"),
    rd("rd-credentials"),
    rd("rd-elections"),
    go("go-produce"),
    go("go-codecs"),
    go("go-in-flight"),
    go("go-refused"),
    go("go-assigned"),
    go("go-out-of-range"),
    go("go-fetch-sizes"),
    go("go-group-range"),
    go("go-group-roundrobin"),
    go("go-group-sticky"),
    go("go-group-cooperative"),
    go("go-group-848-range"),
    go("go-group-848-uniform"),
    go("go-group-static"),
    go("go-group-848-static"),
    go("go-group-848-regex"),
    go("go-group-new-partitions"),
    go("go-transactions"),
    go("go-transaction-fenced"),
    go("go-transaction-states"),
    go("go-transact-session"),
    go("go-transact-session-848"),
    go("go-transaction-markers"),
    go("go-topics"),
    go("go-configs"),
    go("go-offsets"),
    go("go-group-offsets"),
    go("go-quotas"),
    go("go-epochs"),
    go("go-api-versions").without(UNSERVED),
];
