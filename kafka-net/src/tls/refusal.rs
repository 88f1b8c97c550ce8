//! Brokers that refuse a client certificate without saying so.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure;
use crate::BoxStream;

/// Whether a broker has asked for a client certificate. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(Arc<AtomicBool>);

impl Asked {
    pub(super) fn was(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// A resolver that answers as `inner` does.
    pub(super) fn watch(&self, inner: Arc<dyn ResolvesClientCert>) -> Arc<dyn ResolvesClientCert> {
        let asked = self.clone();
        Arc::new(Watched { inner, asked })
    }
}

#[derive(Debug)]
struct Watched {
    inner: Arc<dyn ResolvesClientCert>,
    asked: Asked,
}

impl ResolvesClientCert for Watched {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.0.store(true, Ordering::Relaxed);
        self.inner.resolve(root_hint_subjects, sigschemes)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.inner.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

/// An encrypted stream whose broker is about to judge the client's certificate, which with
/// TLS 1.3 comes after the client's side of the handshake: until the first byte has come,
/// what cannot be decrypted is taken for the broker's refusal.
pub(super) struct OnProbation {
    stream: BoxStream,
    passed: bool,
}

impl OnProbation {
    pub(super) fn new(stream: BoxStream) -> Self {
        Self {
            stream,
            passed: false,
        }
    }
}

impl AsyncRead for OnProbation {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        self.passed |= buf.filled().len() > before;
        Poll::Ready(match read {
            Err(error) if !self.passed => Err(failure::of_first_read(error)),
            read => read,
        })
    }
}

impl AsyncWrite for OnProbation {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
