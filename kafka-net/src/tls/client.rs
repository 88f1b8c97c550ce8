use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore};
use tokio_rustls::TlsConnector;

use super::config::TlsConfig;
use super::files::{self, Contents};
use super::refusal::{Asked, OnProbation};
use super::{failure, material};
use crate::{BoxStream, BrokerAddress, Environment, Error, WallClock};

/// A pool's side of TLS: the settings, what the files last held, and through it
/// the sessions to resume.
pub(crate) struct TlsClient {
    config: TlsConfig,
    time: Arc<WallTime>,
    state: Mutex<State>,
    reloads: AtomicU64,
    reload_failures: AtomicU64,
    /// For a client certificate, by any broker.
    asked: Asked,
}

#[derive(Default)]
struct State {
    loaded: Option<Loaded>,
    system_roots: Option<RootCertStore>,
    /// What is wrong with the files since they changed, as it was last logged.
    complaint: Option<String>,
}

struct Loaded {
    /// Compared in full: times of files miss changes within their resolution.
    files: Contents,
    rustls: Arc<ClientConfig>,
}

impl TlsClient {
    pub(crate) fn new(config: TlsConfig, wall_clock: Arc<dyn WallClock>) -> Self {
        Self {
            config,
            time: Arc::new(WallTime(wall_clock)),
            state: Mutex::default(),
            reloads: AtomicU64::new(0),
            reload_failures: AtomicU64::new(0),
            asked: Asked::default(),
        }
    }

    /// Encrypts a new connection. The caller watches the time; dropped, it
    /// drops the stream.
    pub(crate) async fn handshake(
        self: &Arc<Self>,
        env: &Environment,
        broker: &BrokerAddress,
        stream: BoxStream,
    ) -> Result<BoxStream, Error> {
        let of_broker = |error: Error| error.with_broker(broker);
        let rustls = self.current(env).await.map_err(of_broker)?;
        let name = self.config.server_name.as_deref().unwrap_or(&broker.host);
        let name = material::server_name(name).map_err(of_broker)?;
        match TlsConnector::from(rustls).connect(name, stream).await {
            Ok(stream) => {
                let (_, session) = stream.get_ref();
                tracing::debug!(
                    %broker, version = ?session.protocol_version(),
                    handshake = ?session.handshake_kind(), "encrypted",
                );
                // Before TLS 1.3 the broker has judged by now, and it does not ask again
                // for what a resumed session has shown.
                let is_open = session.protocol_version() == Some(ProtocolVersion::TLSv1_3)
                    && session.handshake_kind() != Some(HandshakeKind::Resumed);
                let stream = Box::new(stream);
                Ok(match is_open && self.asked.was() {
                    true => Box::new(OnProbation::new(stream)),
                    false => stream,
                })
            }
            Err(error) => {
                let asked = self.asked.was();
                Err(of_broker(failure::of_handshake(
                    &error,
                    &self.config,
                    asked,
                )))
            }
        }
    }

    /// How often changed files were taken over, and could not be.
    pub(crate) fn reloads(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.reloads), read(&self.reload_failures))
    }

    /// What to open the next connection with.
    async fn current(self: &Arc<Self>, env: &Environment) -> Result<Arc<ClientConfig>, Error> {
        if self.config.paths().next().is_some() {
            let own = self.clone();
            return files::where_it_may_block(env.runtime(), move || own.refreshed()).await;
        }
        if let Some(loaded) = &self.lock().loaded {
            return Ok(loaded.rustls.clone());
        }
        if self.config.wants_system_roots() {
            let own = self.clone();
            return files::where_it_may_block(env.runtime(), move || own.refreshed()).await;
        }
        self.refreshed()
    }

    /// Looks whether the files have changed. Blocks.
    fn refreshed(&self) -> Result<Arc<ClientConfig>, Error> {
        let files = files::read(&self.config);
        let mut state = self.lock();
        if let (Ok(files), Some(loaded)) = (&files, &state.loaded)
            && *files == loaded.files
        {
            let rustls = loaded.rustls.clone();
            state.complaint = None;
            return Ok(rustls);
        }
        match files.and_then(|files| self.load(&mut state, files)) {
            Ok(loaded) => {
                let rustls = loaded.rustls.clone();
                if state.loaded.replace(loaded).is_some() {
                    self.reloads.fetch_add(1, Ordering::Relaxed);
                    tracing::info!("changed TLS files are used from now on");
                }
                state.complaint = None;
                Ok(rustls)
            }
            Err(error) => {
                let State {
                    loaded: Some(loaded),
                    complaint,
                    ..
                } = &mut *state
                else {
                    return Err(error);
                };
                self.reload_failures.fetch_add(1, Ordering::Relaxed);
                let text = error.to_string();
                if complaint.as_ref() != Some(&text) {
                    tracing::warn!(
                        %error,
                        "changed TLS files cannot be used: what they held before stays in use",
                    );
                    *complaint = Some(text);
                }
                Ok(loaded.rustls.clone())
            }
        }
    }

    fn load(&self, state: &mut State, files: Contents) -> Result<Loaded, Error> {
        if self.config.wants_system_roots() && state.system_roots.is_none() {
            state.system_roots = Some(material::system_roots()?);
        }
        let system_roots = state.system_roots.as_ref();
        let mut rustls = material::build(&self.config, &files, system_roots, self.time.clone())?;
        rustls.client_auth_cert_resolver = self.asked.watch(rustls.client_auth_cert_resolver);
        Ok(Loaded {
            files,
            rustls: Arc::new(rustls),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere never leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the files' contents.
impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// By which certificates are valid.
#[derive(Debug)]
struct WallTime(Arc<dyn WallClock>);

impl TimeProvider for WallTime {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.now_ms()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}
