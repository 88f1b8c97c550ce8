//! Panics of a run, wherever in it they happen: tokio keeps those of tasks that nobody waits
//! for to itself.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use crate::checker::Violation;
use crate::trace::Trace;

/// Notes the panics of this thread while it lives. What nobody [took](Self::take) is left to
/// the watch around it, if there is one: that of a run that was itself unwound.
pub(crate) struct Watch {
    /// Panics that were there before.
    before: usize,
    /// Where they were traced.
    outer: Option<Trace>,
}

#[derive(Default)]
struct Noted {
    watches: usize,
    panics: Vec<String>,
    trace: Option<Trace>,
}

thread_local! {
    static NOTED: RefCell<Noted> = RefCell::default();
}

impl Watch {
    pub(crate) fn start() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                note(panic);
                others(panic);
            }));
        });
        NOTED.with_borrow_mut(|noted| {
            noted.watches += 1;
            Self {
                before: noted.panics.len(),
                outer: noted.trace.take(),
            }
        })
    }

    /// From now on they are events of this trace, too; `None`: of none.
    pub(crate) fn trace_to(&self, trace: Option<&Trace>) {
        NOTED.with_borrow_mut(|noted| noted.trace = trace.cloned());
    }

    /// Those since the watch began, each a violation.
    pub(crate) fn take(&self) -> Vec<Violation> {
        let panics = NOTED.with_borrow_mut(|noted| {
            let before = self.before.min(noted.panics.len());
            noted.panics.split_off(before)
        });
        panics.into_iter().map(Violation::liveness).collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        NOTED.with_borrow_mut(|noted| {
            noted.watches -= 1;
            noted.trace = self.outer.take();
            if noted.watches == 0 {
                noted.panics.clear();
            }
        });
    }
}

/// Must not panic itself: it may run while whatever panicked holds a lock.
fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    let facts = format!("panic at {place}: {}", message(panic.payload()));
    let _ = NOTED.try_with(|noted| {
        let Ok(mut noted) = noted.try_borrow_mut() else {
            return;
        };
        if noted.watches > 0 {
            if let Some(trace) = &noted.trace {
                trace.note_if_free(&facts);
            }
            noted.panics.push(facts);
        }
    });
}

/// What a panic says.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "something that is no text"
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, resume_unwind};
    use std::time::Duration;

    use super::*;
    use crate::Simulation;

    fn facts(found: &[Violation]) -> Vec<&str> {
        found.iter().map(Violation::facts).collect()
    }

    #[test]
    fn a_panic_in_any_task_is_of_its_run_and_in_its_trace() {
        let run = |text: Option<&'static str>| {
            let simulation = Simulation::new(1).keep_events(true);
            simulation.run(move |world| async move {
                // Nobody asks how these ended.
                let process = world.process();
                process.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(7)).await;
                    if let Some(text) = text {
                        panic!("{text} planted");
                    }
                    // As a mistake that the run makes on purpose.
                    resume_unwind(Box::new("planned"));
                });
                tokio::time::sleep(Duration::from_secs(1)).await;
            })
        };
        for text in ["first", "second"] {
            let bad = run(Some(text));
            let found = facts(&bad.panics);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("panics.rs:"), "{found:?}");
            assert!(found[0].ends_with(&format!("{text} planted")), "{found:?}");
            let lines = bad.trace.lines().join("\n");
            assert!(lines.contains("7.000 ms  panic at"), "{lines}");
            assert_eq!(bad.trace.hash(), run(Some(text)).trace.hash());
        }
        assert_eq!(run(None).panics, []);
    }

    #[test]
    fn what_unwinds_a_run_is_left_to_the_watch_around_it() {
        let outer = Watch::start();
        let unwound =
            catch_unwind(|| Simulation::new(1).run(|_world| async { panic!("the application") }));
        assert!(unwound.is_err());
        let found = outer.take();
        assert!(facts(&found)[0].ends_with("the application"), "{found:?}");
        assert_eq!(outer.take(), []);
        drop(outer);
        let _ = catch_unwind(|| panic!("nobody watches"));
        assert_eq!(Watch::start().take(), []);
    }
}
