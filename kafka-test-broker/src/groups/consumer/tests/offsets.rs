use super::*;
use crate::groups::Committer;

fn member(id: &str, generation: i32) -> Committer<'_> {
    Committer {
        member_id: id,
        instance_id: None,
        generation,
        transactional: false,
        version: 9,
    }
}

#[test]
fn only_members_at_their_epoch_commit() {
    let mut world = World::new(&[("a", 2)]);
    let commit = |world: &World, committer: Committer<'static>, partition| {
        world.group.check_commit(committer)?;
        world
            .group
            .check_commit_of(committer, id_of("a"), partition)
    };
    // Anyone, while there is nobody.
    assert_eq!(commit(&world, member("", -1), 0), Ok(()));
    world.beat(&join("m", &["a"]));
    assert_eq!(
        commit(&world, member("", -1), 0),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(
        commit(&world, member("x", 2), 0),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(commit(&world, member("m", 2), 0), Ok(()));
    assert_eq!(
        commit(&world, member("m", 3), 0),
        Err(ErrorCode::StaleMemberEpoch)
    );
    assert_eq!(
        commit(&world, member("m", 1), 0),
        Err(ErrorCode::StaleMemberEpoch)
    );
    let old = Committer {
        version: 8,
        ..member("m", 2)
    };
    assert_eq!(commit(&world, old, 0), Err(ErrorCode::UnsupportedVersion));
    let transaction = Committer {
        transactional: true,
        ..member("", -1)
    };
    assert_eq!(commit(&world, transaction, 0), Ok(()));
    // An epoch later, what was its own before may be committed as of then.
    world.topics.set("a", 3);
    world.pass(1_000);
    world.beat(&stay("m", 2));
    assert_eq!(commit(&world, member("m", 2), 1), Ok(()));
    assert_eq!(
        commit(&world, member("m", 2), 2),
        Err(ErrorCode::StaleMemberEpoch)
    );
    assert_eq!(commit(&world, member("m", 3), 2), Ok(()));
}

#[test]
fn only_members_at_their_epoch_ask_for_offsets() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&join("m", &["a"]));
    let fetch = |id, epoch| world.group.check_fetch(id, epoch);
    assert_eq!(fetch(None, -1), Ok(()));
    assert_eq!(fetch(Some("m"), 2), Ok(()));
    assert_eq!(fetch(Some("m"), 1), Err(ErrorCode::StaleMemberEpoch));
    assert_eq!(fetch(Some("x"), 2), Err(ErrorCode::UnknownMemberId));
    assert_eq!(fetch(None, 2), Err(ErrorCode::UnknownServerError));
}

#[test]
fn who_is_where_is_described() {
    let mut world = World::new(&[("a", 2)]);
    world.beat(&is_static(join("m", &["a"]), "s"));
    world.pass(1_000);
    world.beat(&join("n", &["a"]));
    world.beat(&is_static(stay("m", 2), "s"));
    let described = world.group.describe(&world.topics);
    assert_eq!(described.group_state, "Reconciling");
    assert_eq!((described.group_epoch, described.assignment_epoch), (3, 3));
    assert_eq!(described.assignor_name, "uniform");
    let partitions =
        |assignment: &kafka_protocol::messages::consumer_group_describe::Assignment| {
            let topics = assignment.topic_partitions.iter();
            topics
                .flat_map(|topic| topic.partitions.clone())
                .collect::<Vec<_>>()
        };
    let [m, n] = described.members.as_slice() else {
        panic!("{described:?}");
    };
    assert_eq!((m.member_epoch, m.member_type), (2, 1));
    assert_eq!(m.instance_id.as_deref(), Some("s"));
    assert_eq!(
        (partitions(&m.assignment), partitions(&m.target_assignment)),
        (vec![0, 1], vec![0])
    );
    assert_eq!(
        (partitions(&n.assignment), partitions(&n.target_assignment)),
        (vec![], vec![1])
    );
    assert_eq!(n.client_host, "/127.0.0.1");
}
