//! Connecting and resolving go through the injected connector (invariant 7).

use super::{Finding, Rule, Workspace, banned_in_libraries};

pub(super) const RULE: Rule = Rule {
    name: "one-connector",
    holds: "sockets are opened and names resolved only by kafka-net's connector and the test broker's server",
    check,
    planted: &[(
        "kafka-x/src/lib.rs",
        "async fn f() { tokio::net::TcpStream::connect(\"a:1\").await; }\n",
    )],
};

const MAY: [&str; 4] = [
    "kafka-net/src/connector",
    "kafka-test-broker/src/network/",
    "kafka-test-broker/src/server",
    "kafka-test-broker/src/main.rs",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let sockets = [
        "TcpStream",
        "TcpListener",
        "TcpSocket",
        "UdpSocket",
        "lookup_host",
        "ToSocketAddrs",
    ];
    let why = "is outside of the injected connector: a simulation could not reach it";
    let mut findings = banned_in_libraries(workspace, &sockets, why, &[]);
    findings.retain(|finding| !MAY.iter().any(|prefix| finding.path.starts_with(prefix)));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, lines};
    use super::*;

    #[test]
    fn sockets_belong_to_the_connector_and_to_tests() {
        assert_eq!(lines(&RULE, "use std::net::ToSocketAddrs;"), [1]);
        assert!(
            lines(
                &RULE,
                "use std::net::SocketAddr;\n#[cfg(test)] use tokio::net::TcpListener;"
            )
            .is_empty()
        );
        assert!(
            findings(
                &RULE,
                &[("kafka-net/src/connector.rs", "use tokio::net::TcpStream;")]
            )
            .is_empty()
        );
    }
}
