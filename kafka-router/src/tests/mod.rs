//! The router over scripted brokers, under a paused clock.

mod bootstrap;
mod connections;
mod coordinators;
mod lifecycle;
mod metadata;
mod sending;
mod spread;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use kafka_net::{NetConfig, clock};

use crate::test_net::{FakeNet, World};
use crate::{Router, RouterConfig};

/// A router on this network.
fn router(net: &FakeNet, bootstrap: &str) -> Router {
    router_with(net, bootstrap, |config| config)
}

fn router_with(
    net: &FakeNet,
    bootstrap: &str,
    change: impl FnOnce(RouterConfig) -> RouterConfig,
) -> Router {
    let pool = net.pool(NetConfig::default());
    let config = RouterConfig::default()
        .with_bootstrap_servers(bootstrap)
        .unwrap();
    Router::new(change(config), pool).unwrap()
}

/// Brokers b1 to b`brokers`, and a router that knows b1 only.
fn cluster(brokers: i32) -> (FakeNet, World, Router) {
    let net = FakeNet::default();
    let world = World::on(&net, brokers);
    let router = router(&net, "b1:9092");
    (net, world, router)
}

fn within(seconds: u64) -> Instant {
    clock::now() + Duration::from_secs(seconds)
}

/// How long something takes on the paused clock.
async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begin = clock::now();
    let value = work.await;
    (clock::now() - begin, value)
}

async fn sleep(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// An executor that is not tokio: what it polls has no runtime context.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
