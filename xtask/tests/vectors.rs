//! `cargo xtask vectors` as whoever types it sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

const COMMITTED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../kafka-protocol/tests/vectors/messages.tsv"
);

fn vectors(file: &str, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["vectors", file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_committed_vectors_pass() {
    let expected = std::fs::read_to_string(COMMITTED).unwrap().lines().count();
    let output = vectors(COMMITTED, "");
    assert_eq!(lines(&output), [format!("{expected} passed, 0 failed")]);
    assert_eq!(output.status.code(), Some(0));
    assert!(expected > 0);
}

#[test]
fn a_failure_is_a_line_and_a_status() {
    let input = "# FindCoordinator\n10\trequest\t0\t000167\n\n10\trequest\t0\t0005\nnonsense\n";
    let output = vectors("-", input);
    assert_eq!(
        lines(&output),
        [
            "line 4: FindCoordinatorRequest v0: decoding: FindCoordinatorRequest.key: 5 bytes missing",
            "line 5: 1 columns, not 4 with tabs between them: \
             api key, request or response, version, hex of the body",
            "1 passed, 2 failed",
        ]
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_read_is_another_status() {
    let output = vectors("no such file.tsv", "");
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("cannot read no such file.tsv"), "{told}");
    assert_eq!(output.status.code(), Some(2));
}
