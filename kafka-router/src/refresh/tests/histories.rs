//! Random histories: whatever happens in whatever order, what was promised holds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const MAX_WAIT_MS: u64 = 3000;

#[derive(Clone, Debug)]
enum Step {
    Wait(Goal, u64),
    CancelOldest,
    Nudge(Option<u8>),
    Forget(u8),
    Pass(u64),
    /// Which brokers there are, whether there is a controller, and what each
    /// topic is like: missing, failing, or there with an id and an epoch.
    Answer(Vec<i32>, i32, Vec<TopicState>),
    Fail(bool),
}

#[derive(Copy, Clone, Debug)]
enum TopicState {
    Unsaid,
    Failing(i16),
    There(u8, i32, i32),
}

fn name(topic: u8) -> StrBytes {
    StrBytes::from(format!("t{topic}"))
}

fn goals() -> impl Strategy<Value = Goal> {
    prop_oneof![
        Just(Goal::Ready),
        (0..4_u8).prop_map(|topic| Goal::Topic(name(topic))),
        (1..5).prop_map(Goal::Broker),
        Just(Goal::Controller),
        prop::collection::vec((0..4_u8).prop_map(name), 0..3).prop_map(Goal::Round),
    ]
}

fn topics() -> impl Strategy<Value = TopicState> {
    prop_oneof![
        Just(TopicState::Unsaid),
        prop::sample::select(vec![3_i16, 5, 17, 29, -1, 38]).prop_map(TopicState::Failing),
        (0..3_u8, -1..4, -1..6)
            .prop_map(|(id, leader, epoch)| TopicState::There(id, leader, epoch)),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (goals(), 0..MAX_WAIT_MS).prop_map(|(goal, wait)| Step::Wait(goal, wait)),
        1 => Just(Step::CancelOldest),
        2 => prop::option::of(0..4_u8).prop_map(Step::Nudge),
        1 => (0..4_u8).prop_map(Step::Forget),
        3 => (0..2000_u64).prop_map(Step::Pass),
        4 => (
            prop::collection::vec(1..5, 1..4),
            -1..5,
            prop::collection::vec(topics(), 4),
        )
            .prop_map(|(brokers, controller, topics)| Step::Answer(brokers, controller, topics)),
        2 => any::<bool>().prop_map(Step::Fail),
    ]
}

/// What the world promised to whom.
#[derive(Default)]
struct Promises {
    next_id: WaiterId,
    open: BTreeMap<WaiterId, (Goal, u64)>,
    generation: u64,
    question: Option<Question>,
}

impl Promises {
    fn check(&mut self, talk: &mut Dialogue) {
        if let Some(question) = talk.poll() {
            assert!(self.question.is_none(), "two questions at a time");
            let creates = question.allow_auto_topic_creation;
            assert_eq!(creates, question.purpose == Purpose::Seek);
            self.question = Some(question);
        }
        for (id, result) in std::mem::take(&mut talk.resolved) {
            let (goal, _) = self.open.remove(&id).expect("a wait that is open");
            if let Ok(cluster) = result {
                let is_round = matches!(goal, Goal::Round(_));
                assert!(is_round || goal.is_met_by(&cluster), "{goal:?} is not met");
            }
        }
        for (goal, deadline) in self.open.values() {
            assert!(*deadline > talk.now, "{goal:?} is late");
        }
        assert_eq!(talk.machine.waiting(), self.open.len());
        for generation in std::mem::take(&mut talk.published) {
            assert_eq!(generation, self.generation + 1);
            self.generation = generation;
        }
        // Something is always going to happen for whoever waits.
        if !self.open.is_empty() && self.question.is_none() {
            assert!(talk.machine.wake_at().is_some());
        }
        let cluster = talk.machine.cluster();
        for topic in cluster.topics() {
            assert!(talk.machine.in_use.contains_key(topic.name()));
            let ids = topic.partitions().iter().map(|partition| partition.id);
            assert!(ids.eq(0..topic.partitions().len() as i32));
        }
    }

    fn answer(
        &mut self,
        talk: &mut Dialogue,
        brokers: &[i32],
        controller: i32,
        states: &[TopicState],
    ) {
        let Some(question) = self.question.take() else {
            return;
        };
        let told = (0..).zip(states).filter_map(|(number, state)| {
            let name = name(number);
            if !question.topics.contains(&name) {
                return None;
            }
            match *state {
                TopicState::Unsaid => None,
                TopicState::Failing(code) => Some(topic(&name, 0, &[]).with_error_code(code)),
                TopicState::There(id, leader, epoch) => Some(topic(&name, id, &[(leader, epoch)])),
            }
        });
        let answer = response(brokers, told.collect()).with_controller_id(controller);
        talk.answer_with(answer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hold_every_promise(history in prop::collection::vec(steps(), 1..120)) {
        let mut talk = Dialogue::new();
        let mut promises = Promises::default();
        for step in history {
            match step {
                Step::Wait(goal, wait) => {
                    promises.next_id += 1;
                    let deadline = talk.now + 1 + wait;
                    promises.open.insert(promises.next_id, (goal.clone(), deadline));
                    talk.wait(promises.next_id, goal, deadline);
                }
                Step::CancelOldest => {
                    if let Some((id, _)) = promises.open.pop_first() {
                        talk.machine.cancel(id);
                    }
                }
                Step::Nudge(topic) => {
                    let topic = topic.map(name);
                    talk.machine.nudge(topic.as_deref());
                }
                Step::Forget(topic) => {
                    talk.machine.forget(&name(topic));
                    talk.collect();
                }
                Step::Pass(millis) => {
                    talk.to(talk.now + millis);
                }
                Step::Answer(brokers, controller, topics) => {
                    promises.answer(&mut talk, &brokers, controller, &topics);
                }
                Step::Fail(retriable) => {
                    if promises.question.take().is_some() {
                        let kind = if retriable { ErrorKind::Connect } else { ErrorKind::Malformed };
                        talk.fail(kind);
                    }
                }
            }
            promises.check(&mut talk);
        }
        // Time alone ends every wait, and then nothing is left of them.
        talk.to(talk.now + MAX_WAIT_MS + 1);
        promises.check(&mut talk);
        prop_assert!(promises.open.is_empty());
        let cluster = Arc::clone(talk.machine.cluster());
        let left: BTreeSet<_> = talk.machine.in_use.iter().collect();
        prop_assert!(left.iter().all(|(_, established)| **established), "{left:?}");
        prop_assert!(cluster.topics().len() <= 4);
    }
}
