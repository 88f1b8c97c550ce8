//! A client's process: all of its tasks can be stopped and set going again together.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use kafka_client::{Kafka, KafkaBuilder};
use kafka_net::Environment;
use tokio::task::JoinHandle;

/// One process of the simulated application: clients made here, and tasks spawned here,
/// freeze and go on together, while the cluster's time and everybody else's goes on. As
/// after SIGSTOP, bytes still arrive and timers still run out, but nobody notices until
/// the process goes on. Cloning gives another handle.
#[derive(Clone)]
pub struct Process {
    gate: Gate,
    environment: Environment,
    bootstrap: String,
}

impl Process {
    pub(crate) fn new(environment: &Environment, bootstrap: String) -> Self {
        let gate = Gate::default();
        let inside = gate.clone();
        Self {
            environment: environment.wrapping_tasks(move |task| Box::pin(inside.through(task))),
            gate,
            bootstrap,
        }
    }

    /// A client builder of this process, wired to the world's cluster, network, clock and
    /// chance.
    pub fn kafka(&self) -> KafkaBuilder {
        Kafka::builder(self.bootstrap.clone()).environment(self.environment.clone())
    }

    /// Runs a task in this process.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.environment.runtime().spawn(self.gate.through(task))
    }

    /// Stops every task of the process where it waits.
    pub fn freeze(&self) {
        self.gate.lock().frozen = true;
    }

    /// Lets the process go on.
    pub fn thaw(&self) {
        let sleepers = {
            let mut state = self.gate.lock();
            state.frozen = false;
            std::mem::take(&mut state.sleepers)
        };
        sleepers.into_values().for_each(Waker::wake);
    }

    /// Tasks that would have gone on were it not stopped.
    pub(crate) fn held_up(&self) -> usize {
        self.gate.lock().sleepers.len()
    }

    /// Whether it is stopped.
    pub fn is_frozen(&self) -> bool {
        self.gate.lock().frozen
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("frozen", &self.is_frozen())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Default)]
struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    frozen: bool,
    tasks: u64,
    /// Tasks that were woken meanwhile, by number: they are woken in that order.
    sleepers: BTreeMap<u64, Waker>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn through<F: Future>(&self, task: F) -> Gated<F> {
        let mut state = self.lock();
        state.tasks += 1;
        Gated {
            task: Box::pin(task),
            number: state.tasks,
            gate: self.clone(),
        }
    }
}

/// A task that is polled only while its process runs.
struct Gated<F> {
    task: Pin<Box<F>>,
    number: u64,
    gate: Gate,
}

impl<F: Future> Future for Gated<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        {
            let mut state = self.gate.lock();
            if state.frozen {
                state.sleepers.insert(self.number, context.waker().clone());
                return Poll::Pending;
            }
        }
        self.task.as_mut().poll(context)
    }
}

impl<F> Drop for Gated<F> {
    fn drop(&mut self) {
        self.gate.lock().sleepers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::Simulation;

    #[test]
    fn time_passes_a_frozen_process_by() {
        let run = Simulation::new(1).run(|world| async move {
            let process = world.process();
            let clock = world.trace().clone();
            let task = process.spawn(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                clock.virtual_time()
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
            process.freeze();
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(!task.is_finished());
            process.thaw();
            task.await.unwrap()
        });
        assert_eq!(run.output.unwrap(), Duration::from_millis(5050));
    }
}
