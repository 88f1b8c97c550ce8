//! Clients that spin: what a client may repeat only after a pause, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_net::watch;
use kafka_protocol::{ApiKey, StrBytes};

use crate::checker::Violation;
use crate::trace::Trace;

/// What a client did that it has to pause before it does it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    /// Asked for a connection to this address.
    Dial(String),
    /// Asked a question that is about the cluster, not about data.
    Ask(ApiKey),
    /// Was refused for one partition, or as a whole (without a topic, −1).
    Refused(ApiKey, StrBytes, i32),
    /// Was answered without data before the time was over for which it wanted to wait.
    EmptyFetch(String),
}

/// The shortest pause there is by default: a failed connection's first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// The first pause by default after anything else that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// How much faster than its first pause allows a client may be before that is no
/// coincidence any more: several lanes, producers and consumers share its name, each
/// success begins a new count, and what was learnt elsewhere ends a pause early.
const TOLERANCE: u32 = 10;

/// How often its own limit makes a client one that lets no time pass: the run ends.
const RUNAWAY: u32 = 20;

const WINDOW: Duration = Duration::from_secs(1);

impl Deed {
    /// How often at most in a window.
    fn limit(&self) -> u32 {
        let pause = match self {
            Self::Dial(_) => SHORTEST_PAUSE,
            _ => PAUSE,
        };
        let unhurried = WINDOW.as_millis() / pause.as_millis().max(1);
        u32::try_from(unhurried).unwrap_or(u32::MAX) * TOLERANCE
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(address) => write!(f, "dialled {address}"),
            Self::Ask(api) => write!(f, "asked {api:?}"),
            Self::Refused(api, _, -1) => write!(f, "was refused {api:?}"),
            Self::Refused(api, topic, partition) => {
                write!(f, "was refused {api:?} of {topic}-{partition}")
            }
            Self::EmptyFetch(address) => {
                write!(f, "got nothing from {address}, and sooner than it asked,")
            }
        }
    }
}

/// How fast clients go on. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Paces {
    trace: Trace,
    state: Arc<Mutex<State>>,
    runaway: Arc<watch::Sender<Option<String>>>,
}

#[derive(Default)]
struct State {
    windows: BTreeMap<(StrBytes, Deed), Window>,
    /// By who and what: the most in a window, and when that began.
    hurried: BTreeMap<(StrBytes, Deed), Window>,
}

/// From the first of its kind on.
#[derive(Clone, Copy)]
struct Window {
    begun: Duration,
    count: u32,
}

impl Paces {
    pub(crate) fn new(trace: Trace) -> Self {
        Self {
            trace,
            state: Arc::default(),
            runaway: Arc::new(watch::Sender::new(None)),
        }
    }

    /// A client did this now.
    pub(crate) fn note(&self, client: &StrBytes, deed: Deed) {
        let now = self.trace.virtual_time();
        let limit = deed.limit();
        let key = (client.clone(), deed);
        let mut state = self.lock();
        let State { windows, hurried } = &mut *state;
        let window = windows.entry(key.clone()).or_insert(Window {
            begun: now,
            count: 0,
        });
        if now.saturating_sub(window.begun) >= WINDOW {
            *window = Window {
                begun: now,
                count: 0,
            };
        }
        window.count = window.count.saturating_add(1);
        if window.count <= limit {
            return;
        }
        let window = *window;
        let most = hurried.entry(key.clone()).or_insert(window);
        if window.count >= most.count {
            *most = window;
        }
        drop(state);
        if window.count == limit.saturating_mul(RUNAWAY) {
            self.runaway.send_replace(Some(told(&key, window)));
        }
    }

    /// Whoever went on faster than pauses allow.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let state = self.lock();
        let hurried = state.hurried.iter();
        hurried
            .map(|(key, window)| Violation::liveness(told(key, *window)))
            .collect()
    }

    /// Waits for a client that does nothing else any more, and says who.
    pub(crate) async fn runaway(&self) -> String {
        let mut runaway = self.runaway.subscribe();
        loop {
            if let Some(who) = runaway.with_latest(|who: &Option<String>| who.clone()) {
                return who;
            }
            if runaway.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told((client, deed): &(StrBytes, Deed), window: Window) -> String {
    format!(
        "hot loop: {client} {deed} {} times in the second from {:.3}s, at most {} times with \
         the pauses that are due",
        window.count,
        window.begun.as_secs_f64(),
        deed.limit()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn paces(pause: Duration, deeds: u32) -> Vec<Violation> {
        let paces = Paces::new(Trace::start(false));
        for _ in 0..deeds {
            paces.note(&"client".into(), Deed::Ask(ApiKey::Metadata));
            paces.note(&"other".into(), Deed::Ask(ApiKey::FindCoordinator));
            tokio::time::sleep(pause).await;
        }
        paces.violations()
    }

    #[tokio::test(start_paused = true)]
    async fn who_pauses_is_no_finding_however_long_it_goes_on() {
        assert_eq!(paces(Duration::from_millis(10), 5000).await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_is_told_once_with_the_most() {
        let found = paces(Duration::from_millis(5), 1000).await;
        let facts: Vec<_> = found.iter().map(Violation::facts).collect();
        assert_eq!(facts.len(), 2, "{facts:#?}");
        assert!(
            facts[0].starts_with("hot loop: client asked Metadata 200 times in the second from"),
            "{facts:#?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_lets_no_time_pass_ends_the_run() {
        let paces = Paces::new(Trace::start(false));
        let spinning = paces.clone();
        let spin = async move {
            loop {
                spinning.note(&"client".into(), Deed::Dial("b1:9092".to_owned()));
                tokio::task::yield_now().await;
            }
        };
        let who = tokio::select! {
            biased;
            who = paces.runaway() => who,
            () = spin => String::new(),
        };
        assert!(who.contains("client dialled b1:9092 4000 times"), "{who}");
    }
}
