//! Brokers that misbehave, connections that break, runtimes that end.

use std::time::Duration;

use kafka_net::clock::now;
use kafka_net::{Connection, Error, ErrorKind, Lane, NetConfig, Pending, Random, SendOptions};
use kafka_protocol::frame::encode_response;
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::{ApiKey, ErrorCode};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::support::*;

/// Two questions that the broker has received and not answered.
async fn two_in_flight() -> (
    (kafka_net::Pool, Connection, Peer),
    [Pending<MetadataResponse>; 2],
    [Asked; 2],
) {
    let (pool, connection, mut peer) = connect().await;
    let first = connection.start(&question("first"), &options());
    let second = connection.start(&question("second"), &options());
    let asked = [peer.asked().await, peer.asked().await];
    ((pool, connection, peer), [first, second], asked)
}

/// What a broken connection leaves behind: it is closed, the pool forgets it,
/// and the next request is refused with `reason`.
async fn check_closed(pool: &kafka_net::Pool, connection: &Connection, reason: &str) {
    assert!(connection.is_closed());
    assert!(pool.existing(&broker(), Lane::Control).is_none());
    let error = connection
        .start(&question("after"), &options())
        .await
        .unwrap_err();
    assert!(!error.possibly_written() && error.is_retriable());
    assert!(error.to_string().contains(reason), "{error}");
}

fn source(error: &Error) -> &Error {
    let source = std::error::Error::source(error).expect("a source");
    source.downcast_ref().expect("one of ours")
}

#[tokio::test(start_paused = true)]
async fn an_answer_out_of_turn_reaches_nobody() {
    let ((pool, connection, mut peer), [first, second], [_, asked]) = two_in_flight().await;
    peer.echo(&asked).await;
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::CorrelationMismatch);
    assert_eq!(
        error.to_string(),
        "Metadata to broker 1 (kafka-1:9092): the broker answered request 2 when 1 was next; \
         the request may have been applied"
    );
    let error = second.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert_eq!(source(&error).kind(), &ErrorKind::CorrelationMismatch);
    assert!(error.possibly_written());
    peer.closed().await;
    check_closed(&pool, &connection, "answered request 2 when 1 was next").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_nobody_asked_for_closes() {
    let (pool, connection, mut peer) = connect().await;
    peer.send([0, 0, 0, 4, 0, 0, 0, 9]).await;
    peer.closed().await;
    check_closed(
        &pool,
        &connection,
        "answered request 9 when none was outstanding",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_too_short_for_its_id_closes() {
    let ((pool, connection, mut peer), [first, second], _) = two_in_flight().await;
    peer.send([0, 0, 0, 3, 0, 0, 0]).await;
    assert_eq!(first.await.unwrap_err().kind(), &ErrorKind::Malformed);
    assert_eq!(second.await.unwrap_err().kind(), &ErrorKind::Disconnected);
    check_closed(&pool, &connection, "an answer of 3 bytes").await;
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_costs_the_connection() {
    let (pool, connection, mut peer) = connect().await;
    let start = now();
    let quick = connection.start(&question("quick"), &SendOptions::new(seconds(5)));
    let slow = connection.start(&question("slow"), &SendOptions::new(seconds(60)));
    peer.asked().await;
    peer.asked().await;
    let error = quick.await.unwrap_err();
    let passed = now() - start;
    assert!(passed >= seconds(5) && passed < millis(5100), "{passed:?}");
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "Metadata to broker 1 (kafka-1:9092): no answer within 5s (timeout); the request may \
         have been applied"
    );
    let error = slow.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert_eq!(source(&error).kind(), &ErrorKind::Timeout);
    assert!(error.possibly_written());
    assert!(now() - start < millis(5100));
    peer.closed().await;
    check_closed(&pool, &connection, "no answer within 5s").await;
    assert_eq!(pool.stats().traffic.lost, 2);
    assert_eq!(pool.stats().traffic.in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stops_reading_leaves_the_rest_unwritten() {
    let (_pool, connection, peer) = connect().await;
    // The first fills the link; of the second, nothing gets through.
    let stuck = connection.start(&produce(1_000_000), &SendOptions::new(seconds(5)));
    let unsent = connection.start(&question("unsent"), &options());
    let impatient = connection.start(&question("impatient"), &SendOptions::new(seconds(1)));

    let error = impatient.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(!error.possibly_written());
    assert!(!connection.is_closed(), "nothing of it was on the wire");

    let error = stuck.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.possibly_written());
    let error = unsent.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(!error.possibly_written());
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_decode_closes() {
    let ((pool, connection, mut peer), [first, second], [asked, _]) = two_in_flight().await;
    // The header, then a body that ends in the middle.
    let mut frame = vec![0, 0, 0, 9];
    frame.extend(asked.correlation_id.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0]);
    peer.send(frame).await;
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Malformed);
    let text = error.to_string();
    assert!(
        text.starts_with(
            "Metadata to broker 1 (kafka-1:9092): the answer (version 9) does not decode; the \
             request may have been applied; cause: MetadataResponse."
        ),
        "{text}"
    );
    assert!(text.ends_with("bytes missing"), "{text}");
    let error = second.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert_eq!(source(&error).kind(), &ErrorKind::Malformed);
    peer.closed().await;
    check_closed(&pool, &connection, "does not decode").await;
}

#[tokio::test(start_paused = true)]
async fn trailing_bytes_are_malformed() {
    let ((_pool, connection, mut peer), [first, _second], [asked, _]) = two_in_flight().await;
    let body = MetadataResponse::new();
    let frame = encode_response(ApiKey::Metadata, asked.version, asked.correlation_id, &body);
    let mut frame = frame.unwrap().into_bytes().to_vec();
    frame[3] += 1;
    frame.push(0);
    peer.send(frame).await;
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Malformed);
    assert!(error.to_string().contains("1 bytes left over"), "{error}");
    assert!(connection.is_closed());
}

/// Sends bytes that are no frame, with two requests in flight.
async fn check_bad_frame(bytes: &[u8], text: &str) {
    let ((pool, connection, mut peer), [first, second], _) = two_in_flight().await;
    let start = now();
    peer.send(bytes).await;
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::FrameTooLarge);
    assert!(error.to_string().contains(text), "{error}");
    assert!(error.possibly_written());
    assert_eq!(second.await.unwrap_err().kind(), &ErrorKind::Disconnected);
    assert!(now() - start < millis(10), "at once");
    peer.closed().await;
    check_closed(&pool, &connection, text).await;
}

#[tokio::test(start_paused = true)]
async fn lengths_that_cannot_be_close_at_once() {
    check_bad_frame(
        &i32::MAX.to_be_bytes(),
        "frame of 2147483647 bytes is above the limit of 134217728",
    )
    .await;
    check_bad_frame(&(-1i32).to_be_bytes(), "frame length -1 is negative").await;
    check_bad_frame(b"HTTP/1.1 400 Bad Request\r\n", "seems to speak HTTP").await;
    check_bad_frame(&[0x15, 3, 3, 0, 2, 2, 0x46], "seems to speak TLS").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_off_is_a_lost_connection() {
    let ((pool, connection, mut peer), [first, second], _) = two_in_flight().await;
    peer.send([0, 0, 1, 0, 0, 0]).await;
    peer.stream.shutdown().await.unwrap();
    let error = first.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert_eq!(
        error.to_string(),
        "Metadata to broker 1 (kafka-1:9092): the broker closed the connection 6 bytes into an \
         answer; the request may have been applied"
    );
    assert!(second.await.unwrap_err().possibly_written());
    check_closed(&pool, &connection, "6 bytes into an answer").await;
}

#[tokio::test(start_paused = true)]
async fn answers_before_the_end_still_count() {
    let ((_pool, connection, mut peer), [first, second], [asked, _]) = two_in_flight().await;
    peer.echo(&asked).await;
    drop(peer);
    // The next write fails; the answer had arrived before.
    let third = connection.start(&question("third"), &options());
    assert_eq!(echoed(first.await), Ok("first".into()));
    assert_eq!(second.await.unwrap_err().kind(), &ErrorKind::Disconnected);
    let error = third.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(!error.possibly_written());
}

/// What a socket holds is read once the runtime has heard of it, and that may be after
/// writing failed; but it is not waited for long.
#[tokio::test(start_paused = true)]
async fn answers_before_a_failed_write_are_waited_for() {
    for (hears_late, arrives) in [(millis(300), true), (seconds(20), false)] {
        let shape = Shape {
            hears_late,
            ..Shape::default()
        };
        let (_pool, connection, mut peer) = connected(NetConfig::default(), shape).await;
        let first = connection.start(&question("first"), &options());
        let asked = peer.asked().await;
        peer.echo(&asked).await;
        drop(peer);
        let start = now();
        let second = connection.start(&question("second"), &options());
        match arrives {
            true => assert_eq!(echoed(first.await), Ok("first".into())),
            false => {
                let error = first.await.unwrap_err();
                assert_eq!(error.kind(), &ErrorKind::Disconnected);
                assert!(error.possibly_written());
            }
        }
        let error = second.await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Disconnected);
        assert!(!error.possibly_written());
        assert!(error.to_string().contains("broken pipe"), "{error}");
        assert!(now() - start < seconds(2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_can_condemn_the_connection() {
    let ((pool, connection, mut peer), [first, second], _) = two_in_flight().await;
    let verdict = Error::new(ErrorKind::UnexpectedResponse).with_message("partition 7 twice");
    connection.close_with(verdict);
    for pending in [first, second] {
        let error = pending.await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Disconnected);
        assert_eq!(source(&error).kind(), &ErrorKind::UnexpectedResponse);
    }
    peer.closed().await;
    check_closed(&pool, &connection, "partition 7 twice").await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_before_the_broker_does() {
    let (pool, connection, mut peer) = connect().await;
    let start = now();
    sleep(seconds(300)).await;
    let pending = connection.start(&question("q"), &options());
    peer.serve_next(1).await;
    pending.await.unwrap();
    sleep(seconds(300)).await;
    assert!(!connection.is_closed(), "idle since the answer only");
    peer.closed().await;
    let passed = now() - start;
    assert!(
        passed >= seconds(840) && passed < seconds(841),
        "{passed:?}"
    );
    check_closed(&pool, &connection, "closed after being idle").await;
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_request_is_not_idleness() {
    let config = NetConfig::default().with_idle_timeout(seconds(10));
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let pending = connection.start(&question("slow"), &SendOptions::new(seconds(60)));
    sleep(seconds(50)).await;
    peer.serve_next(1).await;
    assert_eq!(echoed(pending.await), Ok("slow".into()));
}

#[tokio::test(start_paused = true)]
async fn endless_timeouts_are_fine() {
    let config = NetConfig::default().with_idle_timeout(Duration::MAX);
    let (_pool, connection, mut peer) = connected(config, Shape::default()).await;
    let pending = connection.start(&question("q"), &SendOptions::new(Duration::MAX));
    sleep(seconds(1_000_000)).await;
    peer.serve_next(1).await;
    pending.await.unwrap();
    sleep(seconds(1_000_000)).await;
    assert!(!connection.is_closed());
}

#[test]
fn a_runtime_that_ends_resolves_everyone() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let (pool, connection, peer, pending, unseen, waiting) = runtime.block_on(async {
        let (pool, connection, mut peer) = connect().await;
        let pending = connection.start(&question("q"), &options());
        peer.asked().await;
        // The driver has not seen this one.
        let unseen = connection.start(&question("unseen"), &options());
        let waiting = pool.connection(&broker(), Lane::Fetch, now() + seconds(10));
        (pool, connection, peer, pending, unseen, waiting)
    });
    drop(runtime);
    drop(peer);

    let error = block_on(pending).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(error.possibly_written());
    let error = block_on(unseen).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(!error.possibly_written());
    assert_eq!(block_on(waiting).unwrap_err().kind(), &ErrorKind::Closed);

    // What is asked of it later resolves as well.
    let closed = |error: Error| assert_eq!(error.kind(), &ErrorKind::Closed, "{error}");
    closed(block_on(connection.start(&question("q"), &options())).unwrap_err());
    closed(block_on(connection.request(&question("q"), &options())).unwrap_err());
    closed(block_on(connection.start_oneway(&produce(1), &options())).unwrap_err());
    let deadline = now() + seconds(10);
    for lane in Lane::ALL {
        closed(block_on(pool.connection(&broker(), lane, deadline)).unwrap_err());
        closed(block_on(pool.attempt(&broker(), lane, deadline)).unwrap_err());
    }
    block_on(pool.close(deadline));
}

/// Every public future, polled where there is no runtime context.
#[test]
fn futures_work_under_another_executor() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (network, mut acceptor) = Network::new();
    let pool = {
        let _entered = runtime.enter();
        let config = NetConfig::default()
            .with_max_in_flight(1)
            .with_max_queued_requests(0);
        network.pool(config)
    };
    runtime.spawn(async move {
        let mut peer = acceptor.broker().await;
        let asked = peer.asked().await;
        sleep(millis(20)).await;
        peer.echo(&asked).await;
        peer.serve().await;
    });
    let deadline = now() + seconds(10);
    let connection = block_on(pool.connection(&broker(), Lane::Control, deadline)).unwrap();
    let first = connection.start(&question("first"), &options());
    let second = block_on(connection.request(&question("second"), &options()));
    assert_eq!(echoed(second), Ok("second".into()), "had to wait for room");
    assert_eq!(echoed(block_on(first)), Ok("first".into()));
    let late = connection.start(&question("third"), &SendOptions::new(seconds(5)));
    block_on(late).unwrap();
    block_on(pool.close(deadline));
    let error = block_on(pool.connection(&broker(), Lane::Control, deadline)).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn broker_text_cannot_forge_log_lines() {
    let error = Error::broker_with_message(ErrorCode::InvalidRequest, Some("x\n2026 ERROR y"));
    assert!(!error.to_string().contains('\n'));
}

/// Answers with bytes changed, cut, repeated or invented at random: whatever
/// arrives, every request has its outcome within its deadline.
#[tokio::test(start_paused = true)]
async fn no_answer_leaves_a_request_unresolved() {
    let mut outcomes = [0; 2];
    for seed in 0..300 {
        let random = Random::from_seed(seed);
        let (_pool, connection, mut peer) = connect().await;
        let start = now();
        let asking: Vec<_> = (0..5)
            .map(|n| connection.start(&question(&format!("q{n}")), &options()))
            .collect();
        let mut stream = Vec::new();
        for _ in 0..5 {
            let asked = peer.asked().await;
            let body = MetadataResponse::new().with_cluster_id(Some(asked.topic().into()));
            let frame = encode_response(asked.key, asked.version, asked.correlation_id, &body);
            stream.extend(frame.unwrap().into_bytes());
        }
        for _ in 0..random.below(4) {
            let at = random.below(stream.len());
            match random.below(4) {
                0 => stream[at] = random.u32() as u8,
                1 => stream.truncate(at + 1),
                2 => stream.extend_from_within(at..),
                _ => stream.insert(at, random.u32() as u8),
            }
        }
        peer.send(&stream).await;
        if random.below(2) == 0 {
            peer.stream.shutdown().await.unwrap();
        }
        for pending in asking {
            let outcome = pending.await;
            outcomes[usize::from(outcome.is_ok())] += 1;
            if let Err(error) = outcome {
                assert!(error.possibly_written(), "{error}");
            }
        }
        // A changed byte can ask for a pause, which counts for 5 minutes at most.
        assert!(now() - start <= seconds(331));
    }
    assert!(outcomes.iter().all(|count| *count > 100), "{outcomes:?}");
}
