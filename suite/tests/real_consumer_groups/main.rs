//! One dialogue in raw messages about consumer groups (KIP-848), held with a real
//! broker and with the embedded one: what they answer is the same, word for word
//! but for the texts meant for people.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a dialogue that takes another turn is a failed test"
)]

mod dialogue;

use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use kafka_harness::ClusterOptions;
use kafka_protocol::messages::ConsumerGroupHeartbeatRequest;
use kafka_protocol::{ErrorCode, StrBytes};
use kafka_suite::{BoxError, Broker};
use kafka_test_broker::TestCluster;
use tokio::task::block_in_place;

use dialogue::{Dialogue, join, join_regex, stay, tick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_broker_answers_as_a_real_one() -> Result<(), BoxError> {
    // A group has one target a second: a pause of the machine at the wrong moment
    // changes what the one or the other says. What differs each time differs.
    let mut differences = Vec::new();
    for _ in 0..3 {
        let embedded = TestCluster::start().await?;
        let here = block_in_place(|| Dialogue::hold(&embedded.bootstrap()));
        let real = block_in_place(|| Broker::start(&ClusterOptions::default()))?;
        let there = block_in_place(|| Dialogue::hold(&real.bootstrap()));
        assert_eq!(here.len(), there.len());
        differences = here
            .iter()
            .zip(&there)
            .filter(|(here, there)| here != there)
            .map(|(here, there)| format!("embedded {here}\n    real {there}"))
            .collect();
        if differences.is_empty() {
            return Ok(());
        }
        println!("{}", differences.join("\n"));
    }
    panic!("{}", differences.join("\n"));
}

impl Dialogue {
    fn hold(address: &str) -> Vec<String> {
        let mut dialogue = Dialogue::with(TcpStream::connect(address).unwrap());
        dialogue.create("t", 4);
        dialogue.create("u", 3);
        dialogue.sharing();
        dialogue.refusals();
        dialogue.offsets();
        dialogue.static_members();
        dialogue.subscriptions();
        dialogue.assignors();
        dialogue.classic_members();
        dialogue.conversions();
        dialogue.lines
    }

    fn sharing(&mut self) {
        self.begin("sharing");
        self.beat(stay("m", 1));
        self.beat(stay("m", -1));
        self.describe();
        self.list();
        self.beat(join("m", &["t"]));
        self.beat(join("n", &["t"]));
        self.describe();
        tick();
        self.beat(stay("n", 2));
        self.describe();
        self.beat(stay("m", 2));
        self.describe();
        self.list();
        let still = self.owning(stay("m", 2), "t", &[0, 1, 2]);
        self.beat(still);
        self.beat(stay("n", 3));
        let given_up = self.owning(stay("m", 2), "t", &[0, 1]);
        self.beat(given_up);
        self.beat(stay("n", 3));
        self.list();
        self.describe();
        // Answers that got lost, and epochs there are not.
        self.beat(stay("m", 2));
        let repeated = self.owning(stay("m", 2), "t", &[0, 1]);
        self.beat(repeated);
        let strange = self.owning(stay("m", 2), "t", &[3]);
        self.beat(strange);
        self.beat(stay("m", 1));
        self.beat(stay("m", 7));
        self.beat(join("m", &["t"]));
        self.beat(stay("n", -1));
        self.describe();
        tick();
        self.beat(stay("m", 3));
        self.beat(stay("m", -1));
        self.list();
        self.describe();
        self.delete();
        self.list();
    }

    fn refusals(&mut self) {
        self.begin("refusals");
        let empty = || Some(StrBytes::default());
        let join = || join("m", &["t"]);
        for request in [
            join().with_member_id(""),
            join().with_instance_id(empty()),
            join().with_rack_id(empty()),
            join().with_rebalance_timeout_ms(-1),
            join().with_topic_partitions(None),
            join().with_subscribed_topic_names(None),
            stay("m", -2),
            stay("m", -3),
            stay("m", 5),
            join().with_server_assignor(Some("Range".into())),
            join_regex("m", "("),
            join_regex("m", "a**"),
        ] {
            self.beat(request);
        }
        let owning = self.owning(join(), "t", &[0]);
        self.beat(owning);
        let nameless = join().with_group_id("");
        let answer = self.call(&nameless, 1);
        self.note(format!(
            "without group: {:?}",
            ErrorCode::from(answer.error_code)
        ));
        self.list();
    }

    fn offsets(&mut self) {
        self.begin("offsets");
        self.commit("", -1, 9);
        self.list();
        self.beat(join("m", &["t"]));
        self.list();
        for version in 8..=10 {
            for (member, epoch) in [("m", 2), ("m", 1), ("m", 3), ("x", 2), ("", -1)] {
                self.commit(member, epoch, version);
            }
        }
        for (member, epoch) in [
            (Some("m"), 2),
            (Some("m"), 1),
            (Some("x"), 2),
            (None, -1),
            (None, 2),
            (Some("m"), -1),
        ] {
            self.fetch_offsets(member, epoch);
        }
        self.delete();
        self.beat(stay("m", -1));
        self.commit("", -1, 9);
        self.commit("m", 2, 9);
        self.delete();
        self.commit("m", 2, 9);
        self.commit("m", 2, 8);
    }

    fn static_members(&mut self) {
        self.begin("static");
        let is = |request: ConsumerGroupHeartbeatRequest, name: &str| {
            request.with_instance_id(Some(StrBytes::from(name)))
        };
        self.beat(is(join("m", &["t"]), "s"));
        self.beat(is(join("n", &["t"]), "s"));
        self.beat(is(join("m", &["t"]), "s"));
        self.beat(is(stay("n", 2), "s"));
        self.beat(is(stay("m", 2), "other"));
        self.beat(stay("m", 2));
        self.beat(is(stay("n", -2), "s"));
        self.beat(is(stay("m", -2), "s"));
        self.describe();
        self.list();
        self.commit("m", 2, 9);
        self.beat(is(stay("m", 2), "s"));
        self.beat(is(join("n", &["t"]), "s"));
        self.describe();
        self.beat(is(stay("m", 2), "s"));
        self.beat(is(join("o", &["t"]), "r"));
        tick();
        self.beat(is(stay("o", 2), "r"));
        self.beat(is(stay("n", 2), "s"));
        self.describe();
        // It goes while it has something to give up.
        self.beat(is(stay("n", -2), "s"));
        self.describe();
        self.beat(is(stay("o", 3), "r"));
        self.beat(is(join("p", &["t"]), "s"));
        self.describe();
        self.beat(is(stay("o", -1), "r"));
        self.beat(is(stay("p", -1), "s"));
        self.list();
    }

    fn subscriptions(&mut self) {
        self.begin("subscriptions");
        self.beat(join("m", &["t", "u", "later"]));
        let names =
            |topics: &[&str]| Some(topics.iter().map(|name| StrBytes::from(*name)).collect());
        tick();
        self.beat(stay("m", 2).with_subscribed_topic_names(names(&["u", "later"])));
        self.describe();
        let given_up = self.owning(stay("m", 2), "u", &[0, 1, 2]);
        self.beat(given_up);
        tick();
        self.create("later", 2);
        self.beat(stay("m", 3));
        self.describe();
        self.beat(stay("m", 4).with_subscribed_topic_names(names(&[])));
        self.describe();
        self.beat(stay("m", -1));

        self.begin("regexes");
        self.beat(join_regex("m", "[tu]"));
        sleep(Duration::from_millis(500));
        self.describe();
        self.beat(stay("m", 1));
        self.describe();
        self.beat(join_regex("n", "[tu]"));
        self.beat(join("o", &["t"]));
        tick();
        self.beat(stay("o", 2));
        self.describe();
        // Another expression, and names beside it.
        self.beat(join_regex("p", "t").with_subscribed_topic_names(names(&["u"])));
        sleep(Duration::from_millis(500));
        self.describe();
        sleep(Duration::from_millis(10_100));
        self.beat(stay("n", 3));
        sleep(Duration::from_millis(500));
        self.describe();
        for member in ["m", "n", "o", "p"] {
            self.beat(stay(member, -1));
        }
        self.list();
    }

    fn assignors(&mut self) {
        self.begin("range");
        let range = |request: ConsumerGroupHeartbeatRequest| {
            request.with_server_assignor(Some("range".into()))
        };
        self.beat(range(join("m", &["t", "u"])));
        self.beat(range(join("n", &["t", "u"])));
        self.beat(range(join("o", &["u"])).with_instance_id(Some("first".into())));
        tick();
        self.beat(stay("o", 2).with_instance_id(Some("first".into())));
        self.describe();
        self.begin("uniform");
        for number in 0..9 {
            self.beat(join(&format!("member-{number}"), &["t", "u"]));
        }
        tick();
        self.beat(stay("member-3", 2));
        self.describe();
        self.beat(stay("member-5", -1));
        tick();
        self.beat(join("one-more", &["u"]));
        self.describe();
        self.beat(stay("member-3", 2));
    }

    fn classic_members(&mut self) {
        self.begin("mixed");
        self.beat(join("m", &["t"]));
        tick();
        // The uniform assignor goes by the ids' hashes: with the id that the broker
        // offers, who keeps the larger share would be a matter of luck.
        let offered = self.join_classic("", None, "range", &[]);
        let first = "first".to_owned();
        assert_ne!(offered, first);
        self.join_classic(&first, None, "range", &[]);
        self.describe_but(&first);
        self.sync(&first, 3, &[]);
        self.sync(&first, 2, &[]);
        self.beat_classic(&first, 3);
        self.beat(stay("m", 2));
        let given_up = self.owning(stay("m", 2), "t", &[0, 1]);
        self.beat(given_up);
        self.beat_classic(&first, 3);
        self.join_classic(&first, None, "range", &[]);
        self.sync(&first, 3, &[]);
        self.beat_classic(&first, 3);
        self.describe_but(&first);
        self.commit(&first, 3, 8);
        self.commit(&first, 2, 8);
        self.commit(&first, 4, 8);
        self.beat_classic(&first, 2);
        self.beat_classic("m", 3);
        self.sync("m", 3, &[]);
        let static_one = self.join_classic("", Some("s"), "range", &[]);
        self.join_classic("", Some("r"), "other", &[]);
        self.describe_but(&first);
        tick();
        self.beat(stay("m", 3));
        self.beat_classic(&first, 3);
        self.leave_classic("nobody", None);
        self.leave_classic("nobody", Some("s"));
        self.leave_classic("", Some("s"));
        self.leave_classic(&static_one, Some("s"));
        self.leave_classic("m", None);
        self.list();
        self.describe_but(&first);
        self.describe_classic();
    }

    fn conversions(&mut self) {
        self.begin("converted");
        let first = self.join_classic("", None, "range", &[]);
        self.join_classic(&first, None, "range", &[]);
        self.sync(&first, 1, &[(&first, &[0, 1, 2, 3])]);
        self.list();
        self.beat(stay("m", 1));
        self.beat(join("m", &["t"]));
        self.list();
        self.describe_but(&first);
        self.beat_classic(&first, 1);
        self.join_classic(&first, None, "range", &[("t", &[0, 1, 2, 3])]);
        self.sync(&first, 1, &[]);
        self.beat_classic(&first, 1);
        self.join_classic(&first, None, "range", &[("t", &[0, 1])]);
        self.sync(&first, 2, &[]);
        self.beat(stay("m", 2));
        self.describe_but(&first);
        self.beat(stay("m", -1));
        self.list();
        self.describe_classic();
        self.beat_classic(&first, 2);
        self.join_classic(&first, None, "range", &[]);
        self.sync(&first, 3, &[(&first, &[0, 1, 2, 3])]);
        self.list();
        self.leave_classic(&first, None);
        self.list();
        // Not of consumers' own assignors alone.
        self.beat(join("m", &["t"]));
        self.list();
        self.beat(stay("m", -1));
        self.join_classic("", None, "range", &[]);
        self.list();
    }
}
