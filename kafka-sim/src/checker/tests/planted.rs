//! Each anomaly planted in a sound history: found, and nothing else.

use super::*;

const BOTH: &[Evidence] = &[Evidence::Logs, Evidence::FreshReaders];
const LOGS: &[Evidence] = &[Evidence::Logs];

/// The planted anomaly is found, alone, and told with these facts.
fn check(anomaly: Anomaly, facts: &[&str], plant: impl Fn(&mut Story)) {
    check_by(BOTH, anomaly, facts, plant);
}

fn check_by(evidence: &[Evidence], anomaly: Anomaly, facts: &[&str], plant: impl Fn(&mut Story)) {
    for evidence in evidence {
        for isolation in [ReadCommitted, ReadUncommitted] {
            let mut story = Story::sound();
            plant(&mut story);
            let found = story.check(*evidence, isolation);
            let shown = found.iter().map(|v| format!("\n  {v}"));
            let shown: String = shown.collect();
            assert_eq!(
                found.iter().map(Violation::anomaly).collect::<Vec<_>>(),
                [anomaly],
                "{evidence:?} {isolation:?}{shown}"
            );
            for fact in facts {
                assert!(shown.contains(fact), "{fact:?} is missing:{shown}");
            }
        }
    }
}

#[test]
fn what_kafka_allows_is_no_finding() {
    for evidence in BOTH {
        for isolation in [ReadCommitted, ReadUncommitted] {
            assert_eq!(Story::sound().check(*evidence, isolation), []);
        }
    }
    assert_eq!(History::new().check(Evidence::Logs), []);
    assert_eq!(Story::sound().history.outcomes(), (14, 1, 3));
}

#[test]
fn inconsistent_offset() {
    // Read as something else, and acknowledged where something else is.
    check(
        Anomaly::InconsistentOffset,
        &["t#1-0@2", "\"e2\" (stored)", "\"x2\" (read by follower at"],
        |s| {
            s.send(s.exact, "x2", Indeterminate);
            s.poll(s.follower, s.a, &[(2, "x2")]);
        },
    );
    check(
        Anomaly::InconsistentOffset,
        &["t#1-0@13", "acknowledged: \"x13\" of exact, sent at"],
        |s| {
            s.send(s.exact, "x13", ack(s.a, Some(13)));
        },
    );
    check(Anomaly::InconsistentOffset, &["t#1-0@20"], |s| {
        s.send(s.exact, "x", ack(s.a, Some(20)));
        s.send(s.exact, "y", ack(s.a, Some(20)));
    });
}

#[test]
fn duplicate() {
    check(
        Anomaly::Duplicate,
        &["\"e2\" of exact", "t#1-0@2 and t#1-0@14"],
        |s| s.stored[0].push((14, "e2", Committed)),
    );
    // In another partition.
    check(Anomaly::Duplicate, &["t#1-0@2 and t#1-1@14"], |s| {
        s.stored[1].push((14, "e2", Committed));
    });
}

#[test]
fn lost_write() {
    check(
        Anomaly::LostWrite,
        &[
            "t#1-0@1 is not there: \"p1\" of plain, sent at 2.000s, acknowledged as t#1-0@1 at 3.000s",
        ],
        |s| s.unstore("p1"),
    );
    check(Anomaly::LostWrite, &["an unknown offset", "e12"], |s| {
        s.unstore("e12");
    });
    // Never acknowledged, but somebody read it.
    check(
        Anomaly::LostWrite,
        &["\"e7\" of exact", "of unknown outcome", "read by follower"],
        |s| s.unstore("e7"),
    );
}

#[test]
fn misplaced() {
    check(
        Anomaly::Misplaced,
        &["told as t#1-0@14, found as t#1-0@15"],
        |s| {
            s.send(s.exact, "x", ack(s.a, Some(14)));
            s.stored[0].push((15, "x", Committed));
        },
    );
    check(
        Anomaly::Misplaced,
        &["told as t#1-0@9, found as t#1-0@2", "read by follower"],
        |s| {
            s.poll(
                s.follower,
                s.a,
                &[
                    (2, "e2"),
                    (3, "t3"),
                    (5, "p6"),
                    (6, "p6"),
                    (7, "e7"),
                    (8, "t8"),
                    (9, "e2"),
                ],
            )
        },
    );
}

#[test]
fn unseen() {
    check(
        Anomaly::Unseen,
        &[
            "fresh readers of t#1-0 ended before offset 13; 1 records",
            "at 13: \"p13\"",
        ],
        |s| s.unreached = 1,
    );
}

#[test]
fn written_after_failure() {
    check(
        Anomaly::WrittenAfterFailure,
        &["\"refused\" of exact", "failed for certain", "t#1-0@14"],
        |s| s.stored[0].push((14, "refused", Committed)),
    );
}

#[test]
fn invented() {
    check(Anomaly::Invented, &["\"x\" is t#1-0@14"], |s| {
        s.stored[0].push((14, "x", Committed));
    });
    check(Anomaly::Invented, &["\"x\" is t#1-0@4"], |s| {
        s.poll(s.follower, s.a, &[(2, "e2"), (3, "t3"), (4, "x")]);
    });
}

#[test]
fn nonmonotonic_send() {
    check(
        Anomaly::NonmonotonicSend,
        &[
            "\"x\" of exact",
            "before it in the sending, t#1-0@15",
            "\"y\"",
        ],
        |s| {
            s.write(s.exact, "y", s.a, 15);
            s.write(s.exact, "x", s.a, 14);
            s.stored[0].sort();
        },
    );
    // Which a plain producer may do.
    let mut story = Story::sound();
    story.write(story.plain, "y", story.a, 15);
    story.write(story.plain, "x", story.a, 14);
    story.stored[0].sort();
    assert_eq!(story.check(Evidence::Logs, ReadCommitted), []);
}

#[test]
fn promises_resolve_once() {
    check(
        Anomaly::Unresolved,
        &["\"x\" of plain", "without outcome"],
        |s| {
            let now = s.tick();
            s.history.send(now, s.plain, "x");
        },
    );
    check(
        Anomaly::ResolvedTwice,
        &["\"p13\"", "then failed for certain at 70.000s"],
        |s| {
            s.history
                .resolve(Duration::from_secs(70), s.last_send, Failed)
        },
    );
}

#[test]
fn polls_go_forward_and_skip_nothing() {
    check(
        Anomaly::PollSkip,
        &[
            "follower at",
            "t#1-0@5 from position 2, past 2 records, the first t#1-0@2",
        ],
        |s| s.poll(s.follower, s.a, &[(5, "p6")]),
    );
    check(
        Anomaly::NonmonotonicPoll,
        &["follower at", "t#1-0@1, its position was 2"],
        |s| s.poll(s.follower, s.a, &[(1, "p1")]),
    );
    // It stands behind what it was not handed, and nothing came after.
    check(
        Anomaly::PollSkip,
        &[
            "follower at",
            "says that it stands at t#1-0@14 from position 2, past",
        ],
        |s| {
            let now = s.tick();
            s.history.position(now, s.follower, s.a, 14);
        },
    );
    // It stands before what it was handed already.
    check(
        Anomaly::NonmonotonicPoll,
        &[
            "follower at",
            "says that it stands at t#1-0@1, was handed records up to 2",
        ],
        |s| {
            let now = s.tick();
            s.history.position(now, s.follower, s.a, 1);
        },
    );
    check(
        Anomaly::ReadAfterRevoke,
        &["committed at", "t#1-0@12, given up at"],
        |s| s.poll(s.committed, s.a, &[(12, "e12")]),
    );
}

#[test]
fn what_is_removed_later_was_to_be_read_before() {
    check_by(LOGS, Anomaly::PollSkip, &["t#1-0@5 from position 2"], |s| {
        s.poll(s.follower, s.a, &[(5, "p6")]);
        let now = s.tick();
        s.history.removed_below_since(now, s.a, 5);
    });
    let mut story = Story::sound();
    let now = story.tick();
    story.history.removed_below_since(now, story.a, 5);
    story.poll(story.follower, story.a, &[(5, "p6")]);
    assert_eq!(story.check(Evidence::Logs, ReadUncommitted), []);
}

#[test]
fn reads_of_transactions() {
    check(
        Anomaly::AbortedRead,
        &[
            "\"t8\" as t#1-0@8",
            "of transactional, begun at",
            "Aborted at",
        ],
        |s| {
            let now = s.tick();
            s.history.assign(now, s.committed, s.a, Some(8));
            s.poll(s.committed, s.a, &[(8, "t8")]);
        },
    );
    // The marker says commit although the client said abort.
    check_by(LOGS, Anomaly::AbortedRead, &["t8"], |s| {
        for record in s.stored[0].iter_mut().filter(|record| record.1 == "t8") {
            record.2 = Committed;
        }
        s.history.removed_below(s.a, 9);
    });
    check(Anomaly::PrecommittedRead, &["\"own\" as t#1-0@14"], |s| {
        let open = s.begin();
        s.write(s.transactional, "own", s.a, 14);
        let now = s.tick();
        s.history.assign(now, s.committed, s.a, Some(14));
        s.poll(s.committed, s.a, &[(14, "own")]);
        s.end(open, TransactionOutcome::Committed);
    });
}

#[test]
fn torn_transaction() {
    check(
        Anomaly::TornTransaction,
        &[
            "Committed at",
            "1 of 2 acknowledged sends are not visible",
            "\"t0\"",
        ],
        |s| {
            s.history.removals.iter_mut().for_each(Vec::clear);
            s.history.sends.iter_mut().for_each(forget_e3);
            s.unstore("t0");
        },
    );
    // Nobody knows how it ended, but half of it is there.
    check(
        Anomaly::TornTransaction,
        &["Indeterminate at", "1 of 2", "\"t9\""],
        |s| {
            s.stored[1].push((20, "later", Committed));
            s.send(s.exact, "later", ack(s.b, Some(20)));
            s.unstore("t9");
        },
    );
    // Input offsets moved by an aborted transaction; and not moved by a committed one.
    check(
        Anomaly::TornTransaction,
        &["group processed has offset 8 of t#1-0", "Aborted at"],
        |s| s.offsets[1] = Some(8),
    );
    check(
        Anomaly::TornTransaction,
        &[
            "group processed has offset none",
            "offset 3",
            "Committed at",
        ],
        |s| s.offsets[1] = None,
    );
}

/// Compaction had removed it: without compaction, it must not have been sent.
fn forget_e3(send: &mut crate::history::Send) {
    if matches!(send.outcome, Some(Acknowledged { offset: Some(3), log }) if log.index() == 1) {
        send.outcome = Some(Indeterminate);
    }
}

#[test]
fn stale_metadata() {
    let told = "client stated leader epoch 3 of t#1-0 at 5.000s, and 4 at 4.000s already";
    check(Anomaly::StaleMetadata, &[told], |s| {
        s.believe(s.client, s.a, 5, 3);
    });
    // Told in whatever order.
    let told = "client stated leader epoch 0 of t#1-1 at 9.000s, and 2 at 8.000s already";
    check(Anomaly::StaleMetadata, &[told], |s| {
        s.believe(s.client, s.b, 8, 2);
    });
}

#[test]
fn commits() {
    check(
        Anomaly::CommitBeyondDelivered,
        &[
            "follower at",
            "committed t#1-0@3, was handed records up to 2",
        ],
        |s| s.commit(s.follower, s.a, 3, CommitOutcome::Refused),
    );
    // Beyond everything.
    check(Anomaly::CommitBeyondDelivered, &["t#1-0@100"], |s| {
        let now = s.tick();
        s.history.assign(now, s.follower, s.a, Some(14));
        s.commit(s.follower, s.a, 100, CommitOutcome::Refused);
    });
    check(
        Anomaly::LostCommit,
        &[
            "group g has offset 4",
            "offset 5 was stored by a commit invoked at",
        ],
        |s| s.offsets[0] = Some(4),
    );
    check(Anomaly::LostCommit, &["offset 2"], |s| {
        s.offsets[0] = Some(2)
    });
    check(Anomaly::LostCommit, &["offset none"], |s| {
        s.offsets[0] = None
    });
    check(Anomaly::LostCommit, &["offset 2"], |s| {
        s.history.abandoned_commit(s.group, s.a, 4);
        s.offsets[0] = Some(2);
    });
}

#[test]
fn a_commit_that_was_acknowledged_holds_at_once() {
    // That all is well in the end does not help.
    let facts = &[
        "group g has offset 4 of t#1-0 at 34.000s",
        "offset 5 was stored by a commit invoked at",
    ];
    check(Anomaly::LostCommit, facts, |s| {
        let now = Duration::from_secs(34);
        s.history.stored_offset_at(now, s.group, s.a, Some(4));
    });
    // What was committed only later explains nothing.
    check(Anomaly::LostCommit, &["which nobody committed"], |s| {
        let now = Duration::from_secs(1);
        s.history.stored_offset_at(now, s.group, s.a, Some(5));
    });
}

#[test]
fn a_commit_of_unknown_outcome_does_not_undo_later_ones() {
    let again = |s: &mut Story| {
        s.commit(s.follower, s.a, 3, CommitOutcome::Indeterminate);
        s.commit(s.follower, s.a, 5, CommitOutcome::Stored);
    };
    let facts = &["group g has offset 3", "offset 5 was stored by a commit"];
    check(Anomaly::LostCommit, facts, |s| {
        let now = s.tick();
        s.history.seek(now, s.follower, s.a, Some(14));
        again(s);
        s.offsets[0] = Some(3);
    });
    // Unless its request was left behind in the network, or it was not over yet.
    let mut story = Story::sound();
    let now = story.tick();
    story.history.seek(now, story.follower, story.a, Some(14));
    again(&mut story);
    story.history.abandoned_commit(story.group, story.a, 3);
    story.offsets[0] = Some(3);
    assert_eq!(story.check(Evidence::Logs, ReadUncommitted), []);
    let mut story = Story::sound();
    let now = story.tick();
    story.history.seek(now, story.follower, story.a, Some(14));
    let (follower, group, a) = (story.follower, story.group, story.a);
    let open = story.history.commit(now, follower, group, a, 3);
    story.commit(follower, a, 5, CommitOutcome::Stored);
    let now = story.tick();
    let outcome = CommitOutcome::Indeterminate;
    story.history.committed(now, open, outcome);
    story.offsets[0] = Some(3);
    assert_eq!(story.check(Evidence::Logs, ReadUncommitted), []);
}

#[test]
fn a_commit_given_up_may_come_late() {
    let mut sound = Story::sound();
    sound.history.abandoned_commit(sound.group, sound.a, 4);
    sound.offsets[0] = Some(4);
    assert_eq!(sound.check(Evidence::Logs, ReadUncommitted), []);
}

#[test]
fn two_owners() {
    check(
        Anomaly::TwoOwners,
        &["t#1-0 of group g in epoch 1: other since", "and third from"],
        |s| {
            let third = s.history.consumer("third", ReadCommitted);
            let now = s.tick();
            s.history.own(now, third, s.a, None, (s.group, 2));
            s.history.own(now, third, s.a, None, (s.group, 1));
        },
    );
}

#[test]
fn a_history_that_contradicts_itself() {
    check(Anomaly::UnusableHistory, &["\"e2\" of plain"], |s| {
        s.send(s.plain, "e2", Indeterminate);
    });
    // Whatever else there would be.
    check(Anomaly::UnusableHistory, &["\"e2\" of plain"], |s| {
        s.send(s.plain, "e2", Indeterminate);
        s.unstore("p1");
        s.offsets[0] = Some(2);
    });
}

#[test]
fn many_findings_are_counted() {
    let mut history = History::new();
    let producer = history.producer("p", Promise::AtLeastOnce);
    for n in 0..1000 {
        history.send(Duration::ZERO, producer, format!("value {n}"));
    }
    let found = history.check(Evidence::Logs);
    assert_eq!(found.len(), 21);
    assert_eq!(found[20].to_string(), "unresolved: and 980 more");
}

#[test]
fn every_anomaly_has_a_name_of_its_own() {
    let mut names: Vec<String> = Anomaly::ALL.iter().map(ToString::to_string).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Anomaly::ALL.len());
    assert_eq!(Violation::liveness("stuck").anomaly(), Anomaly::Liveness);
}
