//! Every package keeps the workspace's lints.

use super::{Finding, Rule, Workspace};

pub(super) const RULE: Rule = Rule {
    name: "shared-lints",
    holds: "every package takes the workspace's lints, edition, minimum Rust and license",
    check,
    planted: &[(
        "kafka-net/Cargo.toml",
        "[package]\nname = \"kafka-net\"\nedition.workspace = true\n",
    )],
};

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let inherits = |table: Option<&toml::Value>| {
            table
                .and_then(|value| value.get("workspace"))
                .and_then(toml::Value::as_bool)
                == Some(true)
        };
        if !inherits(package.manifest.get("lints")) {
            findings.push(Finding::new(
                &package.manifest_path(),
                0,
                "[lints] workspace = true is missing",
            ));
        }
        for key in ["edition", "rust-version", "license"] {
            if !inherits(
                package
                    .manifest
                    .get("package")
                    .and_then(|table| table.get(key)),
            ) {
                findings.push(Finding::new(
                    &package.manifest_path(),
                    0,
                    format!("{key}.workspace = true is missing"),
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
    fn all_four_are_asked_for() {
        let check = |manifest: &str| findings(&RULE, &[("kafka-x/Cargo.toml", manifest)]).len();
        let package = "[package]\nname = \"kafka-x\"\n";
        assert_eq!(check(package), 4);
        let shared =
            "edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n";
        assert_eq!(
            check(&format!("{package}{shared}[lints]\nworkspace = true\n")),
            0
        );
        assert_eq!(
            check(&format!(
                "{package}{shared}[lints.rust]\nunsafe_code = \"warn\"\n"
            )),
            1
        );
    }
}
