//! Packages are named by name; where they come from is the machine's business.

use super::{Finding, Rule, Workspace};

pub(super) const RULE: Rule = Rule {
    name: "no-registry-hosts",
    holds: "no file names a package registry's host",
    check,
    planted: &[(
        "harness/pom.txt",
        concat!("<url>repo1.ma", "ven.org/maven2</url>\n"),
    )],
};

/// In two halves, so that this file does not find itself.
const HOSTS: &[(&str, &str)] = &[
    ("repo.ma", "ven.apache.org"),
    ("repo1.ma", "ven.org"),
    ("central.sona", "type.com"),
    ("index.cra", "tes.io"),
    ("static.cra", "tes.io"),
    ("//cra", "tes.io"),
    ("registry.np", "mjs.org"),
    ("py", "pi.org"),
    ("files.python", "hosted.org"),
    ("proxy.go", "lang.org"),
    ("deb.deb", "ian.org"),
    ("docker", ".io"),
    ("ghcr", ".io"),
    ("packages.conf", "luent.io"),
];

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Cargo writes the lock file.
    for (path, text) in workspace
        .texts
        .iter()
        .filter(|(path, _)| !path.ends_with("Cargo.lock"))
    {
        for (index, line) in text.lines().enumerate() {
            for (a, b) in HOSTS
                .iter()
                .filter(|(a, b)| line.contains(&format!("{a}{b}")))
            {
                findings.push(Finding::new(path, index + 1, format!("names {a}{b}")));
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
    fn hosts_are_found_everywhere_but_in_the_lock_file() {
        let line = format!("https:{}{}/crates/x", "//cra", "tes.io");
        assert_eq!(findings(&RULE, &[("README.md", line.as_str())]).len(), 1);
        assert!(findings(&RULE, &[("Cargo.lock", line.as_str())]).is_empty());
        assert!(findings(&RULE, &[("README.md", "names that are taken on crates.io")]).is_empty());
    }
}
