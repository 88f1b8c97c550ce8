//! What many runs add up to, and its file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use kafka_sim::workload::{Profile, Report};
use kafka_sim::{FaultKind, ROWS, RowCounts};

/// The file is lines of words: `seeds 0..500`, `row 3 17`, `fault CutLink 5`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct State {
    /// Of the program that counted: what another finds may be different.
    build: String,
    profile: Profile,
    /// Runs of seeds that are done, ascending and apart.
    done: Vec<Range<u64>>,
    rows: RowCounts,
    faults: BTreeMap<String, u64>,
    violations: BTreeMap<u64, String>,
    records: u64,
    wall: Duration,
    virtual_time: Duration,
}

impl State {
    /// For no file: it is not told which program counts, which takes longer than many
    /// seeds do.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }

    /// For a file that is to be.
    fn of_this_build(profile: Profile) -> Self {
        Self {
            build: build(),
            ..Self::new(profile)
        }
    }

    pub(crate) fn add(&mut self, report: &Report) {
        self.mark(report.seed..report.seed + 1);
        for (row, times) in &report.rows {
            *self.rows.entry(*row).or_default() += times;
        }
        for (kind, times) in &report.faults {
            *self.faults.entry(kind.to_string()).or_default() += times;
        }
        if let Some(violation) = report.violations.first() {
            let anomaly = violation.anomaly().to_string();
            self.violations.insert(report.seed, anomaly);
        }
        self.records += report.outcomes.0 as u64;
        self.virtual_time += report.virtual_time;
    }

    pub(crate) fn has(&self, seed: u64) -> bool {
        self.done.iter().any(|range| range.contains(&seed))
    }

    pub(crate) fn seeds(&self) -> u64 {
        self.done.iter().map(|range| range.end - range.start).sum()
    }

    pub(crate) fn hits(&self, row: u8) -> u64 {
        self.rows.get(&row).copied().unwrap_or(0)
    }

    pub(crate) fn fault(&self, kind: FaultKind) -> u64 {
        self.faults.get(&kind.to_string()).copied().unwrap_or(0)
    }

    pub(crate) fn violations(&self) -> &BTreeMap<u64, String> {
        &self.violations
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    pub(crate) fn wall(&self) -> Duration {
        self.wall
    }

    pub(crate) fn set_wall(&mut self, wall: Duration) {
        self.wall = wall;
    }

    pub(crate) fn virtual_time(&self) -> Duration {
        self.virtual_time
    }

    /// Rows that should have been met and were not.
    pub(crate) fn never_hit(&self) -> Vec<u8> {
        if !matches!(self.profile, Profile::Default | Profile::Heavy) {
            return Vec::new();
        }
        let rows = ROWS.iter().filter(|row| row.pending.is_none());
        rows.map(|row| row.number)
            .filter(|row| self.hits(*row) == 0)
            .collect()
    }

    /// Kinds of fault that should have happened and did not.
    pub(crate) fn never_struck(&self) -> Vec<FaultKind> {
        if !matches!(self.profile, Profile::Default | Profile::Heavy) {
            return Vec::new();
        }
        let kinds = FaultKind::ALL.iter().copied();
        kinds.filter(|kind| self.fault(*kind) == 0).collect()
    }

    /// What the file holds, or nothing yet where there is none.
    pub(crate) fn load(file: &Path, profile: Profile) -> Result<Self, String> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let state = Self::parse(&text).ok_or("not a file of the simulation's counts")?;
                if state.build != build() {
                    return Err(
                        "another build of this program wrote it: begin a new file".to_owned()
                    );
                }
                if state.profile != profile {
                    return Err(format!("holds counts of profile {}", state.profile));
                }
                Ok(state)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::of_this_build(profile))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Writes a new file and puts it in the place of the old one.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = file.with_extension("new");
        std::fs::write(&new, self.text())?;
        std::fs::rename(new, file)
    }

    fn mark(&mut self, seeds: Range<u64>) {
        self.done.push(seeds);
        self.done.sort_by_key(|range| range.start);
        self.done.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
    }

    fn text(&self) -> String {
        let mut text = format!("build {}\nprofile {}\n", self.build, self.profile);
        for Range { start, end } in &self.done {
            // Writing into a string can't fail.
            let _ = writeln!(text, "seeds {start}..{end}");
        }
        for (row, times) in &self.rows {
            let _ = writeln!(text, "row {row} {times}");
        }
        for (kind, times) in &self.faults {
            let _ = writeln!(text, "fault {kind} {times}");
        }
        for (seed, anomaly) in &self.violations {
            let _ = writeln!(text, "violation {seed} {anomaly}");
        }
        let _ = writeln!(text, "records {}", self.records);
        let _ = writeln!(text, "wall_ms {}", self.wall.as_millis());
        let _ = writeln!(text, "virtual_ms {}", self.virtual_time.as_millis());
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut state = Self::default();
        for line in text.lines() {
            let (name, rest) = line.split_once(' ')?;
            let two = || rest.split_once(' ');
            match name {
                "build" => rest.clone_into(&mut state.build),
                "profile" => state.profile = rest.parse().ok()?,
                "seeds" => {
                    let (start, end) = rest.split_once("..")?;
                    state.mark(start.parse().ok()?..end.parse().ok()?);
                }
                "row" => {
                    let (row, times) = two()?;
                    state.rows.insert(row.parse().ok()?, times.parse().ok()?);
                }
                "fault" => {
                    let (kind, times) = two()?;
                    state.faults.insert(kind.to_owned(), times.parse().ok()?);
                }
                "violation" => {
                    let (seed, anomaly) = two()?;
                    state
                        .violations
                        .insert(seed.parse().ok()?, anomaly.to_owned());
                }
                "records" => state.records = rest.parse().ok()?,
                "wall_ms" => state.wall = Duration::from_millis(rest.parse().ok()?),
                "virtual_ms" => state.virtual_time = Duration::from_millis(rest.parse().ok()?),
                _ => return None,
            }
        }
        Some(state)
    }
}

/// What this program is: a fingerprint of its file.
fn build() -> String {
    let program = std::env::current_exe().and_then(std::fs::read);
    // FNV-1a: the same from one run to the next.
    let hash = program
        .unwrap_or_default()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join() {
        let mut state = State::default();
        for seeds in [5..6, 0..2, 2..3, 6..9, 20..21] {
            state.mark(seeds);
        }
        assert_eq!(state.done, [0..3, 5..9, 20..21]);
        assert_eq!(state.seeds(), 8);
        assert!(state.has(8) && !state.has(9) && !state.has(3));
    }

    #[test]
    fn the_file_is_read_as_written() {
        let mut state = State::new(Profile::Heavy);
        state.mark(3..7);
        state.rows.insert(12, 5);
        state.faults.insert("CutLink".to_owned(), 9);
        state.violations.insert(4, "lost write".to_owned());
        state.records = 88;
        state.wall = Duration::from_millis(1234);
        state.virtual_time = Duration::from_millis(99_000);
        assert_eq!(State::parse(&state.text()).as_ref(), Some(&state));
        assert_eq!(State::parse("what is this\n"), None);
    }

    #[test]
    fn counts_of_another_build_or_profile_are_refused() {
        let file = std::env::temp_dir().join(format!("kafka-sim-state-{}", std::process::id()));
        let mut state = State::of_this_build(Profile::Heavy);
        state.mark(0..4);
        state.save(&file).unwrap();
        assert_eq!(State::load(&file, Profile::Heavy), Ok(state));
        assert!(State::load(&file, Profile::Quick).is_err());
        let mut other = State::of_this_build(Profile::Heavy);
        other.build = "another".to_owned();
        other.save(&file).unwrap();
        let refused = State::load(&file, Profile::Heavy).unwrap_err();
        assert!(refused.contains("another build"), "{refused}");
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn kinds_that_never_happened_are_told() {
        let mut state = State::new(Profile::Default);
        assert_eq!(state.never_struck(), FaultKind::ALL);
        state.faults.insert("CutLink".to_owned(), 1);
        assert!(!state.never_struck().contains(&FaultKind::CutLink));
        assert_eq!(State::new(Profile::Network).never_struck(), []);
    }
}
