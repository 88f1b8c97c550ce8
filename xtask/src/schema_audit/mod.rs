//! kafka-protocol's schemas beside the definitions in Kafka's own jars.
//!
//! The way through the files: `json` reads a definition into a `spec`, `layout`
//! compares what one version puts on the wire, `compare` whole messages over all
//! releases, and `findings` gathers what differs. None of them does I/O.

mod compare;
mod findings;
mod json;
mod layout;
mod spec;
#[cfg(test)]
mod tests;

use std::fmt;

use kafka_harness::{Definitions, MessageJars};
use kafka_protocol::header::{self, RequestHeader, ResponseHeader};
use kafka_protocol::{internal_topics, messages};

use crate::error::{Error, Result};
use compare::{Audit, Count, Jar, Ours};
use findings::Shortfall;
use spec::SpecKind;

/// Newest first.
const RELEASES: [&str; 3] = [MessageJars::NEWEST, "4.3.1", MessageJars::LAST_COMPLETE];

/// APIs whose form in 3.9.1 was a preview, by their keys: what shipped later
/// differs on the wire under the same version.
const PREVIEWED: [i16; 9] = [76, 77, 78, 79, 83, 84, 85, 86, 87];

/// Definitions of what neither a client nor its peers meet on the wire, and why.
const LEFT_OUT: [(&str, &str); 2] = [
    (
        "AbortedTxn",
        "an entry of the transaction index beside a broker's log segments",
    ),
    (
        "DefaultPrincipalData",
        "bytes that a broker's principal builder, which can be replaced, gives itself to read",
    ),
];

/// The outcome of an audit, to be printed.
#[derive(Debug)]
pub(crate) struct Verdict(Audit);

/// Compares everything with every release, downloading what is not there yet.
pub(crate) fn run() -> Result<Verdict> {
    let mut jars = Vec::new();
    for release in RELEASES {
        for definitions in MessageJars::ensure(release)?.definitions()? {
            jars.push(jar(release, &definitions)?);
        }
    }
    Ok(Verdict(compare::audit(&ours(), &jars)))
}

fn jar(release: &str, definitions: &Definitions) -> Result<Jar> {
    let name = format!("{} {release}", definitions.artifact);
    let mut specs = Vec::new();
    for (file, text) in &definitions.files {
        let spec = json::read(text)
            .map_err(|error| Error::new(format!("{file}.json of {name}: {error}")))?;
        specs.extend(spec);
    }
    let is_preview = |key: Option<i16>| {
        release == MessageJars::LAST_COMPLETE && key.is_some_and(|key| PREVIEWED.contains(&key))
    };
    specs.retain(|spec| match spec.kind {
        SpecKind::Data => LEFT_OUT.iter().all(|(name, _)| *name != spec.name),
        SpecKind::Request | SpecKind::Response => !is_preview(spec.api_key),
    });
    Ok(Jar { name, specs })
}

fn ours() -> Vec<Ours> {
    let of_api = |schema: &'static kafka_protocol::schema::MessageSchema, header_version| Ours {
        schema,
        api_key: schema.key.map(|key| key.code()),
        header_version: Some(header_version),
    };
    let data = |schema| Ours {
        schema,
        api_key: None,
        header_version: None,
    };
    let mut all = Vec::new();
    for (request, response) in messages::SCHEMAS {
        all.push(of_api(request, header::request_header_version));
        all.push(of_api(response, header::response_header_version));
    }
    all.extend(messages::DATA_SCHEMAS.iter().copied().map(data));
    all.extend([RequestHeader::SCHEMA, ResponseHeader::SCHEMA].map(data));
    for record in internal_topics::SCHEMAS {
        all.extend([record.key, record.value].map(|schema| Ours {
            api_key: Some(record.record_type),
            ..data(schema)
        }));
    }
    all
}

impl Verdict {
    /// Message versions in which nothing differed.
    pub(crate) fn passed(&self) -> u64 {
        let clean = |count: &Count| count.versions + count.data_versions - count.failed;
        self.0.compared.iter().map(|(_, count)| clean(count)).sum()
    }

    /// What was found, each difference once.
    pub(crate) fn failed(&self) -> u64 {
        self.0.findings.total()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Audit { findings, compared } = &self.0;
        write!(f, "{findings}")?;
        for (name, reason) in LEFT_OUT {
            writeln!(f, "left out: {name}, {reason}")?;
        }
        writeln!(
            f,
            "left out: APIs {PREVIEWED:?} of {}, where they were a preview",
            MessageJars::LAST_COMPLETE
        )?;
        for (jar, count) in compared {
            write!(f, "{jar}:")?;
            if count.messages > 0 {
                let Count {
                    messages, versions, ..
                } = count;
                write!(
                    f,
                    " {versions} versions of {messages} requests and responses,"
                )?;
            }
            let Count {
                data,
                data_versions,
                ..
            } = count;
            writeln!(f, " {data_versions} versions of {data} headers and data")?;
        }
        writeln!(
            f,
            "{} mismatches, {} missing, {} behind",
            findings.count(Shortfall::Mismatch),
            findings.count(Shortfall::Missing),
            findings.count(Shortfall::Behind)
        )?;
        writeln!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}
