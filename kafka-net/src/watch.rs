//! A value that tasks wait on to change.
//!
//! The same as `tokio::sync::watch`, but for one thing: that one spreads its waiters over
//! several lists by chance, so that the order in which a change wakes them differs from
//! run to run, and with it everything that follows. This one wakes them in the order in
//! which they came, so that a simulated run repeats exactly.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A sender and the first of its receivers, which has seen the first value.
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// The side that changes the value. Dropping it tells the receivers.
#[derive(Debug)]
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// The side that waits for changes. Cloning gives another that has seen the same.
#[derive(Debug)]
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// The sender is gone: nothing will change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Notify,
    deserted: Notify,
}

#[derive(Debug)]
struct State<T> {
    value: T,
    version: u64,
    sender_gone: bool,
    receivers: usize,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Sender<T> {
    /// A sender without receivers.
    pub fn new(value: T) -> Self {
        let state = State {
            value,
            version: 0,
            sender_gone: false,
            receivers: 0,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Notify::new(),
                deserted: Notify::new(),
            }),
        }
    }

    /// A receiver that has seen the present value.
    pub fn subscribe(&self) -> Receiver<T> {
        let mut state = self.shared.lock();
        state.receivers += 1;
        Receiver {
            seen: state.version,
            shared: self.shared.clone(),
        }
    }

    /// Looks at the value.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.shared.lock().value)
    }

    /// Puts another value in place and wakes everyone who waits; returns the old one.
    pub fn send_replace(&self, value: T) -> T {
        let mut state = self.shared.lock();
        let old = std::mem::replace(&mut state.value, value);
        self.publish(state);
        old
    }

    /// Changes the value in place and wakes everyone who waits.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        let mut state = self.shared.lock();
        change(&mut state.value);
        self.publish(state);
    }

    /// Wakes everyone who waits if `change` says that it changed the value.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut state = self.shared.lock();
        let changed = change(&mut state.value);
        if changed {
            self.publish(state);
        }
        changed
    }

    /// Whether no receiver is left.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().receivers == 0
    }

    /// Waits until no receiver is left.
    ///
    /// Dropping the future changes nothing.
    pub async fn closed(&self) {
        loop {
            let mut told = std::pin::pin!(self.shared.deserted.notified());
            told.as_mut().enable();
            if self.is_closed() {
                return;
            }
            told.await;
        }
    }

    fn publish(&self, mut state: MutexGuard<'_, State<T>>) {
        state.version += 1;
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.lock().sender_gone = true;
        self.shared.changed.notify_waiters();
    }
}

impl<T> Receiver<T> {
    /// Looks at the value; a change that was not seen yet stays so.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.shared.lock().value)
    }

    /// Looks at the value, and counts it as seen.
    pub fn with_latest<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        let state = self.shared.lock();
        self.seen = state.version;
        look(&state.value)
    }

    /// Waits for a change that was not seen yet, and counts it as seen.
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    /// [`Gone`] when the sender is dropped and its last change was seen.
    pub async fn changed(&mut self) -> Result<(), Gone> {
        loop {
            let mut told = std::pin::pin!(self.shared.changed.notified());
            // From here on no change is missed.
            told.as_mut().enable();
            {
                let state = self.shared.lock();
                if state.version != self.seen {
                    self.seen = state.version;
                    return Ok(());
                }
                if state.sender_gone {
                    return Err(Gone);
                }
            }
            told.await;
        }
    }

    /// Waits until the value is as asked, be it at once.
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    /// [`Gone`] when the sender is dropped and the value is not so.
    pub async fn wait_for(&mut self, mut is: impl FnMut(&T) -> bool) -> Result<(), Gone> {
        loop {
            if self.with_latest(&mut is) {
                return Ok(());
            }
            self.changed().await?;
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.lock().receivers += 1;
        Self {
            shared: self.shared.clone(),
            seen: self.seen,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let left = {
            let mut state = self.shared.lock();
            state.receivers -= 1;
            state.receivers
        };
        if left == 0 {
            self.shared.deserted.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_are_seen_once_and_never_missed() {
        let (sender, mut receiver) = channel(1);
        sender.send_replace(2);
        sender.send_modify(|value| *value += 1);
        assert_eq!(receiver.changed().await, Ok(()));
        assert_eq!(receiver.with(|value| *value), 3);
        assert!(!sender.send_if_modified(|_| false));
        drop(sender);
        assert_eq!(receiver.changed().await, Err(Gone));
        assert_eq!(receiver.wait_for(|value| *value == 3).await, Ok(()));
        assert_eq!(receiver.wait_for(|value| *value == 4).await, Err(Gone));
    }

    #[tokio::test]
    async fn waits_dropped_after_their_first_poll_miss_nothing() {
        use std::future::Future;
        use std::task::{Context, Waker};

        fn poll_once(wait: impl Future) {
            let polled = std::pin::pin!(wait).poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
        let (sender, mut receiver) = channel(0);
        poll_once(receiver.changed());
        poll_once(receiver.wait_for(|value| *value == 1));
        poll_once(sender.closed());
        sender.send_replace(1);
        assert_eq!(receiver.changed().await, Ok(()));
        assert_eq!(receiver.wait_for(|value| *value == 1).await, Ok(()));
        drop(receiver);
        sender.closed().await;
    }

    #[tokio::test]
    async fn closed_when_the_last_receiver_goes() {
        let (sender, receiver) = channel(());
        let other = receiver.clone();
        drop(receiver);
        assert!(!sender.is_closed());
        let deserted = async {
            tokio::task::yield_now().await;
            drop(other);
        };
        tokio::join!(sender.closed(), deserted);
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn waiters_wake_in_the_order_in_which_they_came() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let sender = Sender::new(());
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let (mut receiver, order) = (sender.subscribe(), order.clone());
                tokio::spawn(async move {
                    receiver.changed().await.unwrap();
                    order.lock().unwrap().push(n);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        sender.send_replace(());
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
    }
}
