//! The facade shows no wire structs: each Kafka release adds fields to them.

use super::{Finding, Rule, Workspace, tokens};

pub(super) const RULE: Rule = Rule {
    name: "facade-hides-messages",
    holds: "kafka-client, -producer, -consumer and -admin re-export no message structs",
    check,
    planted: &[
        (
            "kafka-client/Cargo.toml",
            "[package]\nname = \"kafka-client\"\n",
        ),
        (
            "kafka-client/src/lib.rs",
            "pub use kafka_protocol::messages::ProduceRequest;\n",
        ),
    ],
};

const FACADES: [&str; 4] = [
    "kafka-client",
    "kafka-producer",
    "kafka-consumer",
    "kafka-admin",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace
        .sources
        .iter()
        .filter(|source| FACADES.iter().any(|name| source.in_package(name)))
    {
        for whole in [
            "pub use kafka_protocol ;",
            "pub use kafka_protocol :: *",
            "pub use kafka_protocol :: messages",
        ] {
            for line in tokens::find(&source.library_tokens, whole) {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    "re-exports message structs",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    #[test]
    fn single_types_may_pass_through() {
        let check = |text: &str, expected: usize| {
            let files = [
                (
                    "kafka-client/Cargo.toml",
                    "[package]\nname = \"kafka-client\"\n",
                ),
                ("kafka-client/src/lib.rs", text),
            ];
            assert_eq!(findings(&RULE, &files).len(), expected, "{text}");
        };
        check(
            "pub use kafka_protocol::records::Compression;\nuse kafka_protocol::messages::FetchRequest;",
            0,
        );
        check("pub use kafka_protocol::*;", 1);
        check("pub use kafka_protocol;", 1);
    }
}
