use super::*;

fn pages(names: &[&str], limit: u16) -> Pages {
    let names = names.iter().map(|name| StrBytes::from(*name)).collect();
    Pages::new(names, Described::new(), limit)
}

fn id(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

/// A topic's part of a page: these partitions, led by the broker of their number.
fn part(
    name: &str,
    topic: u8,
    partitions: impl IntoIterator<Item = i32>,
) -> DescribeTopicPartitionsResponseTopic {
    let partitions = partitions.into_iter().map(|index| {
        DescribeTopicPartitionsResponsePartition::new()
            .with_partition_index(index)
            .with_leader_id(index)
    });
    DescribeTopicPartitionsResponseTopic::new()
        .with_name(Some(StrBytes::from(name)))
        .with_topic_id(id(topic))
        .with_partitions(partitions.collect::<Vec<_>>())
}

fn refused(name: &str, code: ErrorCode) -> DescribeTopicPartitionsResponseTopic {
    part(name, 0, []).with_error_code(code.code())
}

fn page(
    topics: Vec<DescribeTopicPartitionsResponseTopic>,
    next: Option<(&str, i32)>,
) -> DescribeTopicPartitionsResponse {
    let cursor = next.map(|(name, index)| {
        Cursor::new()
            .with_topic_name(name)
            .with_partition_index(index)
    });
    DescribeTopicPartitionsResponse::new()
        .with_topics(topics)
        .with_next_cursor(cursor)
}

/// What is asked for: topics and the place to begin.
fn asked(pages: &Pages) -> (Vec<String>, Option<(String, i32)>) {
    let request = pages.request();
    let names = request.topics.iter().map(|topic| topic.name.to_string());
    let cursor = request
        .cursor
        .map(|cursor| (cursor.topic_name.to_string(), cursor.partition_index));
    (names.collect(), cursor)
}

fn take(pages: &mut Pages, page: DescribeTopicPartitionsResponse) -> Result<(), Error> {
    pages.on_page(page, &Cluster::default())
}

/// What came of a topic: its id and its leaders, or the error.
type Outcome = Result<(Uuid, Vec<Option<i32>>), String>;

fn outcome(pages: Pages) -> Vec<(String, Outcome)> {
    assert!(pages.is_done());
    let each = pages.finish().into_iter().map(|(name, result)| {
        let result = result.map(|topic| {
            let leaders = topic.partitions().iter().map(|p| p.leader);
            (topic.id(), leaders.collect())
        });
        (name.to_string(), result.map_err(|error| error.to_string()))
    });
    each.collect()
}

#[track_caller]
fn failed(pages: Pages, name: &str, text: &str) {
    let outcome = outcome(pages);
    let (_, result) = outcome.iter().find(|(found, _)| found == name).unwrap();
    let error = result.as_ref().unwrap_err();
    assert!(error.contains(text), "{error}");
}

#[test]
fn pages_follow_the_cursor_through_the_topics() {
    let mut all = pages(&["c", "a", "b"], 3);
    assert_eq!(all.request().response_partition_limit, 3);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(asked(&all), (names(&["a", "b", "c"]), None));
    take(
        &mut all,
        page(
            vec![part("a", 1, [0]), part("b", 2, [0, 1])],
            Some(("b", 2)),
        ),
    )
    .unwrap();
    assert_eq!(asked(&all), (names(&["b", "c"]), Some(("b".into(), 2))));
    take(
        &mut all,
        page(vec![part("b", 2, [2, 3, 4])], Some(("c", 0))),
    )
    .unwrap();
    assert_eq!(asked(&all), (names(&["c"]), None));
    take(&mut all, page(vec![part("c", 3, [0])], None)).unwrap();
    let leaders = |ids: std::ops::Range<i32>| ids.map(Some).collect::<Vec<_>>();
    assert_eq!(
        outcome(all),
        [
            ("a".into(), Ok((id(1), leaders(0..1)))),
            ("b".into(), Ok((id(2), leaders(0..5)))),
            ("c".into(), Ok((id(3), leaders(0..1)))),
        ]
    );
}

#[test]
fn a_request_names_no_more_topics_than_fit_on_a_page() {
    let mut two = pages(&["a", "b", "c"], 2);
    assert_eq!(asked(&two).0, ["a", "b"]);
    // That the answer says nothing of "c" means nothing.
    take(
        &mut two,
        page(vec![part("a", 1, [0]), part("b", 2, [0])], None),
    )
    .unwrap();
    assert_eq!(asked(&two).0, ["c"]);
}

#[test]
fn a_cursor_that_does_not_advance_is_an_error() {
    // In the middle of a topic: with and without partitions that were there before.
    for again in [vec![part("a", 1, [0, 1])], vec![part("a", 1, [])]] {
        let mut stuck = pages(&["a"], 2);
        take(&mut stuck, page(vec![part("a", 1, [0, 1])], Some(("a", 2)))).unwrap();
        take(&mut stuck, page(again, Some(("a", 2)))).unwrap();
        failed(stuck, "a", "the cursor does not advance");
    }
    // Back to where the topic begins.
    let mut back = pages(&["a"], 2);
    take(&mut back, page(vec![part("a", 1, [0, 1])], Some(("a", 1)))).unwrap();
    failed(back, "a", "the cursor does not advance");
    // Without a word of any topic, or of one that nobody asked for.
    for next in [("a", 0), ("a", 2), ("z", 7), ("A", 1)] {
        let mut empty = pages(&["a", "b"], 2);
        let result = take(&mut empty, page(vec![part("z", 9, [0])], Some(next)));
        if next.0 == "z" {
            // It has come by both and says nothing of them.
            result.unwrap();
            failed(empty, "b", "leaves the topic out");
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnexpectedResponse, "{next:?}");
            assert!(!error.is_retriable());
        }
    }
    // A part that the next page does not mention.
    let mut silent = pages(&["a"], 2);
    take(
        &mut silent,
        page(vec![part("a", 1, [0, 1])], Some(("a", 2))),
    )
    .unwrap();
    take(&mut silent, page(vec![], Some(("a", 2)))).unwrap_err();
}

#[test]
fn a_broker_that_lags_behind_does_not_cut_a_topic_short() {
    for (topics, next) in [
        (vec![part("a", 1, [])], None),
        // Nor one that tells only of what was told before, nor where another goes on.
        (vec![part("a", 1, [0, 1])], None),
        (vec![part("a", 1, [])], Some(("b", 0))),
    ] {
        let mut behind = pages(&["a", "b"], 2);
        take(
            &mut behind,
            page(vec![part("a", 1, [0, 1])], Some(("a", 2))),
        )
        .unwrap();
        // Of "b" it says nothing, which settles that one where no cursor leads to it.
        let result = take(&mut behind, page(topics, next));
        assert_eq!(result.is_err(), next.is_some());
        if let Err(error) = result {
            assert!(error.is_retriable(), "{error}");
            assert!(error.to_string().contains("fewer partitions"), "{error}");
        }
        assert_eq!(asked(&behind).1, Some(("a".into(), 2)));
        take(&mut behind, page(vec![part("a", 1, [2])], None)).unwrap();
        let topic = behind.finish().remove("a").unwrap().unwrap();
        assert_eq!(topic.partitions().len(), 3);
    }
    // However often: it is for the deadline to end this.
    let mut alone = pages(&["a"], 2);
    take(&mut alone, page(vec![part("a", 1, [0, 1])], Some(("a", 2)))).unwrap();
    for _ in 0..20 {
        let error = take(&mut alone, page(vec![part("a", 1, [])], None)).unwrap_err();
        assert!(error.is_retriable(), "{error}");
    }
}

#[test]
fn a_topic_that_is_recreated_between_pages_is_begun_anew() {
    let mut changed = pages(&["a"], 2);
    take(
        &mut changed,
        page(vec![part("a", 1, [0, 1])], Some(("a", 2))),
    )
    .unwrap();
    take(&mut changed, page(vec![part("a", 2, [2, 3])], None)).unwrap();
    assert_eq!(asked(&changed), (vec!["a".to_owned()], None));
    // Deleted for a moment.
    take(
        &mut changed,
        page(vec![part("a", 2, [0, 1])], Some(("a", 2))),
    )
    .unwrap();
    let gone = refused("a", ErrorCode::UnknownTopicOrPartition);
    take(&mut changed, page(vec![gone.clone()], None)).unwrap();
    assert_eq!(asked(&changed), (vec!["a".to_owned()], None));
    take(&mut changed, page(vec![part("a", 3, [0])], None)).unwrap();
    assert_eq!(outcome(changed), [("a".into(), Ok((id(3), vec![Some(0)])))]);
    // For good.
    let mut deleted = pages(&["a"], 2);
    take(
        &mut deleted,
        page(vec![part("a", 1, [0, 1])], Some(("a", 2))),
    )
    .unwrap();
    take(&mut deleted, page(vec![gone.clone()], None)).unwrap();
    take(&mut deleted, page(vec![gone], None)).unwrap();
    failed(deleted, "a", "UNKNOWN_TOPIC_OR_PARTITION");
}

#[test]
fn a_topic_that_never_stays_the_same_is_given_up() {
    let mut changing = pages(&["a"], 2);
    let mut count = 0;
    while !changing.is_done() {
        count += 1;
        assert!(count < 100);
        let (first, next) = match asked(&changing).1 {
            None => (0, Some(("a", 2))),
            Some(_) => (2, None),
        };
        let parts = vec![part("a", count, [first, first + 1])];
        take(&mut changing, page(parts, next)).unwrap();
    }
    failed(changing, "a", "another one with each page");
}

#[test]
fn what_may_pass_waits_and_the_rest_goes_on() {
    let loading = || refused("b", ErrorCode::CoordinatorLoadInProgress);
    let mut some = pages(&["a", "b", "c"], 4);
    let denied = refused("c", ErrorCode::TopicAuthorizationFailed);
    take(
        &mut some,
        page(vec![part("a", 1, [0]), loading(), denied], None),
    )
    .unwrap();
    assert_eq!(asked(&some), (vec!["b".to_owned()], None));
    let error = take(&mut some, page(vec![loading()], None)).unwrap_err();
    assert!(error.is_retriable());
    // Also in the middle: what is there already stays.
    take(
        &mut some,
        page(vec![part("b", 2, [0, 1, 2, 3])], Some(("b", 4))),
    )
    .unwrap();
    take(&mut some, page(vec![loading()], None)).unwrap_err();
    assert_eq!(asked(&some).1, Some(("b".into(), 4)));
    take(&mut some, page(vec![part("b", 2, [4])], None)).unwrap();
    let outcome = outcome(some);
    assert_eq!(outcome[1].1.as_ref().unwrap().1.len(), 5);
    let error = outcome[2].1.as_ref().unwrap_err();
    assert!(error.contains("DESCRIBE permission"), "{error}");
}

#[test]
fn a_topic_that_goes_on_is_kept_when_another_may_pass() {
    let mut two = pages(&["a", "b"], 2);
    let loading = refused("b", ErrorCode::CoordinatorLoadInProgress);
    take(
        &mut two,
        page(vec![part("a", 1, [0, 1]), loading], Some(("a", 2))),
    )
    .unwrap();
    assert_eq!(asked(&two).1, Some(("a".into(), 2)));
}

#[test]
fn answers_that_make_no_sense_cost_their_topic_only() {
    let mut odd = pages(&["a", "b"], 9);
    let huge = part("a", 1, [0, i32::MAX]);
    take(
        &mut odd,
        page(vec![huge, part("b", 2, [1, 0, 1, -4])], None),
    )
    .unwrap();
    let outcome = outcome(odd);
    let error = outcome[0].1.as_ref().unwrap_err();
    assert!(error.contains("impossible partition"), "{error}");
    assert_eq!(outcome[1].1, Ok((id(2), vec![Some(0), Some(1)])));

    let mut far = pages(&["a"], 9);
    take(
        &mut far,
        page(vec![part("a", 1, [0])], Some(("a", i32::MAX))),
    )
    .unwrap();
    failed(far, "a", "impossible partition");
}

#[test]
fn partitions_without_a_leader_and_eligible_leaders_are_told() {
    let led = DescribeTopicPartitionsResponsePartition::new()
        .with_leader_id(-1)
        .with_leader_epoch(7)
        .with_replica_nodes(vec![1, 2, 3])
        .with_eligible_leader_replicas(Some(vec![2]))
        .with_last_known_elr(Some(vec![3]))
        .with_offline_replicas(vec![1, 2, 3]);
    let mut one = pages(&["a"], 9);
    let topic = part("a", 1, []).with_partitions(vec![led]);
    take(&mut one, page(vec![topic], None)).unwrap();
    let topic = one.finish().remove("a").unwrap().unwrap();
    let partition = &topic.partitions()[0];
    assert_eq!((partition.leader, partition.leader_epoch), (None, 7));
    assert_eq!(partition.error, Some(ErrorCode::LeaderNotAvailable));
    let eligible = partition.eligible_leaders.as_deref().unwrap();
    assert_eq!(
        (&*eligible.replicas, &*eligible.last_known),
        (&[2][..], &[3][..])
    );
}

#[test]
fn a_broker_that_refuses_pages_is_not_asked_for_them_again() {
    let mut old = pages(&["a"], 9);
    take(
        &mut old,
        page(vec![refused("a", ErrorCode::UnsupportedVersion)], None),
    )
    .unwrap();
    assert!(old.are_refused() && !old.is_done());
}
