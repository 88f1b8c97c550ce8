//! What a stretch of work took.

use std::fs;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use stats_alloc::INSTRUMENTED_SYSTEM;

use crate::clock;

/// A stretch of work, from [`Meter::start`] on.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    at: Instant,
    cpu: Cpu,
    allocations: u64,
}

/// Processor seconds of all threads of this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

/// What it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) elapsed: f64,
    pub(crate) cpu: Cpu,
    /// Zero where nobody counts.
    pub(crate) allocations: u64,
}

impl Meter {
    pub fn start() -> Self {
        Self {
            at: clock::now(),
            cpu: Cpu::so_far(),
            allocations: allocations(),
        }
    }

    pub(crate) fn taken(&self) -> Taken {
        let cpu = Cpu::so_far();
        Taken {
            elapsed: clock::now().duration_since(self.at).as_secs_f64(),
            cpu: Cpu {
                user: cpu.user - self.cpu.user,
                system: cpu.system - self.cpu.system,
            },
            allocations: allocations() - self.allocations,
        }
    }
}

impl Cpu {
    /// Since the process was started.
    pub(crate) fn so_far() -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
            return Self::default();
        };
        let seconds =
            |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        Self {
            user: seconds(usage.user_time()),
            system: seconds(usage.system_time()),
        }
    }
}

/// How often this process asked for memory so far, if it is a program that counts: one
/// with the `INSTRUMENTED_SYSTEM` for its allocator. A counter slows down whoever
/// allocates more, so the programs that are timed have none.
fn allocations() -> u64 {
    let stats = INSTRUMENTED_SYSTEM.stats();
    (stats.allocations + stats.reallocations) as u64
}

/// The most memory that was resident at once, in KiB. The kernel's own figure of
/// getrusage would count what the process was before it became this program.
pub(crate) fn peak_rss_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
