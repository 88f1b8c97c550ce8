//! Dialogues about bringing what is known up to date.

use super::*;

#[test]
fn the_view_is_renewed_when_it_is_old() {
    let topics = || vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(2, 1)])];
    let mut talk = Dialogue::started(topics());
    for round in 1..=3 {
        let (at, question) = talk.next_question();
        assert_eq!(at, round * 300_000);
        assert_eq!(
            (question.purpose, names(&question)),
            (Purpose::All, vec!["a", "b"])
        );
        assert!(!question.allow_auto_topic_creation);
        talk.answer(topics());
    }
    // A part of it renewed doesn't put it off.
    talk.to(1_000_000);
    talk.machine.nudge(Some("a"));
    assert_eq!(talk.asks().purpose, Purpose::Part);
    talk.answer(vec![]);
    assert_eq!(talk.next_question().0, 1_200_000);
    // An old view that can't be renewed is tried again, and again.
    talk.fail(ErrorKind::Connect);
    assert_eq!(talk.next_question().0, 1_200_100);
    talk.fail(ErrorKind::Connect);
    assert_eq!(talk.next_question().0, 1_200_300);
}

#[test]
fn nudges_are_gathered_and_spaced_the_less_they_help() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(2, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("b"));
    talk.machine.nudge(Some("a"));
    talk.machine.nudge(Some("a"));
    let question = talk.asks();
    assert_eq!(
        (question.purpose, names(&question)),
        (Purpose::Part, vec!["a", "b"])
    );
    let mut gaps = Vec::new();
    for _ in 0..6 {
        talk.machine.nudge(Some("a"));
        talk.answer(vec![topic("a", 1, &[(1, 1)])]);
        let before = talk.now;
        let (at, question) = talk.next_question();
        assert_eq!(names(&question), ["a"]);
        gaps.push(at - before);
    }
    assert_eq!(gaps, [100, 200, 400, 800, 1000, 1000]);
    // One that helped makes the next one quick.
    talk.machine.nudge(None);
    talk.answer(vec![topic("a", 1, &[(2, 2)])]);
    let before = talk.now;
    let (at, question) = talk.next_question();
    assert_eq!(at - before, 100);
    assert_eq!(
        (question.purpose, names(&question)),
        (Purpose::All, vec!["a", "b"])
    );
    talk.answer(vec![]);
    // So does peace.
    talk.to(talk.now + 20_000);
    talk.machine.nudge(Some("a"));
    talk.asks();
    talk.machine.nudge(Some("a"));
    talk.answer(vec![]);
    let before = talk.now;
    assert_eq!(talk.next_question().0 - before, 100);
}

#[test]
fn news_of_topics_not_in_use_is_not_asked_for() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("stranger"));
    let question = talk.asks();
    assert_eq!(
        (question.purpose, names(&question)),
        (Purpose::Part, vec![])
    );
}

#[test]
fn failures_are_tried_again_with_backoff_and_lose_no_wish() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(2, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("a"));
    assert_eq!(names(&talk.asks()), ["a"]);
    talk.fail(ErrorKind::Disconnected);
    talk.machine.nudge(Some("b"));
    // No new wish is quicker than the backoff when nobody answers.
    talk.wait_topic(1, "c", 60_000);
    let (at, question) = talk.next_question();
    assert_eq!((at, names(&question)), (1100, vec!["c"]));
    talk.fail(ErrorKind::Disconnected);
    let (at, question) = talk.next_question();
    assert_eq!((at, names(&question)), (1300, vec!["a", "b"]));
    talk.fail(ErrorKind::Disconnected);
    talk.machine.nudge(None);
    assert_eq!(talk.next_question().0, 1700);
    talk.answer(vec![topic("c", 3, &[(1, 1)])]);
    talk.ok(1);
    // Success wipes the slate.
    assert_eq!(talk.asks().purpose, Purpose::All);
    talk.fail(ErrorKind::Disconnected);
    assert_eq!(
        talk.next_question(),
        (1800, talk.machine.in_flight.clone().unwrap())
    );
    assert_eq!(
        talk.machine.in_flight.as_ref().unwrap().purpose,
        Purpose::All
    );
}

#[test]
fn without_any_answer_the_deadline_names_the_last_failure() {
    let mut talk = Dialogue::new();
    talk.wait(1, Goal::Ready, 500);
    talk.wait_topic(2, "a", 500);
    while talk.now < 500 {
        talk.next_question();
        talk.fail(ErrorKind::Connect);
        talk.to(talk
            .machine
            .wake_at()
            .unwrap()
            .duration_since(talk.start)
            .as_millis() as u64);
    }
    talk.poll();
    for id in [1, 2] {
        let error = talk.error(id);
        assert_eq!(error.kind(), &ErrorKind::Timeout);
        assert!(error.to_string().contains("no connection"), "{error}");
        assert!(error.to_string().contains("500ms"), "{error}");
    }
}

#[test]
fn what_can_never_work_is_told_at_once_but_only_at_the_start() {
    let mut talk = Dialogue::new();
    talk.wait(1, Goal::Ready, 60_000);
    talk.wait_topic(2, "a", 60_000);
    talk.asks();
    talk.fail(ErrorKind::FrameTooLarge);
    assert_eq!(talk.error(1).kind(), &ErrorKind::FrameTooLarge);
    assert_eq!(talk.error(2).kind(), &ErrorKind::FrameTooLarge);
    talk.asks_nothing();

    let mut talk = Dialogue::started(vec![]);
    talk.to(1000).wait_topic(1, "a", 60_000);
    talk.asks();
    talk.fail(ErrorKind::FrameTooLarge);
    assert!(talk.resolved.is_empty());
    talk.next_question();
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    talk.ok(1);
}

#[test]
fn a_forced_refresh_takes_no_older_answer() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(None);
    talk.asks();
    talk.wait(1, Goal::Round(vec![StrBytes::from("a")]), 60_000);
    talk.wait(2, Goal::Round(vec![]), 60_000);
    talk.answer(vec![]);
    assert!(talk.resolved.is_empty());
    let (at, question) = talk.next_question();
    assert_eq!((at, question.purpose), (1100, Purpose::All));
    talk.answer(vec![]);
    talk.ok(1);
    talk.ok(2);

    // Asking for some topics only, others than those in use too.
    let goal = Goal::Round(["a", "new"].map(StrBytes::from).into());
    talk.to(2000).wait(3, goal, 60_000);
    let question = talk.asks();
    assert_eq!(
        (question.purpose, names(&question)),
        (Purpose::Part, vec!["a", "new"])
    );
    talk.wait(4, Goal::Round(vec![StrBytes::from("b")]), 60_000);
    talk.answer(vec![topic("new", 3, &[(1, 1)])]);
    talk.ok(3);
    assert!(talk.resolved.is_empty());
    assert_eq!(names(&talk.next_question().1), ["b"]);
    talk.answer(vec![]);
    talk.ok(4);
    // "new" exists, so it is in use now.
    talk.machine.nudge(None);
    assert_eq!(names(&talk.next_question().1), ["a", "b", "new"]);
}

#[test]
fn a_forced_refresh_takes_no_answer_about_something_else() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(None);
    talk.asks();
    talk.wait(1, Goal::Round(vec![StrBytes::from("a")]), 60_000);
    talk.wait(2, Goal::Round(vec![]), 60_000);
    talk.wait_topic(3, "new", 60_000);
    talk.answer(vec![]);
    assert_eq!(names(&talk.asks()), ["new"]);
    talk.answer(vec![topic("new", 2, &[(1, 1)])]);
    talk.ok(3);
    assert!(talk.resolved.is_empty());
    assert_eq!(talk.next_question().1.purpose, Purpose::All);
    talk.answer(vec![]);
    talk.ok(1);
    talk.ok(2);
}

#[test]
fn a_forced_refresh_waits_for_the_first_backoff_only() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000);
    let mut gaps = Vec::new();
    for id in 0..5 {
        talk.wait(id, Goal::Round(vec![]), 60_000);
        let before = talk.now;
        gaps.push(talk.next_question().0 - before);
        talk.answer(vec![]);
        talk.ok(id);
    }
    assert_eq!(gaps, [0, 100, 100, 100, 100]);
}

#[test]
fn a_refresh_of_a_topic_that_does_not_exist_makes_it_no_topic_in_use() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000);
    talk.wait(1, Goal::Round(vec![StrBytes::from("nowhere")]), 60_000);
    assert!(!talk.asks().allow_auto_topic_creation);
    talk.answer(vec![unknown("nowhere")]);
    assert!(talk.ok(1).topic("nowhere").is_none());
    assert!(talk.machine.in_use.is_empty());
}

#[test]
fn brokers_and_the_controller_are_asked_for_until_they_are_named() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000);
    talk.wait(1, Goal::Broker(3), 60_000);
    assert!(talk.ok(1).broker(3).is_some());
    talk.wait(2, Goal::Broker(9), 60_000);
    talk.wait(3, Goal::Controller, 60_000);
    talk.wait(4, Goal::Broker(10), 1500);
    talk.wait(5, Goal::Controller, 1500);
    talk.asks();
    // A controller of unknown address is of no use.
    talk.answer_with(response(&[1, 2], vec![]).with_controller_id(9));
    assert!(talk.resolved.is_empty());
    talk.to(1600);
    talk.asks();
    assert!(talk.error(4).to_string().contains("broker 10"));
    assert!(talk.error(5).to_string().contains("controller"));
    talk.answer_with(response(&[1, 9], vec![]).with_controller_id(9));
    assert!(talk.ok(2).broker(9).is_some());
    assert_eq!(talk.ok(3).controller_id(), Some(9));
    talk.asks_nothing();
}

#[test]
fn a_forgotten_topic_is_gone_and_stays_gone() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("a"));
    talk.asks();
    talk.machine.nudge(Some("a"));
    talk.machine.forget("a");
    talk.collect();
    assert_eq!(talk.published, [1, 2]);
    assert!(talk.machine.cluster().topic("a").is_none());
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    assert!(talk.machine.cluster().topic("a").is_none());
    talk.machine.nudge(None);
    assert_eq!(names(&talk.next_question().1), ["b"]);
    talk.answer(vec![]);
    // Until someone asks for it again.
    talk.wait_topic(1, "a", 60_000);
    assert_eq!(names(&talk.asks()), ["a"]);
    talk.machine.forget("a");
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    talk.ok(1);
    assert!(talk.machine.cluster().topic("a").is_some());
}

#[test]
fn a_forgotten_topic_is_in_no_later_question() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)]), topic("b", 2, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("a"));
    talk.machine.nudge(Some("b"));
    talk.machine.forget("a");
    assert_eq!(names(&talk.asks()), ["b"]);
    talk.answer(vec![unknown("b")]);
    // Someone still waits for it: it is in use for as long as they do.
    talk.wait_topic(1, "b", 2000);
    talk.machine.forget("b");
    assert_eq!(names(&talk.next_question().1), ["b"]);
    talk.answer(vec![unknown("b")]);
    talk.to(2000).poll();
    talk.error(1);
    assert!(talk.machine.in_use.is_empty());
}

#[test]
fn a_deleted_topic_stays_in_use_but_is_not_created_by_a_refresh() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)])]);
    talk.to(1000);
    talk.machine.nudge(Some("a"));
    talk.asks();
    talk.answer(vec![unknown("a")]);
    assert!(talk.machine.cluster().topic("a").is_none());
    talk.machine.nudge(Some("a"));
    let (_, question) = talk.next_question();
    assert_eq!(names(&question), ["a"]);
    assert!(!question.allow_auto_topic_creation);
    // Someone who waits in vain doesn't end the interest of the others.
    talk.answer(vec![unknown("a")]);
    talk.wait_topic(1, "a", talk.now + 50);
    assert!(talk.asks().allow_auto_topic_creation);
    talk.answer(vec![unknown("a")]);
    talk.to(talk.now + 50).poll();
    talk.error(1);
    let (at, question) = talk.next_question();
    assert_eq!((at, names(&question)), (300_000, vec!["a"]));
    talk.answer(vec![topic("a", 2, &[(1, 0)])]);
    assert!(talk.machine.cluster().topic("a").is_some());
}

#[test]
fn another_cluster_replaces_everything() {
    let mut talk = Dialogue::started(vec![topic("a", 0, &[(1, 90)]), topic("b", 0, &[(1, 90)])]);
    talk.to(1000);
    talk.machine.nudge(None);
    talk.asks();
    let answer = Answer {
        response: response(&[1], vec![topic("a", 0, &[(1, 3)])])
            .with_cluster_id(Some(StrBytes::from("other"))),
        version: 13,
        other_cluster: true,
    };
    talk.machine.on_answer(talk.at(1000), answer);
    talk.collect();
    let cluster = talk.machine.cluster();
    assert_eq!(cluster.generation(), 2);
    assert_eq!(cluster.cluster_id().map(|id| &**id), Some("other"));
    assert_eq!(cluster.topic("a").unwrap().partitions()[0].leader_epoch, 3);
    assert!(cluster.topic("b").is_none());
}

#[test]
fn closing_resolves_everyone_now_and_later() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000).wait_topic(1, "a", 60_000);
    talk.wait(2, Goal::Broker(77), 60_000);
    talk.asks();
    talk.machine.close(&Error::closed("the router"));
    talk.collect();
    talk.wait_topic(3, "b", 60_000);
    talk.wait(4, Goal::Ready, 60_000);
    for id in 1..=4 {
        assert_eq!(talk.error(id).kind(), &ErrorKind::Closed);
    }
    // What was under way finds nobody.
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    talk.fail(ErrorKind::Connect);
    talk.machine.nudge(None);
    talk.to(10_000_000).asks_nothing();
    assert_eq!(talk.machine.wake_at(), None);
}

#[test]
fn brokers_asked_in_vain_for_long_enough_give_way_to_the_bootstrap_addresses() {
    let mut talk = Dialogue::started(vec![topic("t", 1, &[(1, 0)])]);
    talk.to(100_000).machine.nudge(None);
    // The minute counts from the first question that nobody answers.
    let mut questions = Vec::new();
    while talk.now < 162_000 {
        let (at, question) = talk.next_question();
        questions.push((at, question.from_bootstrap));
        talk.fail(ErrorKind::Disconnected);
    }
    assert!(
        questions.iter().all(|(at, from)| *from == (*at >= 160_000)),
        "{questions:?}"
    );
    assert!(questions.len() > 50 && questions.iter().any(|(_, from)| *from));
    let (_, question) = talk.next_question();
    assert!(question.from_bootstrap);
    talk.answer(vec![]);
    talk.machine.nudge(None);
    let (_, question) = talk.next_question();
    assert!(!question.from_bootstrap, "an answer begins the time anew");
    talk.fail(ErrorKind::Disconnected);
}

#[test]
fn before_the_first_answer_there_is_nobody_else_to_ask() {
    let mut talk = Dialogue::new();
    talk.wait(1, Goal::Ready, 200_000);
    while talk.now < 100_000 {
        let (_, question) = talk.next_question();
        assert!(!question.from_bootstrap);
        talk.fail(ErrorKind::Connect);
    }
}

#[test]
fn the_time_in_which_nobody_asks_does_not_count_against_the_known_brokers() {
    // The trigger is 60 s. Someone asks in vain for a second and leaves.
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000).wait_topic(1, "t", 2000);
    let (_, question) = talk.next_question();
    assert!(!question.from_bootstrap);
    talk.fail(ErrorKind::Disconnected);
    talk.to(2000).asks_nothing();
    talk.error(1);
    // Two minutes later someone asks again: the known brokers have their time anew.
    talk.to(120_000).wait_topic(2, "t", 250_000);
    for _ in 0..10 {
        let (at, question) = talk.next_question();
        assert!(!question.from_bootstrap, "at {at}");
        talk.fail(ErrorKind::Disconnected);
    }
    // Pauses in between do not save them.
    loop {
        let (at, question) = talk.next_question();
        assert!(at < 185_000, "never");
        if question.from_bootstrap {
            assert!(at >= 180_000, "at {at}");
            break;
        }
        talk.fail(ErrorKind::Disconnected);
    }
}
