//! A stream that never says "not now": tokio's own do so by themselves after a
//! while, one from another connector need not.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, Connector, Environment, Lane, NetConfig, Pool, Random, SystemWallClock,
};
use kafka_protocol::ApiKey;
use kafka_protocol::frame::encode_response;
use kafka_protocol::messages::MetadataResponse;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;

use crate::support::*;

#[derive(Debug)]
struct Greedy;

impl Connector for Greedy {
    fn resolve(&self, _: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))]) })
    }

    fn connect(&self, _: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        Box::pin(async { Ok(Box::new(OneByte::default()) as BoxStream) })
    }
}

/// Takes and gives a byte at a time, always at once. Answers every request.
#[derive(Default)]
struct OneByte {
    request: BytesMut,
    answers: BytesMut,
    reader: Option<Waker>,
}

impl OneByte {
    fn answer(&mut self) {
        let Some(prefix) = self.request.first_chunk() else {
            return;
        };
        let len = 4 + i32::from_be_bytes(*prefix) as usize;
        if self.request.len() < len {
            return;
        }
        let mut frame = self.request.split_to(len).freeze();
        frame.advance(4);
        let (key, version, id) = (frame.get_i16(), frame.get_i16(), frame.get_i32());
        let answer = match ApiKey::from_code(key).unwrap() {
            key @ ApiKey::ApiVersions => {
                encode_response(key, version, id, &versions(&DEFAULT_VERSIONS))
            }
            key => {
                let text = "a long answer ".repeat(1000);
                let body = MetadataResponse::new().with_cluster_id(Some(text.into()));
                encode_response(key, version, id, &body)
            }
        };
        self.answers.extend(answer.unwrap().into_bytes());
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for OneByte {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.answers.is_empty() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        buf.put_slice(&[self.answers.get_u8()]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for OneByte {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.request.extend_from_slice(&buf[..1]);
        self.answer();
        Poll::Ready(Ok(1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn it_neither_stalls_nor_takes_the_thread_for_itself() {
    let env = Environment::new(
        Handle::current(),
        Arc::new(Greedy),
        Arc::new(SystemWallClock),
        Random::from_seed(1),
    );
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let start = now();
    let waiting = pool.connection(&broker(), Lane::Control, start + seconds(10));
    let connection = waiting.await.unwrap();
    let asking = connection.start(&question("q"), &options());
    let others = tokio::spawn(async move {
        let mut turns = 0;
        std::future::poll_fn(move |cx| {
            if connection.stats().answers == 2 {
                return Poll::Ready(turns);
            }
            turns += 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    });
    assert_eq!(asking.await.unwrap().cluster_id.unwrap().len(), 14_000);
    assert!(others.await.unwrap() > 100, "others had their turn");
    assert_eq!(now(), start);
}
