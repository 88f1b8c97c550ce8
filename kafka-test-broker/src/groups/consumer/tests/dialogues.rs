use super::*;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_member_gets_everything_at_once() {
    let mut world = World::new(&[("a", 3)]);
    assert_eq!(world.group.state(), ConsumerState::Empty);
    assert_eq!(world.beat(&join("m", &["a"])), (2, some("a[0, 1, 2]")));
    assert_eq!(world.group.state(), ConsumerState::Stable);
    assert_eq!(world.beat(&stay("m", 2)), (2, None));
    // A full request is answered fully.
    let full = own("m", 2, &[("a", &[0, 1, 2])])
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![StrBytes::from("a")]));
    assert_eq!(world.beat(&full), (2, some("a[0, 1, 2]")));
}

#[test]
fn partitions_are_given_up_before_they_are_given() {
    let mut world = World::new(&[("a", 4)]);
    world.beat(&join("m", &["a"]));
    // The target is at most one a second.
    assert_eq!(world.beat(&join("n", &["a"])), (2, some("")));
    assert_eq!(world.group.state(), ConsumerState::Assigning);
    world.pass(1_000);
    assert_eq!(world.beat(&stay("n", 2)), (3, None));
    assert_eq!(world.group.state(), ConsumerState::Reconciling);
    // The first one is told, and stays at its epoch till it has done so.
    assert_eq!(world.beat(&stay("m", 2)), (2, some("a[0, 1]")));
    assert_eq!(world.beat(&stay("m", 2)), (2, None));
    assert_eq!(world.beat(&own("m", 2, &[("a", &[0, 1, 2])])), (2, None));
    assert_eq!(world.beat(&stay("n", 3)), (3, None));
    assert_eq!(world.beat(&own("m", 2, &[("a", &[0, 1])])), (3, None));
    assert_eq!(world.beat(&stay("n", 3)), (3, some("a[2, 3]")));
    assert_eq!(world.group.state(), ConsumerState::Stable);
}

#[test]
fn a_lost_answer_is_repeated() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]));
    world.topics.set("a", 3);
    world.pass(1_000);
    assert_eq!(world.beat(&stay("m", 2)), (3, some("a[0, 1, 2]")));
    // It never came; what the member owns is its own still.
    assert_eq!(world.beat(&own("m", 2, &[("a", &[0, 1])])), (3, None));
    // Without saying so, or two epochs behind, it is fenced.
    assert_eq!(world.refused(&stay("m", 2)), ErrorCode::FencedMemberEpoch);
    let strange = own("m", 2, &[("a", &[7])]);
    assert_eq!(world.refused(&strange), ErrorCode::FencedMemberEpoch);
    assert_eq!(world.refused(&stay("m", 1)), ErrorCode::FencedMemberEpoch);
    assert_eq!(world.refused(&stay("m", 4)), ErrorCode::FencedMemberEpoch);
    assert_eq!(world.refused(&stay("x", 3)), ErrorCode::UnknownMemberId);
    // Fenced, it begins again, and is still the same member.
    assert_eq!(world.beat(&join("m", &["a"])), (3, some("a[0, 1, 2]")));
}

#[test]
fn whoever_is_late_is_fenced() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]));
    world.beat(&join("n", &["a"]));
    world.pass(44_999);
    world.beat(&stay("n", 2));
    assert_eq!(world.group.members.len(), 2);
    world.pass(1);
    assert_eq!(world.group.members.len(), 1);
    // What the last target had for it is free; the next is made in a second.
    assert_eq!(world.beat(&stay("n", 3)), (3, some("a[1]")));
    assert_eq!(world.refused(&stay("m", 2)), ErrorCode::UnknownMemberId);
    world.pass(1_000);
    assert_eq!(world.beat(&stay("n", 3)), (4, some("a[0, 1]")));
    world.pass(45_000);
    assert_eq!(world.group.state(), ConsumerState::Empty);
    assert_eq!(world.group.next_due(), None);
}

#[test]
fn whoever_does_not_give_up_in_time_is_fenced() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]).with_rebalance_timeout_ms(10_000));
    world.pass(1_000);
    world.beat(&join("n", &["a"]));
    assert_eq!(world.beat(&stay("m", 2)), (2, some("a[0]")));
    for _ in 0..9 {
        world.pass(1_000);
        assert_eq!(world.beat(&own("m", 2, &[("a", &[0, 1])])), (2, None));
        world.beat(&stay("n", 3));
    }
    world.pass(1_000);
    assert_eq!(world.refused(&stay("m", 2)), ErrorCode::UnknownMemberId);
    assert_eq!(world.beat(&stay("n", 3)), (4, some("a[0, 1]")));
}

#[test]
fn a_topic_that_grows_or_goes_is_noticed() {
    let mut world = World::new(&[("a", 1)]);
    assert_eq!(world.beat(&join("m", &["a", "b"])), (2, some("a[0]")));
    world.topics.set("b", 2);
    world.pass(1_000);
    assert_eq!(world.beat(&stay("m", 2)), (3, some("a[0] b[0, 1]")));
    world.topics.remove("a");
    world.pass(1_000);
    let response = world.heartbeat(&stay("m", 3)).unwrap();
    assert_eq!(response.member_epoch, 3);
    assert_eq!(response.assignment.unwrap().topic_partitions.len(), 1);
    assert_eq!(world.beat(&own("m", 3, &[("b", &[0, 1])])), (4, None));
    // What nobody subscribes to is nobody's business.
    world.topics.set("c", 2);
    world.pass(1_000);
    assert_eq!(world.beat(&stay("m", 4)), (4, None));
}

#[test]
fn a_subscription_that_ends_is_given_up_at_once() {
    let mut world = World::new(&[("a", 2), ("b", 2)]);
    world.beat(&join("m", &["a", "b"]));
    let names = vec![StrBytes::from("b")];
    let change = stay("m", 2).with_subscribed_topic_names(Some(names));
    // The target of the new epoch is not made yet.
    assert_eq!(world.beat(&change), (2, some("b[0, 1]")));
    world.pass(1_000);
    assert_eq!(world.beat(&own("m", 2, &[("b", &[0, 1])])), (3, None));
    assert_eq!(world.group.state(), ConsumerState::Stable);
}

#[test]
fn regular_expressions_match_whole_names_and_new_topics() {
    let mut world = World::new(&[("ab", 1), ("abc", 1)]);
    // What it matches is looked up after the answer.
    assert_eq!(world.beat(&join_regex("m", "a.")), (1, some("")));
    assert_eq!(world.beat(&stay("m", 1)), (2, some("ab[0]")));
    world.topics.set("ax", 1);
    world.pass(10_000);
    assert_eq!(world.beat(&stay("m", 2)), (2, None), "not yet 10 s");
    world.pass(1);
    assert_eq!(world.beat(&stay("m", 2)), (2, None));
    assert_eq!(world.beat(&stay("m", 2)), (3, some("ab[0] ax[0]")));
    // The same expression again is known already.
    world.pass(10_000);
    assert_eq!(world.beat(&join_regex("n", "a.")), (4, some("")));
    let none = stay("n", 4).with_subscribed_topic_regex(Some(StrBytes::default()));
    world.pass(10_000);
    assert_eq!(world.beat(&none), (5, None));
    for broken in ["(", "a)(?:b", "[", "*"] {
        let code = world.refused(&join_regex("o", broken));
        assert_eq!(code, ErrorCode::InvalidRegularExpression, "{broken}");
    }
    assert_eq!(world.group.members.len(), 2);
}

#[test]
fn a_static_member_may_go_away_and_be_succeeded() {
    let mut world = World::new(&[("a", 4)]);
    assert_eq!(
        world.beat(&is_static(join("m", &["a"]), "s")),
        (2, some("a[0, 1, 2, 3]"))
    );
    let code = world.refused(&is_static(join("n", &["a"]), "s"));
    assert_eq!(code, ErrorCode::UnreleasedInstanceId);
    let code = world.refused(&is_static(stay("n", 2), "s"));
    assert_eq!(code, ErrorCode::FencedInstanceId);
    let code = world.refused(&is_static(stay("m", 2), "t"));
    assert_eq!(code, ErrorCode::UnknownMemberId);
    world
        .group
        .leave(&StrBytes::from("m"), -2, Some("s"))
        .unwrap();
    assert_eq!(world.group.members.len(), 1);
    // No rebalance: the same partitions at the same epoch, under another id.
    assert_eq!(
        world.beat(&is_static(join("n", &["a"]), "s")),
        (2, some("a[0, 1, 2, 3]"))
    );
    assert_eq!(world.group.state(), ConsumerState::Stable);
    assert_eq!(world.refused(&stay("m", 2)), ErrorCode::UnknownMemberId);
    // Its place is kept for a session, and no longer.
    world
        .group
        .leave(&StrBytes::from("n"), -2, Some("s"))
        .unwrap();
    world.pass(44_999);
    assert_eq!(world.group.members.len(), 1);
    world.pass(1);
    assert!(world.group.is_empty());
}

#[test]
fn the_successor_keeps_what_a_regular_expression_matched() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&is_static(join_regex("m", ".*"), "s"));
    assert_eq!(
        world.beat(&is_static(stay("m", 1), "s")),
        (2, some("a[0, 1]"))
    );
    world
        .group
        .leave(&StrBytes::from("m"), -2, Some("s"))
        .unwrap();
    assert_eq!(
        world.beat(&is_static(join_regex("n", ".*"), "s")),
        (2, some("a[0, 1]"))
    );
    assert_eq!(world.beat(&is_static(stay("n", 2), "s")), (2, None));
}

#[test]
fn leaving_for_good_frees_the_partitions() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]));
    world.beat(&join("n", &["a"]));
    world.pass(1_000);
    let leave = |world: &mut World, id, instance: Option<&str>| {
        let left = world.group.leave(&StrBytes::from(id), -1, instance);
        left.map_err(|refusal| refusal.code)
    };
    assert_eq!(
        leave(&mut world, "x", None),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(
        leave(&mut world, "m", Some("s")),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(leave(&mut world, "m", None), Ok(()));
    assert_eq!(world.beat(&stay("n", 2)), (4, some("a[0, 1]")));
}

#[test]
fn the_assignor_is_what_most_ask_for() {
    let mut world = World::new(&[("a", 1)]);
    let with =
        |id, name: &'static str| join(id, &["a"]).with_server_assignor(Some(StrBytes::from(name)));
    assert_eq!(world.group.assignor().name(), "uniform");
    world.beat(&with("m", "range"));
    assert_eq!(world.group.assignor().name(), "range");
    world.beat(&with("n", "uniform"));
    assert_eq!(world.group.assignor().name(), "uniform");
    assert_eq!(
        world.refused(&with("o", "Uniform")),
        ErrorCode::UnsupportedAssignor
    );
}

#[test]
fn a_full_group_takes_nobody_else() {
    let settings = GroupSettings {
        consumer_max_size: 1,
        ..GroupSettings::default()
    };
    let mut world = World::with(settings, &[("a", 1)]);
    world.beat(&join("m", &["a"]));
    world.beat(&join("m", &["a"]));
    assert_eq!(
        world.refused(&join("n", &["a"])),
        ErrorCode::GroupMaxSizeReached
    );
}

#[test]
fn invalid_requests_are_refused() {
    let version_0 = |request: &ConsumerGroupHeartbeatRequest| {
        heartbeat::validate(request, 0).map_err(|refusal| refusal.code)
    };
    let join = || join("m", &["a"]);
    assert_eq!(version_0(&join().with_member_id("")), Ok(()));
    let mut world = World::new(&[("a", 1)]);
    let empty = || Some(StrBytes::default());
    for request in [
        join().with_member_id(""),
        join().with_group_id(" "),
        join().with_instance_id(empty()),
        join().with_rack_id(empty()),
        join().with_rebalance_timeout_ms(-1),
        join().with_topic_partitions(None),
        join().with_topic_partitions(own("", 0, &[("a", &[0])]).topic_partitions),
        join().with_subscribed_topic_names(None),
        stay("m", -2),
        stay("m", -3),
    ] {
        assert_eq!(
            world.refused(&request),
            ErrorCode::InvalidRequest,
            "{request:?}"
        );
    }
    assert!(world.group.is_empty());
}

#[test]
fn a_coordinator_that_reads_the_group_starts_its_timers() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]));
    world.pass(40_000);
    world.group = world.group.unload();
    assert_eq!(world.group.next_due(), None);
    world.pass(40_000);
    let moment = world.moment();
    world.group.loaded(moment);
    world.pass(44_999);
    assert_eq!(world.beat(&stay("m", 2)), (2, None));
    assert_eq!(world.now - world.start, Duration::from_millis(124_999));
}
