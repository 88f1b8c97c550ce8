//! What the client does at brokers of every release: what works, and what is refused
//! with the release that it needs.
//!
//! Each check does the same at every broker and tells what came of it; only the list
//! below says what was to come. The test `matrix` runs them on real brokers, the test
//! `embedded_matrix` on the embedded cluster in the dress of each.

mod admin;
mod ground;
mod offsets;
mod records;
mod release;
mod table;

use std::future::Future;
use std::pin::Pin;

use crate::BoxError;

pub use ground::Ground;
pub use release::Release;
pub use table::Table;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It works.
    Works,
    /// The client said that the brokers are too old, and named the release needed.
    Refused,
    /// The brokers are too old, and there is nothing to ask for that could be refused.
    Lacks,
}

type Playing<'a> = Pin<Box<dyn Future<Output = Result<Mark, BoxError>> + 'a>>;

/// One check: what it is called, since which release it works, and what comes of it
/// before.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What it is called in the table.
    pub name: &'static str,
    since: &'static str,
    before: Mark,
    play: for<'a> fn(&'a Ground) -> Playing<'a>,
}

impl Check {
    /// What is to come of it at brokers of this release.
    pub fn expected(&self, release: &Release) -> Mark {
        if *release >= Release::of(self.since) {
            Mark::Works
        } else {
            self.before
        }
    }

    /// Runs it; an error is anything else than a [`Mark`].
    pub async fn run(&self, ground: &Ground) -> Result<Mark, BoxError> {
        (self.play)(ground).await
    }
}

macro_rules! checks {
    ($($name:literal $since:literal $before:ident $module:ident::$function:ident;)*) => {
        &[$(
            Check {
                name: $name,
                since: $since,
                before: Mark::$before,
                play: |ground| Box::pin($module::$function(ground)),
            },
        )*]
    };
}

/// Every check, in the order in which they run.
pub const CHECKS: &[Check] = checks! {
    "ApiVersions" "0.10" Lacks admin::negotiation;
    "records, none" "0.8" Refused records::none;
    "records, gzip" "0.8" Refused records::gzip;
    "records, snappy" "0.8" Refused records::snappy;
    "records, lz4" "0.8.2" Refused records::lz4;
    "records, zstd" "2.1" Refused records::zstd;
    "larger than a fetch" "0.8" Refused records::larger_than_a_fetch;
    "headers" "0.11" Refused records::headers;
    "create time" "0.10" Lacks records::create_time;
    "append time" "0.10.1" Refused records::append_time;
    "acks 0 and 1" "0.8" Refused records::fewer_acks;
    "idempotence by default" "0.11" Lacks records::idempotence_by_default;
    "idempotence required" "0.11" Refused records::idempotence_required;
    "ends of the log" "0.8" Refused offsets::ends;
    "offsets by time" "0.10.1" Refused offsets::by_time;
    "start by time" "0.10.1" Refused offsets::start_by_time;
    "committed offsets" "0.8.2" Refused offsets::committed;
    "topics listed" "0.8" Refused admin::listed;
    "topic ids" "2.8" Lacks admin::topic_ids;
    "topics made, deleted" "0.10.1" Refused admin::made_and_deleted;
    "topics only checked" "0.10.2" Refused admin::only_checked;
    "topics by defaults" "2.4" Refused admin::by_defaults;
    "transaction coordinator" "0.11" Refused admin::transaction_coordinator;
};
