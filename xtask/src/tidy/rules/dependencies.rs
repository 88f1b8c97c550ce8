//! Which crate of the workspace may depend on which (ARCHITECTURE.md, bird's eye).

use super::{Finding, Rule, Workspace};
use crate::tidy::workspace::Package;

pub(super) const RULE: Rule = Rule {
    name: "dependency-direction",
    holds: "crates depend on each other only along the arrows of ARCHITECTURE.md",
    check,
    planted: &[
        (
            "kafka-net/Cargo.toml",
            "[package]\nname = \"kafka-net\"\n[dependencies]\nkafka-router.workspace = true\n",
        ),
        (
            "kafka-router/Cargo.toml",
            "[package]\nname = \"kafka-router\"\n",
        ),
    ],
};

struct Edges {
    from: &'static str,
    /// `[dependencies]`.
    to: &'static [&'static str],
    /// `[dev-dependencies]` besides.
    in_tests: &'static [&'static str],
}

const fn edges(
    from: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
) -> Edges {
    Edges { from, to, in_tests }
}

const ALLOWED: &[Edges] = &[
    edges("kafka-protocol-derive", &[], &[]),
    edges("kafka-protocol", &["kafka-protocol-derive"], &[]),
    edges("kafka-net", &["kafka-protocol"], &["kafka-test-broker"]),
    edges(
        "kafka-router",
        &["kafka-protocol", "kafka-net"],
        &["kafka-test-broker"],
    ),
    edges(
        "kafka-producer",
        &["kafka-protocol", "kafka-net", "kafka-router"],
        &["kafka-test-broker", "kafka-sim"],
    ),
    edges(
        "kafka-consumer",
        &["kafka-protocol", "kafka-net", "kafka-router"],
        &["kafka-test-broker", "kafka-sim"],
    ),
    edges(
        "kafka-admin",
        &["kafka-protocol", "kafka-net", "kafka-router"],
        &["kafka-test-broker", "kafka-sim"],
    ),
    edges(
        "kafka-client",
        &[
            "kafka-protocol",
            "kafka-net",
            "kafka-router",
            "kafka-producer",
            "kafka-consumer",
            "kafka-admin",
        ],
        &["kafka-test-broker", "kafka-sim"],
    ),
    // Depends on the codecs alone, so that a mistake of the client's layers
    // cannot hide in the broker that tests them.
    edges("kafka-test-broker", &["kafka-protocol"], &["kafka-client"]),
    edges(
        "kafka-sim",
        &[
            "kafka-protocol",
            "kafka-net",
            "kafka-client",
            "kafka-test-broker",
        ],
        &[],
    ),
    edges(
        "kafka-examples",
        &["kafka-client", "kafka-test-broker"],
        &[],
    ),
    edges("kafka-harness", &[], &[]),
    edges(
        "kafka-suite",
        // The soak records a history, and moves leaders with requests of its own.
        &[
            "kafka-harness",
            "kafka-client",
            "kafka-test-broker",
            "kafka-sim",
            "kafka-net",
            "kafka-protocol",
        ],
        // It drops the futures of every layer.
        &[
            "kafka-router",
            "kafka-producer",
            "kafka-consumer",
            "kafka-admin",
        ],
    ),
    edges("xtask", &["kafka-harness", "kafka-protocol"], &[]),
    edges("kafka-peers", &["kafka-protocol"], &[]),
    // The programs of `cargo xtask bench peers`; nothing depends on them.
    edges("peer-contract", &[], &[]),
    edges("peer-ours", &["peer-contract", "kafka-client"], &[]),
    edges("peer-floor", &["peer-contract", "kafka-protocol"], &[]),
    edges(
        "peer-null-broker",
        &["peer-contract", "kafka-protocol"],
        &[],
    ),
    edges("peer-librdkafka", &["peer-contract"], &[]),
    edges("peer-krafka", &["peer-contract"], &[]),
    edges("peer-kacrab", &["peer-contract"], &[]),
    edges("peer-confluent", &["peer-contract"], &[]),
    edges("peer-rskafka", &["peer-contract"], &[]),
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let members: Vec<&str> = workspace
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = package.manifest_path();
        let Some(edges) = ALLOWED.iter().find(|edges| edges.from == package.name) else {
            let text = format!(
                "{} has no row in the table of edges (xtask/src/tidy/rules/dependencies.rs)",
                package.name
            );
            findings.push(Finding::new(&path, 0, text));
            continue;
        };
        for (section, dependency) in dependencies(package) {
            // The suite and the examples are tests through and through.
            let tests = section == "dev-dependencies";
            let allowed = edges.to.contains(&dependency.as_str())
                || tests
                    && (edges.in_tests.contains(&dependency.as_str())
                        || dependency == package.name);
            if members.contains(&dependency.as_str()) && !allowed {
                findings.push(Finding::new(
                    &path,
                    0,
                    format!("{} may not have {dependency} in [{section}]", package.name),
                ));
            }
        }
    }
    findings
}

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// All dependencies of a package with their section, those of `target.….` included.
pub(super) fn dependencies(package: &Package) -> Vec<(&'static str, String)> {
    let mut tables = vec![&package.manifest];
    let targets = package
        .manifest
        .get("target")
        .and_then(toml::Value::as_table);
    tables.extend(
        targets
            .into_iter()
            .flat_map(|table| table.values())
            .filter_map(toml::Value::as_table),
    );
    let mut all = Vec::new();
    for table in tables {
        for section in SECTIONS {
            let Some(entries) = table.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for (key, value) in entries {
                // `name = { package = "real-name" }` depends on the real name.
                let renamed = value.get("package").and_then(toml::Value::as_str);
                all.push((section, renamed.unwrap_or(key).to_owned()));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    fn check_manifests(manifests: &[(&str, &str)]) -> usize {
        let texts: Vec<(String, String)> = manifests
            .iter()
            .map(|(name, rest)| {
                (
                    format!("{name}/Cargo.toml"),
                    format!("[package]\nname = \"{name}\"\n{rest}"),
                )
            })
            .collect();
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        findings(&RULE, &files).len()
    }

    #[test]
    fn only_the_arrows_are_allowed() {
        let broker = ("kafka-test-broker", "");
        let protocol = ("kafka-protocol", "");
        let check = |rest: &str, expected: usize| {
            assert_eq!(
                check_manifests(&[broker, protocol, ("kafka-net", rest)]),
                expected,
                "{rest}"
            );
        };
        check(
            "[dependencies]\nkafka-protocol.workspace = true\nbytes = \"1\"\n",
            0,
        );
        check("[dependencies]\nkafka-test-broker.workspace = true\n", 1);
        check(
            "[dev-dependencies]\nkafka-test-broker.workspace = true\n",
            0,
        );
        check("[dependencies.kafka-test-broker]\nworkspace = true\n", 1);
        check(
            "[target.'cfg(unix)'.dependencies]\nkafka-test-broker = { path = \"..\" }\n",
            1,
        );
        check(
            "[dependencies]\nbroker = { package = \"kafka-test-broker\", path = \"..\" }\n",
            1,
        );
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(check_manifests(&[("kafka-new", "")]), 1);
    }
}
