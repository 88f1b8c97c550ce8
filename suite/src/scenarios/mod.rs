//! Scenarios of our own client, the same on the embedded cluster and on a real Kafka.
//!
//! Each uses the client as an application does and leaves a transcript of what it
//! saw: outcomes, error texts, offsets, records, settings. The transcripts of a real
//! Kafka are stored in `suite/scenarios`. The test `scenarios` compares the embedded
//! cluster with them, the test `real_scenarios` a real Kafka; the program
//! `scenarios` does either, and records them anew.
//!
//! A new scenario is a function of one of the modules, a line in its list here, and
//! `cargo xtask scenarios --record NAME`.

mod admin;
mod configs;
mod consuming;
mod copies;
mod ends;
mod ground;
mod groups;
mod large;
mod offsets;
mod options;
mod positions;
mod producing;
mod record;
mod removal;
mod runner;
mod stored;
mod topics;
mod transcript;

use std::future::Future;
use std::pin::Pin;

use crate::BoxError;

pub use ground::Ground;
pub use options::{cluster_options, embedded};
pub use record::record;
pub use runner::{Outcome, run};
pub use stored::{compare, names_stored};
pub use transcript::Transcript;

/// A scenario: what it is called, how large a cluster it takes, and what happens.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, and that of the file of its transcript.
    pub name: &'static str,
    /// One or three.
    pub brokers: u32,
    play: Play,
}

type Playing<'a> = Pin<Box<dyn Future<Output = Result<Transcript, BoxError>> + 'a>>;
type Play = for<'a> fn(&'a Ground) -> Playing<'a>;

macro_rules! scenarios {
    ($($brokers:literal $module:ident { $($function:ident $name:literal;)* })*) => {
        &[$($(
            Scenario {
                name: $name,
                brokers: $brokers,
                play: |ground| Box::pin($module::$function(ground)),
            },
        )*)*]
    };
}

/// Every scenario.
pub const ALL: &[Scenario] = scenarios! {
    1 producing {
        acks "producing-acks";
        keys "producing-keys";
        partitions "producing-partitions";
        values "producing-values";
        headers "producing-headers";
        times "producing-times";
        times_of_appending "producing-append-times";
        codecs "producing-codecs";
        topic_codecs "producing-topic-codecs";
        idempotence "producing-idempotence";
        handles "producing-handles";
        many "producing-many";
    }
    1 ends {
        flush "ends-flush";
        close "ends-close";
        consumer_close "ends-consumer";
        kafka_close "ends-kafka";
    }
    1 large {
        request "large-request";
        message "large-message";
        split "large-split";
        records "large-records";
        fetches "large-fetches";
    }
    1 consuming {
        starts "consuming-starts";
        streams "consuming-streams";
        pausing "consuming-pausing";
        assignments "consuming-assignments";
        several "consuming-several";
        unknown "consuming-unknown";
    }
    1 positions {
        seeking "positions-seeking";
        resets "positions-resets";
        times "positions-times";
        ends "positions-ends";
        lookups_refused "positions-refused";
    }
    1 offsets {
        commits "offsets-commits";
        resuming "offsets-resuming";
        refused "offsets-refused";
        recreated "offsets-recreated";
        deleting "offsets-deleting";
    }
    1 groups {
        listing "groups-listing";
        describing "groups-describing";
        deleting "groups-deleting";
        fetching "groups-fetching";
    }
    1 topics {
        creating "topics-creating";
        refused "topics-refused";
        checking "topics-checking";
        deleting "topics-deleting";
        recreated "topics-recreated";
        growing "topics-growing";
        auto_creation "topics-auto-creation";
        missing "topics-missing";
        metadata "topics-metadata";
    }
    1 configs {
        defaults "configs-defaults";
        altering "configs-altering";
        refused "configs-refused";
        brokers "configs-brokers";
        groups "configs-groups";
    }
    1 removal {
        records "removal-records";
        refused "removal-refused";
        reading_on "removal-reading-on";
        compaction "removal-compaction";
        retention "removal-retention";
    }
    1 admin {
        security "admin-security";
        producers "admin-producers";
        transactions "admin-transactions";
        leaders "admin-leaders";
        log_dirs "admin-log-dirs";
        quotas "admin-quotas";
        epochs "admin-epochs";
        versions "admin-versions";
    }
    3 copies {
        cluster "copies-cluster";
        spread "copies-spread";
        placed "copies-placed";
        refused "copies-refused";
        moving "copies-moving";
        electing "copies-electing";
        in_sync "copies-in-sync";
        groups "copies-groups";
        recreated "copies-recreated";
    }
};

/// The scenarios with these names or beginnings of names; all without any.
///
/// # Errors
///
/// For a name that no scenario begins with.
pub fn choose(names: &[String]) -> Result<Vec<&'static Scenario>, BoxError> {
    let begins = |one: &Scenario, name: &String| one.name.starts_with(name.as_str());
    if let Some(unknown) = names
        .iter()
        .find(|name| !ALL.iter().any(|one| begins(one, name)))
    {
        return Err(format!("no scenario begins with {unknown:?}").into());
    }
    let is_chosen =
        |one: &&Scenario| names.is_empty() || names.iter().any(|name| begins(one, name));
    Ok(ALL.iter().filter(is_chosen).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_scenario_has_a_transcript_and_every_transcript_a_scenario() {
        let known: BTreeSet<_> = ALL.iter().map(|one| one.name.to_owned()).collect();
        assert_eq!(known.len(), ALL.len(), "names are distinct");
        assert_eq!(known, names_stored().unwrap());
    }

    #[test]
    fn names_choose_by_their_beginning() {
        let of = |name: &str| choose(&[name.to_owned()]).map(|chosen| chosen.len());
        assert_eq!(of("producing-keys").unwrap(), 1);
        assert!(of("producing").unwrap() > 5);
        assert!(of("nothing").is_err());
        assert_eq!(choose(&[]).unwrap().len(), ALL.len());
    }
}
