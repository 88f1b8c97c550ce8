use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use crate::clock::{SystemWallClock, WallClock};
use crate::connector::{BoxFuture, Connector, TcpConnector};
use crate::{Error, Random, Waiting};

/// What the client needs from the outside: a runtime, a network, a wall clock
/// and randomness.
///
/// The runtime is captured here once, which is why every handle of the client
/// works on any thread and under any executor. It must have tokio's time and I/O
/// drivers enabled.
#[derive(Clone)]
pub struct Environment(Arc<Parts>);

struct Parts {
    runtime: Handle,
    connector: Arc<dyn Connector>,
    wall_clock: Arc<dyn WallClock>,
    random: Random,
    wrapper: Option<TaskWrapper>,
}

/// See [`Environment::wrapping_tasks`].
type TaskWrapper = Arc<dyn Fn(Task) -> Task + Send + Sync>;

/// A task of the client.
type Task = BoxFuture<'static, ()>;

impl Environment {
    /// The current runtime, TCP, the system's clock and randomness.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Config`] outside a tokio runtime.
    pub fn system() -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::config("the client was built outside a tokio runtime")
                .with_source(error)
                .with_hint(
                    "build it inside one, or hand a runtime's handle to Environment::new; \
                     its handles then work anywhere",
                )
        })?;
        Ok(Self::new(
            runtime,
            Arc::new(TcpConnector),
            Arc::new(SystemWallClock),
            Random::from_os(),
        ))
    }

    /// An environment of given parts; all of the client's tasks run on `runtime`.
    pub fn new(
        runtime: Handle,
        connector: Arc<dyn Connector>,
        wall_clock: Arc<dyn WallClock>,
        random: Random,
    ) -> Self {
        Self(Arc::new(Parts {
            runtime,
            connector,
            wall_clock,
            random,
            wrapper: None,
        }))
    }

    /// The same environment, whose tasks all pass through `wrap` before they run: to
    /// count or time them, or to hold all of a client's tasks at once, as a stopped
    /// process is. Default: they run as they are.
    #[must_use]
    pub fn wrapping_tasks(
        &self,
        wrap: impl Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        let Parts {
            runtime,
            connector,
            wall_clock,
            random,
            ..
        } = &*self.0;
        Self(Arc::new(Parts {
            runtime: runtime.clone(),
            connector: connector.clone(),
            wall_clock: wall_clock.clone(),
            random: random.clone(),
            wrapper: Some(Arc::new(wrap)),
        }))
    }

    /// The runtime that the client's tasks run on.
    pub fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// How names are resolved and connections opened.
    pub fn connector(&self) -> &Arc<dyn Connector> {
        &self.0.connector
    }

    /// The wall clock, for record timestamps.
    pub fn wall_clock(&self) -> &Arc<dyn WallClock> {
        &self.0.wall_clock
    }

    /// The source of randomness.
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// Runs a task on the client's runtime.
    ///
    /// On a runtime that has shut down, `task` is dropped at once.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        match &self.0.wrapper {
            None => self.0.runtime.spawn(task),
            Some(wrap) => self.0.runtime.spawn(wrap(Box::pin(task))),
        }
    }

    /// Starts `work` on the client's runtime and gives up at `deadline`, with
    /// the error that `late` then makes.
    ///
    /// The work starts now, polled or not. Dropping the returned future drops
    /// the work (see [`Waiting::keep_running`]); when the runtime goes away, it
    /// resolves with [`crate::ErrorKind::Closed`].
    pub fn within<T, W, L>(&self, deadline: Instant, late: L, work: W) -> Waiting<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, Error>> + Send + 'static,
        L: FnOnce() -> Error + Send + 'static,
    {
        self.run(async move {
            match timeout_at(deadline.into(), work).await {
                Ok(result) => result,
                Err(_) => Err(late()),
            }
        })
    }

    /// Starts `work`, which bounds itself, on the client's runtime.
    pub(crate) fn run<T, W>(&self, work: W) -> Waiting<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let task = self.spawn(async move {
            // Whoever waited may be gone; then so is the need for the result.
            let _ = sender.send(work.await);
        });
        Waiting::on(receiver, task.abort_handle())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("connector", &self.0.connector)
            .field("wall_clock", &self.0.wall_clock)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    use crate::ErrorKind;
    use crate::clock::now;

    #[test]
    fn outside_a_runtime_the_error_says_what_to_do() {
        let error = Environment::system().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
        assert!(error.to_string().contains("build it inside one"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn late_work_ends_at_its_deadline() {
        let env = Environment::system().unwrap();
        let start = now();
        let deadline = start + Duration::from_secs(5);
        let waiting = env.within(
            deadline,
            || Error::config("late"),
            pending::<Result<(), _>>(),
        );
        assert_eq!(waiting.await.unwrap_err().to_string(), "late");
        assert!(now() - start < Duration::from_millis(5100));
    }

    #[tokio::test(start_paused = true)]
    async fn finished_work_beats_a_deadline_of_the_same_instant() {
        let env = Environment::system().unwrap();
        let waiting = env.within(now(), || Error::config("late"), async { Ok(1) });
        assert_eq!(waiting.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_wrapper_holds_every_task() {
        let (open, gate) = tokio::sync::watch::channel(false);
        let env = Environment::system().unwrap().wrapping_tasks(move |task| {
            let mut gate = gate.clone();
            Box::pin(async move {
                let _ = gate.wait_for(|open| *open).await;
                task.await;
            })
        });
        let mut task = env.spawn(async {});
        assert!(
            timeout_at((now() + Duration::from_millis(20)).into(), &mut task)
                .await
                .is_err()
        );
        open.send_replace(true);
        task.await.unwrap();
    }

    #[test]
    fn polled_under_another_executor() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let env = runtime.block_on(async { Environment::system().unwrap() });
        let deadline = now() + Duration::from_millis(20);
        let late = env.within(
            deadline,
            || Error::config("late"),
            pending::<Result<(), _>>(),
        );
        let done = env.within(deadline, || Error::config("late"), async { Ok(1) });
        assert!(block_on(late).is_err());
        assert_eq!(block_on(done).unwrap(), 1);
    }

    #[test]
    fn a_runtime_that_ends_resolves_who_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let env = runtime.block_on(async { Environment::system().unwrap() });
        let deadline = now() + Duration::from_secs(60);
        let before = env.within(
            deadline,
            || Error::config("late"),
            pending::<Result<(), _>>(),
        );
        drop(runtime);
        let after = env.within(
            deadline,
            || Error::config("late"),
            pending::<Result<(), _>>(),
        );
        assert_eq!(block_on(before).unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(block_on(after).unwrap_err().kind(), &ErrorKind::Closed);
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        crate::test_support::block_on(future)
    }
}
