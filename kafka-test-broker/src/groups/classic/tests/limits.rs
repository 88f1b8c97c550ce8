//! Who is refused, and what outlives a coordinator.

use super::*;

#[test]
fn group_that_is_full_takes_nobody() {
    let full = GroupSettings {
        max_size: 1,
        ..settings()
    };
    let mut scene = Scene::stable(full, &["a"]);
    scene.join(1, 9, "");
    assert_eq!(scene.replies(), [(1, ErrorCode::GroupMaxSizeReached)]);
    scene.join(2, 9, "a");
    assert_eq!(scene.replies(), [(2, Fine)]);
    scene.join(3, 3, "");
    assert_eq!(scene.replies(), [(3, ErrorCode::GroupMaxSizeReached)]);
}

#[test]
fn syncs_that_are_refused() {
    let mut scene = Scene::stable(settings(), &["a"]);
    scene.sync(1, "a", 7, &[]);
    scene.sync(2, "b", 1, &[]);
    let mut syncing = Syncing {
        waiter: Waiter {
            ticket: Ticket::fake(3),
            version: 5,
        },
        member_id: "a".into(),
        instance_id: Some("i".into()),
        generation: 1,
        protocol_type: Some("consumer".into()),
        protocol_name: Some("sticky".into()),
        assignments: Vec::new(),
    };
    scene.group.sync(syncing.clone(), scene.now);
    syncing.instance_id = None;
    syncing.waiter.ticket = Ticket::fake(4);
    scene.group.sync(syncing, scene.now);
    assert_eq!(
        scene.replies(),
        [
            (1, ErrorCode::IllegalGeneration),
            (2, ErrorCode::UnknownMemberId),
            (3, ErrorCode::UnknownMemberId),
            (4, ErrorCode::InconsistentGroupProtocol),
        ]
    );
    let now = scene.now;
    let beaten = scene.group.heartbeat("a", None, 7, now);
    assert_eq!(beaten, Err(ErrorCode::IllegalGeneration));
}

#[test]
fn who_may_commit() {
    let mut scene = Scene::stable(settings(), &["a"]);
    let mut check = |member_id, generation, transactional| {
        let committer = Committer {
            member_id,
            instance_id: None,
            generation,
            transactional,
            version: 8,
        };
        scene.group.check_commit(committer, scene.now)
    };
    assert_eq!(check("a", 1, false), Ok(()));
    assert_eq!(check("a", 0, false), Err(ErrorCode::IllegalGeneration));
    assert_eq!(check("b", 1, false), Err(ErrorCode::UnknownMemberId));
    assert_eq!(check("", -1, false), Err(ErrorCode::UnknownMemberId));
    assert_eq!(check("", -1, true), Ok(()));
    scene.join(1, 9, "a");
    let generation = scene.group.generation;
    let mut check = |transactional| {
        let committer = Committer {
            member_id: "a",
            instance_id: None,
            generation,
            transactional,
            version: 8,
        };
        scene.group.check_commit(committer, scene.now)
    };
    assert_eq!(check(false), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(check(true), Ok(()));
    let mut empty = Scene::new(settings());
    let committer = Committer {
        member_id: "",
        instance_id: None,
        generation: -1,
        transactional: false,
        version: 8,
    };
    assert_eq!(empty.group.check_commit(committer, empty.now), Ok(()));
}

#[test]
fn another_coordinator_has_what_the_log_has() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    // A third member comes; nothing of it is in the log yet.
    scene.join(1, 3, "");
    scene.join(2, 9, "a");
    let (replies, group) = scene.group.unload();
    assert_eq!(replies.len(), 2);
    for (_, response) in replies {
        let AnyResponse::JoinGroup(response) = response else {
            panic!("{response:?}")
        };
        assert_eq!(
            ErrorCode::from(response.error_code),
            ErrorCode::NotCoordinator
        );
    }
    scene.group = group.unwrap();
    assert_eq!(scene.group.state, ClassicState::Stable);
    assert_eq!(scene.member_ids(), ["a", "b"]);
    assert_eq!(scene.group.next_due(), None, "nobody coordinates it");
    scene.group.loaded(scene.now);
    assert_eq!(scene.beat("b"), Ok(()));
    let generation = scene.group.generation;
    scene.sync(3, "b", generation, &[]);
    assert_eq!(scene.synced().assignment.as_ref(), b"b");
    assert!(scene.group.is_subscribed_to("t"));
    scene.after(10_000);
    assert_eq!(scene.group.state, ClassicState::Empty);
    let (_, group) = scene.group.unload();
    assert_eq!(group.unwrap().state, ClassicState::Empty);
}

#[test]
fn group_that_the_log_has_nothing_of_is_gone() {
    let mut scene = Scene::new(settings());
    assert!(scene.group.unload().1.is_none());
    scene = Scene::new(settings());
    scene.group.log_new();
    scene.join(1, 9, "");
    let (_, group) = scene.group.unload();
    assert!(group.is_some_and(|group| group.pending_joins.is_empty()));
}

#[test]
fn offsets_age_while_nobody_needs_them() {
    let mut scene = Scene::new(settings());
    assert_eq!(scene.group.offsets_age_from(), Some(AgeFrom::Commit));
    scene = Scene::stable(settings(), &["a"]);
    assert_eq!(scene.group.offsets_age_from(), Some(AgeFrom::Commit));
    scene.join(1, 9, "a");
    assert_eq!(scene.group.offsets_age_from(), None);
    scene.after(60_000).after(60_000);
    let since = scene.group.state_since_ms;
    assert_eq!(scene.group.state, ClassicState::Empty);
    assert_eq!(scene.group.offsets_age_from(), Some(AgeFrom::Time(since)));
    assert!(since > 1_000);
}
