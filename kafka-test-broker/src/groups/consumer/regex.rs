//! Subscriptions by regular expression, in the syntax of RE2.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kafka_protocol::StrBytes;
use regex::{Regex, RegexBuilder};

use super::{Topics, re2};

/// A group looks for new matches this seldom, however many topics are made.
pub(super) const MIN_REFRESH: Duration = Duration::from_secs(10);

/// A compiled expression may take up this many bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// The topics that a regular expression matched when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub topics: BTreeSet<StrBytes>,
    pub at: Instant,
    /// How many topics had ever been made by then.
    pub topics_created: usize,
}

/// The expression, to match whole names with; `None` when it is none.
pub(super) fn compile(regex: &str) -> Option<Regex> {
    let regex = re2::translate(regex)?;
    let build = |regex: &str| {
        RegexBuilder::new(regex)
            .size_limit(MAX_COMPILED_BYTES)
            .build()
            .ok()
    };
    // What does not compile alone must not by closing the group around it.
    build(&regex)?;
    build(&format!("^(?:{regex})$"))
}

/// The topics it matches now.
pub(super) fn resolve(regex: &str, topics: &dyn Topics, now: Instant) -> Resolved {
    let compiled = compile(regex);
    let names = topics.names();
    let matching = names.filter(|name| {
        compiled
            .as_ref()
            .is_some_and(|regex| regex.is_match(name.as_str()))
    });
    Resolved {
        topics: matching.cloned().collect(),
        at: now,
        topics_created: topics.created(),
    }
}
