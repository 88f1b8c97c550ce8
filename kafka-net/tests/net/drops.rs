//! Every public future, dropped after each number of polls: nothing that was
//! accepted is lost, nobody else is disturbed, nothing is left behind.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kafka_net::clock::now;
use kafka_net::{Connection, Error, Lane, NetConfig, Pool};
use kafka_protocol::ApiKey;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::support::*;

/// A pool, and a broker that answers every question and reports what it is sent.
struct Scene {
    pool: Pool,
    connection: Connection,
    received: mpsc::UnboundedReceiver<String>,
}

/// With room for `room` requests in all.
async fn scene(room: usize) -> Scene {
    let (network, acceptor) = Network::new();
    let config = NetConfig::default()
        .with_max_in_flight(1)
        .with_max_queued_requests(room - 1);
    let pool = network.pool(config);
    let received = serve(acceptor);
    let connecting = pool.connection(&broker(), Lane::Control, now() + seconds(10));
    Scene {
        connection: connecting.await.unwrap(),
        pool,
        received,
    }
}

fn serve(mut acceptor: Acceptor) -> mpsc::UnboundedReceiver<String> {
    let (report, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(mut peer) = acceptor.next().await {
            let report = report.clone();
            tokio::spawn(async move {
                while let Some(asked) = peer.next().await {
                    match asked.key {
                        ApiKey::ApiVersions => {
                            peer.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
                        }
                        ApiKey::Metadata => {
                            report.send(asked.topic()).ok();
                            peer.echo(&asked).await;
                        }
                        key => drop(report.send(key.to_string())),
                    }
                }
            });
        }
    });
    received
}

impl Scene {
    /// The connection works, and whatever is sent arrives once.
    async fn check(mut self, sent: &[&str]) {
        let question = question("after");
        let answer = self.connection.request(&question, &options()).await;
        assert_eq!(echoed(answer), Ok("after".into()));
        drop((self.pool, self.connection));
        let mut received = Vec::new();
        while let Some(one) = self.received.recv().await {
            received.push(one);
        }
        let mut expected = sent.to_vec();
        expected.push("after");
        assert_eq!(received, expected);
    }
}

/// Polls up to `polls` times, everything else running in between, and drops.
async fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

/// More than any of these futures needs.
const MOST_POLLS: usize = 200;

#[tokio::test(start_paused = true)]
async fn pending() {
    for polls in 0..MOST_POLLS {
        let scene = scene(10).await;
        let pending = scene.connection.start(&question("q"), &options());
        let done = poll_and_drop(pending, polls).await;
        scene.check(&["q"]).await;
        if let Some(answer) = done {
            assert_eq!(echoed(answer), Ok("q".into()));
            assert!(polls > 1);
            return;
        }
    }
    panic!("never done");
}

#[tokio::test(start_paused = true)]
async fn one_way_pending() {
    for polls in 0..MOST_POLLS {
        let scene = scene(10).await;
        let pending = scene.connection.start_oneway(&produce(10), &options());
        let done = poll_and_drop(pending, polls).await;
        scene.check(&["Produce"]).await;
        if let Some(written) = done {
            written.unwrap();
            assert!(polls > 1);
            return;
        }
    }
    panic!("never done");
}

#[tokio::test(start_paused = true)]
async fn request() {
    for polls in 0..MOST_POLLS {
        let scene = scene(10).await;
        let question = question("q");
        let options = options();
        let request = scene.connection.request(&question, &options);
        let done = poll_and_drop(request, polls).await;
        // Not polled, it is not sent.
        scene.check(if polls == 0 { &[] } else { &["q"] }).await;
        if let Some(answer) = done {
            assert_eq!(echoed(answer), Ok("q".into()));
            return;
        }
    }
    panic!("never done");
}

#[tokio::test(start_paused = true)]
async fn request_that_waits_for_room() {
    for polls in 0..MOST_POLLS {
        let scene = scene(1).await;
        let first = scene.connection.start(&question("first"), &options());
        let question = question("q");
        let options = options();
        let request = scene.connection.request(&question, &options);
        let done = poll_and_drop(request, polls).await;
        assert_eq!(echoed(first.await), Ok("first".into()));
        let mut scene = scene;
        let after = crate::support::question("after");
        let answer = scene.connection.request(&after, &options).await;
        assert_eq!(echoed(answer), Ok("after".into()), "after {polls} polls");
        drop((scene.pool, scene.connection));
        let mut received = Vec::new();
        while let Some(one) = scene.received.recv().await {
            received.push(one);
        }
        received.retain(|one| one != "q" || done.is_none());
        if let Some(answer) = done {
            assert_eq!(echoed(answer), Ok("q".into()));
            assert_eq!(received, ["first", "after"]);
            return;
        }
        assert!(received.iter().filter(|one| *one == "q").count() <= 1);
    }
    panic!("never done");
}

/// Asks for a connection and drops the answer; the next who asks gets one.
async fn check_connecting(
    connect: impl Fn(&Pool) -> kafka_net::Waiting<Connection>,
    behaviour: Behaviour,
) {
    for polls in 0..MOST_POLLS {
        let alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        let (network, acceptor) = Network::new();
        network.set("10.0.0.1:9092", behaviour);
        let received = serve(acceptor);
        let pool = network.pool(NetConfig::default());
        let mut waiting = connect(&pool);
        let done = poll_and_drop(&mut waiting, polls).await.is_some();
        drop(waiting);
        network.set("10.0.0.1:9092", Behaviour::Accept);
        let connection = pool
            .connection(&broker(), Lane::Control, now() + seconds(30))
            .await
            .unwrap();
        assert!(network.dials().len() <= 2);
        drop(network);
        let scene = Scene {
            pool,
            connection,
            received,
        };
        scene.check(&[]).await;
        sleep(seconds(1)).await;
        let left = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        assert_eq!(left, alive, "tasks are left behind after {polls} polls");
        if done {
            return;
        }
    }
    panic!("never done");
}

#[tokio::test(start_paused = true)]
async fn pool_connection() {
    let connect = |pool: &Pool| pool.connection(&broker(), Lane::Control, now() + seconds(10));
    check_connecting(connect, Behaviour::Accept).await;
}

#[tokio::test(start_paused = true)]
async fn pool_attempt() {
    let attempt = |pool: &Pool| pool.attempt(&broker(), Lane::Control, now() + seconds(10));
    check_connecting(attempt, Behaviour::Accept).await;
    check_connecting(attempt, Behaviour::Refuse).await;
}

#[tokio::test(start_paused = true)]
async fn pool_close() {
    for polls in 0..MOST_POLLS {
        let Scene {
            pool,
            connection,
            mut received,
        } = scene(10).await;
        let pending = connection.start(&question("q"), &options());
        let deadline = now() + seconds(5);
        let done = poll_and_drop(pool.close(deadline), polls).await;
        assert_eq!(echoed(pending.await), Ok("q".into()), "it was accepted");
        if polls > 0 {
            let late = connection.start(&question("late"), &options()).await;
            assert!(late.is_err(), "closing goes on");
        }
        drop((pool, connection));
        assert_eq!(received.recv().await.as_deref(), Some("q"));
        assert_eq!(received.recv().await, None);
        if done.is_some() {
            return;
        }
    }
    panic!("never done");
}

#[tokio::test(start_paused = true)]
async fn waiting() {
    let (network, _acceptor) = Network::new();
    let env = network.env();
    let alive = tokio::runtime::Handle::current().metrics();
    let before = alive.num_alive_tasks();
    for polls in 0..MOST_POLLS {
        let work = async {
            for _ in 0..5 {
                yield_now().await;
            }
            Ok::<_, Error>(7)
        };
        let waiting = env.within(now() + seconds(1), || Error::config("late"), work);
        let done = poll_and_drop(waiting, polls).await;
        yield_now().await;
        assert_eq!(alive.num_alive_tasks(), before);
        if let Some(result) = done {
            assert_eq!(result.unwrap(), 7);
            assert!(polls > 5);
            return;
        }
    }
    panic!("never done");
}
