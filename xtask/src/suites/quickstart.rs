//! README's first command, and that it needs no C.

use super::Scale;
use crate::cargo;
use crate::failures::Failure;
use crate::report::Outcome;

const CLOSING_LINE: &str = "produced 1000000 consumed 1000000 verified 1000000";

pub(super) fn run(_scale: &Scale) -> Outcome {
    run_with(&[])
}

/// With these arguments after `--`.
pub(super) fn run_with(arguments: &[&str]) -> Outcome {
    let mut command = cargo::command(&["run", "--release", "--example", "quickstart", "--"]);
    let ran = cargo::run(command.args(arguments));
    let closed = ran
        .stdout
        .lines()
        .last()
        .is_some_and(|line| line.trim() == CLOSING_LINE);
    if ran.success && !closed {
        eprintln!("the quickstart did not end with `{CLOSING_LINE}`");
    }
    if ran.success && closed {
        return Outcome::single(true);
    }
    let failure = Failure::of_program("quickstart", &ran.stdout, &ran.stderr);
    Outcome::single(false).because([failure])
}

pub(super) fn no_c(_scale: &Scale) -> Outcome {
    // What a build script might have compiled before stays in the cache: look
    // at who could compile C, then build with compilers that only fail.
    let mut tree = cargo::command(&[
        "tree",
        "--package",
        "kafka-examples",
        "--edges",
        "normal,build",
    ]);
    let ran = cargo::run_quietly(tree.args(["--prefix", "none"]));
    let compilers = c_compilers(&ran.stdout);
    for line in &compilers {
        eprintln!("the quickstart depends on {line}, which compiles or links C");
    }
    let mut build = cargo::command(&["build", "--release", "--example", "quickstart"]);
    let built = cargo::run(build.env("CC", "false").env("CXX", "false"));
    if ran.success && compilers.is_empty() && built.success {
        return Outcome::single(true);
    }
    let failure = if compilers.is_empty() {
        Failure::of_program("the build without C", &built.stdout, &built.stderr)
    } else {
        Failure::new("dependencies that build C", &compilers.join("\n"))
    };
    Outcome::single(false).because([failure])
}

/// Lines of `cargo tree` that name a crate whose purpose is building C.
fn c_compilers(tree: &str) -> Vec<&str> {
    const BUILDERS: [&str; 5] = ["cc", "cmake", "bindgen", "pkg-config", "nasm-rs"];
    tree.lines()
        .filter(|line| {
            line.split(' ')
                .next()
                .is_some_and(|name| BUILDERS.contains(&name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_on_a_c_compiler_is_seen() {
        let clean = "kafka-examples v0.1.0\nbytes v1.11.1\nccsds v1.0.0\n";
        assert!(c_compilers(clean).is_empty());
        let planted = format!("{clean}zstd-sys v2.0.16\ncc v1.2.45\npkg-config v0.3.32 (*)\n");
        assert_eq!(
            c_compilers(&planted),
            ["cc v1.2.45", "pkg-config v0.3.32 (*)"]
        );
    }
}
