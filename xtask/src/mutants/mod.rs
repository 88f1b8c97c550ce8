//! Planted bugs: is the simulation able to find what it is there for?
//!
//! Each bug is put into a copy of the sources, one at a time, and looked for as
//! anyone's bug would be. One that nobody finds means that a fault, a check or a
//! workload is missing.

mod list;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cargo;
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use list::{ALL, Finder, Mutant};

/// How many seeds the simulation has to find a bug.
const SEEDS: u64 = 2_000;

/// Seeds between two looks at whether it was found.
const STEP: u64 = 50;

/// Wall time after which a step, or a test, counts as hung: that, too, is found.
const PATIENCE: Duration = Duration::from_secs(600);

/// Plants the bugs with these names, or all, and tells which were found; `false`
/// when one was not.
pub(crate) fn run(names: &[String]) -> Result<bool> {
    let chosen: Vec<&Mutant> = ALL
        .iter()
        .filter(|mutant| names.is_empty() || names.iter().any(|name| name == mutant.name))
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| ALL.iter().all(|mutant| mutant.name != **name))
    {
        let known: Vec<_> = ALL.iter().map(|mutant| mutant.name).collect();
        return Err(Error::new(format!(
            "no planted bug is called {unknown:?}; there are {}",
            known.join(", ")
        )));
    }
    let garden = Garden::lay_out()?;
    for finder in [Finder::Simulation, Finder::Interleavings] {
        if chosen.iter().any(|mutant| mutant.finder == finder) {
            garden.control(finder)?;
        }
    }
    let mut all_found = true;
    println!("{:<36} {:<10} found by", "planted bug", "family");
    for mutant in chosen {
        let watch = Stopwatch::start();
        let verdict = garden.look_for(mutant)?;
        all_found &= verdict.is_found();
        println!(
            "{:<36} {:<10} {} ({:.0} s)",
            mutant.name,
            format!("{:?}", mutant.family),
            verdict.describe(),
            watch.read().as_secs_f64()
        );
    }
    Ok(all_found)
}

/// What became of a planted bug.
enum Verdict {
    /// By the simulation, in the step of seeds that ends here.
    BySeed {
        until: u64,
        complaint: String,
    },
    ByInterleavings,
    NotFound,
    /// It failed, and named no violation: that tells nothing of the bug.
    FailedOtherwise,
    /// The changed code does not compile: the list is out of date.
    DoesNotBuild,
}

impl Verdict {
    fn is_found(&self) -> bool {
        matches!(self, Self::BySeed { .. } | Self::ByInterleavings)
    }

    fn describe(&self) -> String {
        match self {
            Self::BySeed { until, complaint } => {
                format!("the simulation, within {until} seeds: {complaint}")
            }
            Self::ByInterleavings => "the interleaving tests".to_owned(),
            Self::NotFound => "NOBODY".to_owned(),
            Self::FailedOtherwise => "NOBODY: it failed, and named no violation".to_owned(),
            Self::DoesNotBuild => "NOBODY: it does not compile".to_owned(),
        }
    }
}

/// A copy of the sources to plant bugs in.
struct Garden {
    sources: PathBuf,
    builds: PathBuf,
}

impl Garden {
    /// Copies what git knows of, so that nothing of the working tree changes. What an
    /// earlier copy had besides goes.
    fn lay_out() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or_else(|| Error::new("the workspace has no root"))?;
        let base = root.join("target/mutants");
        let garden = Self {
            sources: base.join("sources"),
            builds: base.join("builds"),
        };
        let listed = Command::new("git")
            .args(["ls-files", "-z"])
            .current_dir(root)
            .output()
            .map_err(|error| Error::new(format!("cannot run git: {error}")))?;
        if !listed.status.success() {
            let said = String::from_utf8_lossy(&listed.stderr);
            return Err(Error::new(format!("git does not list the sources: {said}")));
        }
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut copied = BTreeSet::new();
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            // A file may be deleted and still be listed.
            if let Ok(content) = fs::read(root.join(name)) {
                let copy = garden.sources.join(name);
                write_if_changed(&copy, &content)?;
                copied.insert(copy);
            }
        }
        remove_others(&garden.sources, &copied)?;
        Ok(garden)
    }

    /// Without a planted bug, nothing is found with the same seeds and tests: what is found
    /// with one is its own doing.
    fn control(&self, finder: Finder) -> Result<()> {
        let watch = Stopwatch::start();
        let problem = match self.look(finder) {
            Verdict::NotFound => {
                let took = watch.read().as_secs_f64();
                println!("without a planted bug, {finder:?}: nothing found ({took:.0} s)");
                return Ok(());
            }
            Verdict::DoesNotBuild => "the sources do not compile".to_owned(),
            found => format!("found without a planted bug by {}", found.describe()),
        };
        Err(Error::new(problem))
    }

    fn look(&self, finder: Finder) -> Verdict {
        match finder {
            Finder::Simulation => self.simulate(),
            Finder::Interleavings => self.interleave(),
        }
    }

    fn look_for(&self, mutant: &Mutant) -> Result<Verdict> {
        let path = self.sources.join(mutant.file);
        let sound = fs::read_to_string(&path)
            .map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
        if sound.matches(mutant.original).count() != 1 {
            return Ok(Verdict::DoesNotBuild);
        }
        let planted = sound.replace(mutant.original, mutant.planted);
        write_if_changed(&path, planted.as_bytes())?;
        let verdict = self.look(mutant.finder);
        write_if_changed(&path, sound.as_bytes())?;
        Ok(verdict)
    }

    fn simulate(&self) -> Verdict {
        let build = [
            "build",
            "--quiet",
            "--profile",
            "sim",
            "--package",
            "kafka-sim",
            "--bin",
            "sim",
        ];
        if !cargo::run_quietly(&mut self.cargo(&build)).success {
            return Verdict::DoesNotBuild;
        }
        let program = self.builds.join("sim/sim");
        for first in (0..SEEDS).step_by(STEP as usize) {
            let until = first + STEP;
            let mut step = Command::new(&program);
            step.args(["--quiet", "--seeds", &format!("{first}..{until}")]);
            match outcome_of(&mut step) {
                Outcome::Complained(complaint) => return Verdict::BySeed { until, complaint },
                Outcome::Failed => return Verdict::FailedOtherwise,
                Outcome::Succeeded => {}
            }
        }
        Verdict::NotFound
    }

    fn interleave(&self) -> Verdict {
        let test = |more: &[&str]| {
            let mut arguments = vec![
                "test",
                "--quiet",
                "--package",
                "kafka-producer",
                "--features",
                "shuttle",
                "--lib",
            ];
            arguments.extend(more);
            self.cargo(&arguments)
        };
        if !cargo::run_quietly(&mut test(&["--no-run"])).success {
            return Verdict::DoesNotBuild;
        }
        match outcome_of(&mut test(&["interleavings"])) {
            Outcome::Complained(_) => Verdict::ByInterleavings,
            Outcome::Failed => Verdict::FailedOtherwise,
            Outcome::Succeeded => Verdict::NotFound,
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo::command(arguments);
        command
            .current_dir(&self.sources)
            .env("CARGO_TARGET_DIR", &self.builds)
            .env("RUSTFLAGS", "--cap-lints=allow");
        command
    }
}

/// How a search for a bug ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Succeeded,
    /// It named a violation, panicked or hung.
    Complained(String),
    /// It failed for whatever else.
    Failed,
}

fn outcome_of(command: &mut Command) -> Outcome {
    let spawned = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            eprintln!("cannot run {command:?}: {error}");
            return Outcome::Failed;
        }
    };
    let readers = (drain(child.stdout.take()), drain(child.stderr.take()));
    if !ends_in_time(&mut child) {
        return Outcome::Complained("it hangs".to_owned());
    }
    let failed = child.wait().is_ok_and(|status| !status.success());
    let text = [readers.0, readers.1].map(|reader| reader.join().unwrap_or_default());
    match (failed, first_complaint(&text.concat())) {
        (false, _) => Outcome::Succeeded,
        (true, Some(complaint)) => Outcome::Complained(complaint),
        (true, None) => Outcome::Failed,
    }
}

/// Reads to the end, so that the command never waits for a reader.
fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the command ends by itself within [`PATIENCE`]; ends it otherwise.
fn ends_in_time(child: &mut Child) -> bool {
    let watch = Stopwatch::start();
    while watch.read() < PATIENCE {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return true;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// The first line of a report that names a violation, which are indented, or a
/// panic.
fn first_complaint(text: &str) -> Option<String> {
    let complaint = text.lines().find(|line| {
        let named = line.strip_prefix("  ").is_some_and(|rest| {
            rest.starts_with(char::is_lowercase) && !rest.starts_with("repeat with")
        });
        named || line.contains("panicked at")
    });
    complaint.map(|line| line.trim().to_owned())
}

/// Removes every file below `folder` but these.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    let problem = |error: std::io::Error| Error::new(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(problem)? {
        let entry = entry.map_err(problem)?;
        let path = entry.path();
        if entry.file_type().map_err(problem)?.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).map_err(problem)?;
        }
    }
    Ok(())
}

/// Leaves files alone that are as they should be, so that cargo builds little.
fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let problem = |error: std::io::Error| Error::new(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(problem)?;
    }
    fs::write(path, content).map_err(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_the_first_violation() {
        let report = "seed 3 hash 12 violations 1\n  lost: v7 (partition 0)\n  duplicate: v8\n";
        let first = |text| first_complaint(text).unwrap_or_default();
        assert_eq!(first(report), "lost: v7 (partition 0)");
        let panic = "thread 'x' panicked at a.rs";
        assert_eq!(first(panic), panic);
        assert_eq!(first_complaint("nothing"), None);
    }

    #[test]
    fn failing_commands_complain_and_others_do_not() {
        let mut fails = Command::new("sh");
        fails.args(["-c", "echo '  lost: v1'; exit 1"]);
        let lost = Outcome::Complained("lost: v1".to_owned());
        assert_eq!(outcome_of(&mut fails), lost);
        assert_eq!(outcome_of(&mut Command::new("true")), Outcome::Succeeded);
        // A mistake on the command line, for one, is no bug found.
        assert_eq!(outcome_of(&mut Command::new("false")), Outcome::Failed);
    }

    #[test]
    fn what_an_earlier_copy_had_besides_goes() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("mutants-{}", std::process::id()));
        let (kept, old) = (folder.join("a/kept.rs"), folder.join("a/b/old.rs"));
        for file in [&kept, &old] {
            write_if_changed(file, b"fn main() {}")?;
        }
        let result = remove_others(&folder, &BTreeSet::from([kept.clone()]));
        let left = (kept.exists(), old.exists());
        let _ = fs::remove_dir_all(&folder);
        result?;
        assert_eq!(left, (true, false));
        Ok(())
    }

    #[test]
    fn names_that_are_not_there_are_refused() {
        let error = run(&["no-such-bug".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("sequence-reused"), "{error}");
    }
}
