//! kafka-protocol does no I/O, reads no clock, depends on no async runtime
//! (invariant 1).

use super::dependencies::dependencies;
use super::{Finding, Rule, Workspace, banned};

pub(super) const RULE: Rule = Rule {
    name: "protocol-purity",
    holds: "kafka-protocol does no I/O, reads no clock and depends on no async runtime",
    check,
    planted: &[
        (
            "kafka-protocol/Cargo.toml",
            "[package]\nname = \"kafka-protocol\"\n[dependencies]\ntokio = \"1\"\n",
        ),
        ("kafka-protocol/src/lib.rs", "use std::net::TcpStream;\n"),
    ],
};

const PACKAGES: [&str; 2] = ["kafka-protocol", "kafka-protocol-derive"];

const RUNTIMES: [&str; 9] = [
    "tokio",
    "tokio-util",
    "async-std",
    "smol",
    "futures",
    "futures-util",
    "futures-core",
    "mio",
    "async-io",
];

const IMPURE: &[&str] = &[
    "tokio",
    "async",
    "std :: net",
    "std :: fs",
    "std :: thread",
    "std :: process",
    "std :: env",
    "std :: time",
    "Instant",
    "SystemTime",
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace
        .packages
        .iter()
        .filter(|package| PACKAGES.contains(&package.name.as_str()))
    {
        for (section, name) in dependencies(package) {
            if section != "dev-dependencies" && RUNTIMES.contains(&name.as_str()) {
                findings.push(Finding::new(
                    &package.manifest_path(),
                    0,
                    format!("depends on {name}"),
                ));
            }
        }
    }
    for source in &workspace.sources {
        if PACKAGES.iter().any(|name| source.in_package(name)) {
            findings.extend(banned(source, IMPURE, "has no place in the codecs"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;

    #[test]
    fn sockets_clocks_and_runtimes_are_found_outside_of_tests_only() {
        let check = |manifest: &str, source: &str, expected: usize| {
            let manifest = format!("[package]\nname = \"kafka-protocol\"\n{manifest}");
            let files = [
                ("kafka-protocol/Cargo.toml", manifest.as_str()),
                ("kafka-protocol/src/a.rs", source),
            ];
            assert_eq!(
                findings(&RULE, &files).len(),
                expected,
                "{manifest} {source}"
            );
        };
        check("[dependencies]\nfutures-util = \"0.3\"\n", "", 1);
        check("[dev-dependencies]\ntokio = \"1\"\n", "", 0);
        check("", "fn f() { std::fs::read(\"x\"); }", 1);
        check("", "async fn f() {}", 1);
        check(
            "",
            "use std::io;\n#[cfg(test)] mod tests { use std::time::Instant; }",
            0,
        );
    }
}
