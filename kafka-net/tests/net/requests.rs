//! Requests on a connection: order, pipelining, partial transfers, bounds.

use futures_util::FutureExt;
use kafka_net::clock::now;
use kafka_net::{ErrorKind, NetConfig, SendOptions};
use kafka_protocol::messages::{
    ApiVersionsRequest, FetchRequest, MetadataRequest, MetadataResponse, ProduceRequest,
};
use kafka_protocol::{ApiKey, VersionRange};

use crate::support::*;
use tokio::task::yield_now;
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn requests_are_pipelined_and_matched() {
    let (_pool, connection, mut peer) = connect().await;
    let asking: Vec<_> = (0..50)
        .map(|n| connection.start(&question(&format!("q{n}")), &options()))
        .collect();
    assert!(asking.iter().all(|pending| pending.version() == 9));

    // All of them arrive before any is answered.
    let mut asked = Vec::new();
    for _ in 0..50 {
        asked.push(peer.asked().await);
    }
    let first_id = asked[0].correlation_id;
    for (n, asked) in asked.iter().enumerate() {
        assert_eq!(
            asked.correlation_id,
            first_id + n as i32,
            "ids in wire order"
        );
        assert_eq!(asked.topic(), format!("q{n}"));
        assert_eq!(asked.client_id.as_deref(), Some("kafka-rust"));
    }
    for asked in &asked {
        peer.echo(asked).await;
    }
    // Awaited in another order than asked.
    for (n, pending) in asking.into_iter().enumerate().rev() {
        assert_eq!(echoed(pending.await), Ok(format!("q{n}")));
    }
    let stats = connection.stats();
    assert_eq!((stats.requests, stats.answers), (51, 51));
    assert_eq!(
        (stats.in_flight, stats.max_in_flight, stats.lost),
        (0, 50, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn transfers_may_be_cut_anywhere() {
    for vectored in [true, false] {
        // A link that holds no more than one part, and one that never is full.
        for (max, buffer) in [(1, 2), (2, 3), (3, 4), (7, 8), (1000, 1001), (1, 1 << 20)] {
            let shape = Shape {
                max_write: max,
                max_read: max,
                vectored,
                buffer,
                ..Shape::default()
            };
            let (_pool, connection, mut peer) = connected(NetConfig::default(), shape).await;
            let served = tokio::spawn(async move { peer.serve().await });
            let asking: Vec<_> = (0..20)
                .map(|n| connection.start(&question(&format!("q{n}")), &options()))
                .collect();
            for (n, pending) in asking.into_iter().enumerate() {
                assert_eq!(echoed(pending.await), Ok(format!("q{n}")));
            }
            drop((_pool, connection));
            assert_eq!(served.await.unwrap(), 20);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_holds_back_is_flushed() {
    let shape = Shape {
        holds_back: true,
        buffer: 100,
        ..Shape::default()
    };
    let (pool, connection, mut peer) = connected(NetConfig::default(), shape).await;
    let pending = connection.start(&question("q"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("q".into()));
    // Also when nobody stays to wait for it.
    drop(connection.start_oneway(&produce(1000), &options()));
    drop((pool, connection));
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn shared_data_arrives_whole() {
    let shape = Shape {
        max_write: 10_007,
        ..Shape::default()
    };
    let (_pool, connection, mut peer) = connected(NetConfig::default(), shape).await;
    let request = produce(1_000_000);
    let asking = connection.start(&request, &options());
    let also = connection.start(&question("small"), &options());
    let asked = peer.asked().await;
    assert_eq!(asked.decode::<ProduceRequest>(), request);
    let asked = peer.asked().await;
    assert_eq!(asked.topic(), "small");
    drop((asking, also));
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_while_a_request_is_stuck() {
    let (_pool, connection, mut peer) = connect().await;
    let first = connection.start(&question("first"), &options());
    let asked = peer.asked().await;
    // More than the link holds, and the broker does not read it.
    let big = connection.start(&produce(1_000_000), &options());
    yield_now().await;
    peer.echo(&asked).await;
    assert_eq!(echoed(first.await), Ok("first".into()));
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    drop(big);
}

#[tokio::test(start_paused = true)]
async fn a_one_way_request_resolves_when_written() {
    let (_pool, connection, mut peer) = connect().await;
    let asking = connection.start(&question("before"), &options());
    let mut telling = connection.start_oneway(&produce(1_000_000), &options());
    assert_eq!(telling.version(), 9);
    sleep(seconds(1)).await;
    let unfinished = (&mut telling).now_or_never();
    assert!(unfinished.is_none(), "the broker has not read it");

    let asked = peer.asked().await;
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    telling.await.unwrap();
    // No answer is expected, so the next one belongs to others.
    peer.echo(&asked).await;
    assert_eq!(echoed(asking.await), Ok("before".into()));
}

#[tokio::test(start_paused = true)]
async fn the_in_flight_limit_holds_requests_back() {
    let config = NetConfig::default().with_max_in_flight(2);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let asking: Vec<_> = (0..5)
        .map(|n| connection.start(&question(&format!("q{n}")), &options()))
        .collect();
    let first = peer.asked().await;
    let second = peer.asked().await;
    assert!(
        tokio::time::timeout(seconds(5), peer.next()).await.is_err(),
        "a third was sent"
    );
    peer.echo(&first).await;
    let third = peer.asked().await;
    assert_eq!(third.topic(), "q2");
    peer.echo(&second).await;
    peer.echo(&third).await;
    peer.serve_next(2).await;
    for (n, pending) in asking.into_iter().enumerate() {
        assert_eq!(echoed(pending.await), Ok(format!("q{n}")));
    }
    assert_eq!(connection.stats().max_in_flight, 2);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_and_recovers() {
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(2);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let mut asking = Vec::new();
    for n in 0..3 {
        asking.push(connection.start(&question(&format!("q{n}")), &options()));
    }
    let error = connection
        .start(&question("refused"), &options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::QueueFull);
    assert!(!error.possibly_written() && error.is_retriable());
    assert_eq!(
        error.to_string(),
        "Metadata to broker 1 (kafka-1:9092): the connection's queue is full; it had no effect; \
         wait for answers, or raise max_queued_requests or max_queued_bytes"
    );
    peer.serve_next(3).await;
    for pending in asking {
        pending.await.unwrap();
    }
    let again = connection.start(&question("again"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(again.await), Ok("again".into()));
}

#[tokio::test(start_paused = true)]
async fn queued_bytes_are_bounded() {
    let config = NetConfig::default().with_max_queued_bytes(300_000);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let first = connection.start(&produce(200_000), &options());
    let refused = connection.start(&produce(200_000), &options());
    assert_eq!(refused.await.unwrap_err().kind(), &ErrorKind::QueueFull);
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    // Written, its bytes wait no more, though the answer is outstanding.
    let second = connection.start(&produce(200_000), &options());
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    // One above the bound goes when nothing else waits.
    let third = connection.start(&produce(900_000), &options());
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    drop((first, second, third));
}

#[tokio::test(start_paused = true)]
async fn request_waits_for_room() {
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(0);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let question = question(&format!("q{n}"));
                echoed(connection.request(&question, &options()).await)
            })
        })
        .collect();
    let served = tokio::spawn(async move { peer.serve_next(20).await });
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), Ok(format!("q{n}")));
    }
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_counts_against_the_timeout() {
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(0);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let first = connection.start(&question("first"), &options());
    let asked = peer.asked().await;

    let start = now();
    let error = connection
        .request(&question("late"), &SendOptions::new(seconds(5)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(now() - start < millis(5100));
    assert_eq!(
        error.to_string(),
        "Metadata to broker 1 (kafka-1:9092): no room in the connection's queue within 5s \
         (timeout); it had no effect"
    );

    // Four seconds in the queue leave six for the answer, which does not come.
    let start = now();
    let waiting = {
        let connection = connection.clone();
        let options = SendOptions::new(seconds(10));
        tokio::spawn(async move { connection.request(&question("second"), &options).await })
    };
    sleep(seconds(4)).await;
    peer.echo(&asked).await;
    assert_eq!(echoed(first.await), Ok("first".into()));
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.possibly_written());
    let passed = now() - start;
    assert!(
        passed >= seconds(10) && passed < millis(10_100),
        "{passed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_who_stops_waiting_for_room_passes_it_on() {
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(0);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let first = connection.start(&question("first"), &options());
    let asked = peer.asked().await;
    let (question_of_one, options_of_one) = (question("one"), options());
    let mut one = Box::pin(connection.request(&question_of_one, &options_of_one));
    assert!(one.as_mut().now_or_never().is_none());
    sleep(millis(1)).await;
    let other = {
        let connection = connection.clone();
        tokio::spawn(async move { connection.request(&question("other"), &options()).await })
    };
    sleep(millis(1)).await;
    // The room becomes free and is the first one's, who leaves without using it.
    peer.echo(&asked).await;
    first.await.unwrap();
    sleep(millis(1)).await;
    assert!(!other.is_finished());
    drop(one);
    let asked = tokio::time::timeout(seconds(1), peer.asked()).await;
    peer.echo(&asked.unwrap()).await;
    assert_eq!(echoed(other.await.unwrap()), Ok("other".into()));
}

#[tokio::test(start_paused = true)]
async fn room_for_two_goes_to_two() {
    let config = NetConfig::default()
        .with_max_in_flight(2)
        .with_max_queued_requests(0);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let first = connection.start(&question("first"), &options());
    let second = connection.start(&question("second"), &options());
    let asked = [peer.asked().await, peer.asked().await];
    let waiting: Vec<_> = ["third", "fourth"]
        .into_iter()
        .map(|name| {
            let connection = connection.clone();
            tokio::spawn(async move { connection.request(&question(name), &options()).await })
        })
        .collect();
    sleep(millis(1)).await;
    // Both answers arrive at once: one release of room.
    for asked in &asked {
        peer.echo(asked).await;
    }
    first.await.unwrap();
    second.await.unwrap();
    let mut topics = [peer.asked().await.topic(), peer.asked().await.topic()];
    topics.sort();
    assert_eq!(topics, ["fourth", "third"]);
    drop(waiting);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_hears_of_the_end() {
    for end in 0..3 {
        let config = NetConfig::default()
            .with_max_in_flight(1)
            .with_max_queued_requests(0);
        let (pool, connection, mut peer) = connected(config, Shape::default()).await;
        let first = connection.start(&question("first"), &options());
        peer.asked().await;
        let waiting = {
            let connection = connection.clone();
            tokio::spawn(async move { connection.request(&question("q"), &options()).await })
        };
        sleep(millis(1)).await;
        let start = now();
        match end {
            0 => drop(peer),
            1 => connection.close_with(kafka_net::Error::closed("it")),
            _ => drop(tokio::time::timeout(millis(1), pool.close(now() + seconds(20))).await),
        }
        let error = waiting.await.unwrap().unwrap_err();
        assert!(!error.possibly_written());
        assert!(now() - start < millis(10), "{error}");
        drop(first);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_answer_disturbs_nobody() {
    let (_pool, connection, mut peer) = connect().await;
    let dropped = connection.start(&question("dropped"), &options());
    let kept = connection.start(&question("kept"), &options());
    drop(dropped);
    peer.serve_next(2).await;
    assert_eq!(echoed(kept.await), Ok("kept".into()));
}

#[tokio::test(start_paused = true)]
async fn what_was_started_is_sent_though_all_handles_are_gone() {
    let (pool, connection, mut peer) = connect().await;
    let kept = connection.start(&question("kept"), &options());
    drop(connection.start(&question("dropped"), &options()));
    drop(connection.start_oneway(&produce(200_000), &options()));
    drop((pool, connection));
    peer.serve_next(2).await;
    assert_eq!(peer.asked().await.key, ApiKey::Produce);
    peer.closed().await;
    assert_eq!(echoed(kept.await), Ok("kept".into()));
}

#[tokio::test(start_paused = true)]
async fn versions_are_chosen_within_bounds() {
    let (_pool, connection, mut peer) = connect().await;
    assert_eq!(connection.version_of::<MetadataRequest>(None).unwrap(), 9);
    assert_eq!(
        connection.version_of::<MetadataRequest>(Some(4)).unwrap(),
        4
    );
    assert_eq!(
        connection.api_versions().range(ApiKey::Fetch),
        Some(VersionRange::new(4, 12))
    );
    let error = connection.version_of::<FetchRequest>(Some(3)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert_eq!(error.context().broker(), Some(&broker()));

    let refused = connection.start(&question("q"), &options().with_min_version(10));
    let error = refused.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(!error.possibly_written());

    for (options, version) in [
        (options().with_max_version(8), 8),
        (options().with_version(1), 1),
        (options().with_min_version(9), 9),
    ] {
        let pending = connection.start(&question("q"), &options);
        assert_eq!(pending.version(), version);
        let asked = peer.asked().await;
        assert_eq!(asked.version, version);
        peer.answer(&asked, &MetadataResponse::new()).await;
        pending.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_version_cannot_carry_is_refused() {
    let (_pool, connection, mut peer) = connect().await;
    let request = ProduceRequest::new().with_transactional_id(Some("tx".into()));
    let error = connection
        .start(&request, &options().with_version(2))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Encode);
    assert!(
        error
            .to_string()
            .contains("ProduceRequest.transactional_id"),
        "{error}"
    );
    assert!(!error.possibly_written());
    // It has cost nobody anything.
    let next = connection.start(&question("next"), &options());
    peer.serve_next(1).await;
    assert_eq!(echoed(next.await), Ok("next".into()));
}

#[tokio::test(start_paused = true)]
async fn api_versions_can_be_asked_again() {
    let (_pool, connection, mut peer) = connect().await;
    let pending = connection.start(&ApiVersionsRequest::new(), &options());
    peer.handshake().await;
    assert_eq!(
        pending.await.unwrap().api_keys.len(),
        DEFAULT_VERSIONS.len()
    );
}

#[tokio::test(start_paused = true)]
async fn handles_and_answers_move_between_threads() {
    fn check<T: Send + Sync + Unpin + 'static>(value: T) -> T {
        value
    }
    let (pool, connection, mut peer) = connect().await;
    let (_pool, connection) = (check(pool), check(connection));
    let pending = connection.start(&question("q"), &options());
    fn send<T: Send + Unpin + 'static>(value: T) -> T {
        value
    }
    let pending = send(pending);
    peer.serve_next(1).await;
    pending.await.unwrap();
}

/// On several threads the caller may be quicker than the connection's task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_comes_after_its_room_is_free() {
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(0);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    tokio::spawn(async move { peer.serve().await });
    for n in 0..1000 {
        let answer = connection.start(&question(&format!("q{n}")), &options());
        assert_eq!(echoed(answer.await), Ok(format!("q{n}")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_on_several_threads() {
    let config = NetConfig::default()
        .with_max_in_flight(3)
        .with_max_queued_requests(2);
    let shape = Shape {
        max_write: 100,
        max_read: 100,
        buffer: 333,
        ..Shape::default()
    };
    let (pool, connection, mut peer) = connected(config, shape).await;
    let served = tokio::spawn(async move { peer.serve().await });
    let callers: Vec<_> = (0..20)
        .map(|caller| {
            let connection = connection.clone();
            tokio::spawn(async move {
                for n in 0..100 {
                    let name = format!("{caller}-{n}");
                    let answer = connection.request(&question(&name), &options()).await;
                    assert_eq!(echoed(answer), Ok(name));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let stats = connection.stats();
    assert_eq!((stats.requests, stats.answers), (2001, 2001));
    assert!(stats.max_in_flight <= 3);
    drop((pool, connection));
    assert_eq!(served.await.unwrap(), 2000);
}
