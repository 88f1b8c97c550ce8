use kafka_protocol::frame::{encode_request, encode_response};
use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata::MetadataResponseBroker;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    FetchRequest, FetchResponse, MetadataRequest, MetadataResponse,
};
use kafka_protocol::{Message, Request};

use super::*;

/// One client's link, whose both ends are written here.
struct Link {
    taps: Taps,
    tap: Tap,
    asked: i32,
}

impl Link {
    fn open(taps: &Taps) -> Self {
        Self {
            taps: taps.clone(),
            tap: Tap::new(taps, "b1:9092"),
            asked: 0,
        }
    }

    fn ask<R: Request>(&mut self, request: &R, version: i16) {
        let client = StrBytes::from("client");
        let frame = encode_request(request, version, self.asked, Some(&client)).unwrap();
        let bytes = frame.into_bytes();
        self.tap
            .delivered(Direction::ToBroker, &bytes, Instant::now());
        self.asked += 1;
    }

    fn answer<M: Message>(&mut self, key: ApiKey, version: i16, answer: &M) {
        let frame = encode_response(key, version, self.asked - 1, answer).unwrap();
        let bytes = frame.into_bytes();
        self.tap
            .delivered(Direction::ToClient, &bytes, Instant::now());
        assert!(!self.tap.lost, "{key:?}");
    }

    fn shake_hands(&mut self) {
        self.ask(&ApiVersionsRequest::new(), 3);
        let served = ApiVersion::new().with_api_key(ApiKey::Fetch.code());
        let versions = ApiVersionsResponse::new().with_api_keys(vec![served]);
        self.answer(ApiKey::ApiVersions, 3, &versions);
    }

    /// Fetches from t-0, whose leader's epoch the client believes to be this.
    fn fetch(&mut self, epoch: i32) {
        let partition = FetchPartition::new().with_current_leader_epoch(epoch);
        let topic = FetchTopic::new()
            .with_topic("t")
            .with_partitions(vec![partition]);
        let fetch = FetchRequest::new().with_topics(vec![topic]);
        self.ask(&fetch, 12);
    }

    fn fetched(&mut self) {
        self.answer(ApiKey::Fetch, 12, &FetchResponse::new());
    }

    /// The epochs that count as believed.
    fn stated(&self) -> Vec<i32> {
        let stated = self.taps.stated_epochs();
        let epochs = stated.values().flat_map(|epochs| epochs.keys().copied());
        epochs.collect()
    }
}

fn taps() -> Taps {
    let trace = Trace::start(false);
    Taps::new(Rows::default(), trace.clone(), Paces::new(trace))
}

#[tokio::test(start_paused = true)]
async fn the_first_request_may_have_waited_and_tells_what_was_believed_then() {
    let mut link = Link::open(&taps());
    link.shake_hands();
    link.fetch(2);
    assert!(link.stated().is_empty());
    link.fetched();
    link.fetch(4);
    assert_eq!(link.stated(), [4]);
}

#[tokio::test(start_paused = true)]
async fn to_find_out_what_broker_that_is_belongs_to_the_handshake() {
    let mut link = Link::open(&taps());
    link.shake_hands();
    link.ask(&DescribeGroupsRequest::new(), 0);
    link.answer(ApiKey::DescribeGroups, 0, &DescribeGroupsResponse::new());
    link.fetch(2);
    assert!(link.stated().is_empty());
}

#[tokio::test(start_paused = true)]
async fn epochs_that_may_be_stale_are_no_belief() {
    let mut link = Link::open(&taps());
    link.shake_hands();
    link.fetch(2);
    link.fetched();
    link.ask(&MetadataRequest::new(), RELIABLE_EPOCHS_SINCE - 1);
    let broker = MetadataResponseBroker::new().with_host("b1");
    let metadata = MetadataResponse::new().with_brokers(vec![broker]);
    link.answer(ApiKey::Metadata, RELIABLE_EPOCHS_SINCE - 1, &metadata);
    link.fetch(1);
    assert!(link.stated().is_empty());
}
