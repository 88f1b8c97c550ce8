//! The locks and atomics of this crate, in one place so that the interleaving
//! tests can swap them for a scheduler's. The feature `shuttle` does that for this
//! crate's own unit tests and changes nothing for anyone else.

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
};
use std::sync::PoisonError;
#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
};

/// Locks, also after a holder panicked: nothing that can panic runs under these
/// locks, and a caller's panic must not take the producer down with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
