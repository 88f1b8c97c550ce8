//! The scenarios by name: those that must hold, and those that do not yet.

use super::programs::Program;

/// One scenario of one program.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Also the name of its transcript, topics and groups.
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// How many brokers the cluster has.
    pub(super) brokers: u32,
    /// Why the embedded cluster need not leave the same yet.
    pub(super) pending: Option<&'static str>,
}

impl Scenario {
    /// One that must hold on a single broker.
    const fn one(program: Program, name: &'static str) -> Self {
        Self {
            name,
            program,
            brokers: 1,
            pending: None,
        }
    }

    const fn on_three(mut self) -> Self {
        self.brokers = 3;
        self
    }

    const fn pending(mut self, reason: &'static str) -> Self {
        self.pending = Some(reason);
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
    rd("rd-transaction-fenced")
        .pending("the binding sometimes fails in its own callback while it is fenced"),
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
    go("go-api-versions")
        .pending("share and streams groups, the quorum and delegation tokens are not served"),
];
