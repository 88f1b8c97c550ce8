//! Our schemas beside the definitions of several releases.
//!
//! The layout of every version is compared in every jar that has it; what is not
//! on the wire (names, defaults, flags, and where nulls may stand) in the newest,
//! since Kafka changes those in place.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::schema::{FieldKind, FieldSchema, MessageKind, MessageSchema};

use super::findings::{Finding, Findings, Shortfall};
use super::layout::{Layout, Pair, Pairs, shown_default, shown_kind};
use super::spec::{Kind, Spec, SpecKind};

/// What one jar defines.
#[derive(Clone, Debug)]
pub(super) struct Jar {
    /// Artifact and release.
    pub(super) name: String,
    pub(super) specs: Vec<Spec>,
}

/// One of our messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ours {
    pub(super) schema: &'static MessageSchema,
    /// The number that Kafka gives it: the API, or the type of a record.
    pub(super) api_key: Option<i16>,
    /// For requests and responses: the version of the header in front of it, by
    /// API and version.
    pub(super) header_version: Option<fn(i16, i16) -> i16>,
}

/// The outcome.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) findings: Findings,
    /// By jar, in the order of their release.
    pub(super) compared: Vec<(String, Count)>,
}

/// What was compared with one jar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Requests and responses.
    pub(super) messages: u64,
    /// Their versions, each of each message counted.
    pub(super) versions: u64,
    /// Headers and what stands in records.
    pub(super) data: u64,
    pub(super) data_versions: u64,
    /// Of both kinds of versions, those that showed a difference.
    pub(super) failed: u64,
}

/// Compares `ours` with `jars`, the newest release first.
pub(super) fn audit(ours: &[Ours], jars: &[Jar]) -> Audit {
    let mut audit = Audit {
        compared: jars
            .iter()
            .map(|jar| (jar.name.clone(), Count::default()))
            .collect(),
        ..Audit::default()
    };
    let mut left: Vec<&Ours> = ours.iter().collect();
    for theirs in by_message(jars) {
        let newest = theirs.newest();
        // By number where there is one; a wrong number is told by its name.
        let found = left
            .iter()
            .position(|ours| is_same(ours, newest.spec))
            .or_else(|| {
                left.iter()
                    .position(|ours| ours.schema.name == newest.spec.name)
            });
        match found {
            Some(at) => audit.message(left.remove(at), &theirs),
            None => audit.add(
                Shortfall::Missing,
                &newest.spec.name,
                newest,
                "do not have it".to_owned(),
                format!("has versions {}", newest.spec.valid),
            ),
        }
    }
    for ours in left {
        let finding = Finding {
            message: ours.schema.name.to_owned(),
            path: String::new(),
            shortfall: Shortfall::Mismatch,
            ours: format!("have versions {}", ours.schema.versions),
            theirs: "do not have it".to_owned(),
            jar: "the jars".to_owned(),
        };
        audit.findings.add(finding, None);
    }
    audit
}

/// One message in all the jars that have it, the newest first; never empty.
struct Theirs<'a> {
    first: InJar<'a>,
    older: Vec<InJar<'a>>,
}

#[derive(Clone, Copy)]
struct InJar<'a> {
    at: usize,
    jar: &'a Jar,
    spec: &'a Spec,
    /// Kafka marks the request; it holds for the response as well.
    unstable: bool,
}

impl<'a> Theirs<'a> {
    fn newest(&self) -> InJar<'a> {
        self.first
    }

    fn all(&self) -> impl Iterator<Item = InJar<'a>> {
        [self.first].into_iter().chain(self.older.iter().copied())
    }
}

impl InJar<'_> {
    fn stable_max(&self) -> i16 {
        self.spec.valid.max - i16::from(self.unstable)
    }

    fn is_stable(&self, version: i16) -> bool {
        self.spec.valid.contains(version) && version <= self.stable_max()
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Id<'a> {
    Api(i16, SpecKind),
    Name(&'a str),
}

fn by_message(jars: &[Jar]) -> impl Iterator<Item = Theirs<'_>> {
    let mut found: BTreeMap<Id<'_>, Theirs<'_>> = BTreeMap::new();
    for (at, jar) in jars.iter().enumerate() {
        let unstable: BTreeSet<_> = jar
            .specs
            .iter()
            .filter(|spec| spec.latest_is_unstable)
            .filter_map(|spec| spec.api_key)
            .collect();
        for spec in &jar.specs {
            // An API may change its name, as ListConfigResources did.
            let (id, unstable) = match (spec.kind, spec.api_key) {
                (SpecKind::Data, _) | (_, None) => (Id::Name(&spec.name), spec.latest_is_unstable),
                (kind, Some(key)) => (Id::Api(key, kind), unstable.contains(&key)),
            };
            let one = InJar {
                at,
                jar,
                spec,
                unstable,
            };
            match found.get_mut(&id) {
                Some(theirs) => theirs.older.push(one),
                None => {
                    let older = Vec::new();
                    found.insert(id, Theirs { first: one, older });
                }
            }
        }
    }
    found.into_values()
}

fn is_same(ours: &Ours, spec: &Spec) -> bool {
    match spec.kind {
        SpecKind::Data => ours.schema.name == spec.name,
        kind => spec_kind(ours.schema.kind) == kind && ours.api_key == spec.api_key,
    }
}

fn spec_kind(kind: MessageKind) -> SpecKind {
    match kind {
        MessageKind::Request => SpecKind::Request,
        MessageKind::Response => SpecKind::Response,
        _ => SpecKind::Data,
    }
}

impl Audit {
    fn message(&mut self, ours: &Ours, theirs: &Theirs<'_>) {
        self.identity(ours, theirs.newest());
        self.versions(ours.schema, theirs);
        let mut pairs = Pairs::new();
        for one in theirs.all() {
            self.in_jar(ours, theirs, one, &mut pairs);
        }
        let name = ours.schema.name;
        for (path, pair) in &pairs {
            self.attributes(name, path, pair);
        }
        self.never_carried(ours.schema, theirs.newest(), &pairs);
    }

    /// Name, number and kind.
    fn identity(&mut self, ours: &Ours, newest: InJar<'_>) {
        let name = ours.schema.name;
        let shown = |key: Option<i16>| key.map_or("none".to_owned(), |key| key.to_string());
        let spec = newest.spec;
        let kinds = (spec_kind(ours.schema.kind), spec.kind);
        let pairs = [
            ("name", name.to_owned(), spec.name.clone()),
            ("apiKey", shown(ours.api_key), shown(spec.api_key)),
            ("type", format!("{:?}", kinds.0), format!("{:?}", kinds.1)),
        ];
        for (what, ours, theirs) in pairs {
            if ours != theirs {
                let (ours, theirs) = (format!("{what} {ours}"), format!("{what} {theirs}"));
                self.add(Shortfall::Mismatch, name, newest, ours, theirs);
            }
        }
    }

    /// Which versions there are, and which of them may still change.
    fn versions(&mut self, ours: &MessageSchema, theirs: &Theirs<'_>) {
        let newest = theirs.newest();
        let oldest = theirs
            .all()
            .min_by_key(|one| one.spec.valid.min)
            .unwrap_or(newest);
        if ours.versions.min != oldest.spec.valid.min {
            self.add(
                Shortfall::Mismatch,
                ours.name,
                oldest,
                format!("begin with version {}", ours.versions.min),
                format!("with version {}", oldest.spec.valid.min),
            );
        }
        let stable = newest.stable_max();
        let unstable = newest.unstable.then_some(newest.spec.valid.max);
        let shown = |version: Option<i16>| match version {
            Some(version) => format!("version {version} as unstable"),
            None => "no version as unstable".to_owned(),
        };
        if ours.versions.max != stable {
            let shortfall = match ours.versions.max < stable {
                true => Shortfall::Behind,
                false => Shortfall::Mismatch,
            };
            let word = |max: i16| format!("version {max} as the last stable one");
            self.add(
                shortfall,
                ours.name,
                newest,
                format!("have {}", word(ours.versions.max)),
                format!("has {}", word(stable)),
            );
        } else if ours.unstable.map(|range| (range.min, range.max))
            != unstable.map(|version| (version, version))
        {
            self.add(
                Shortfall::Mismatch,
                ours.name,
                newest,
                format!("have {}", shown(ours.unstable.map(|range| range.max))),
                format!("has {}", shown(unstable)),
            );
        }
    }

    fn in_jar<'a>(
        &mut self,
        ours: &Ours,
        theirs: &Theirs<'a>,
        one: InJar<'a>,
        pairs: &mut Pairs<'a>,
    ) {
        let last = ours.schema.unstable.unwrap_or(ours.schema.versions).max;
        let newer = || theirs.all().take_while(|other| other.at < one.at);
        let versions: Vec<i16> = one
            .spec
            .valid
            .iter()
            .filter(|version| (ours.schema.versions.min..=last).contains(version))
            // What changed before it became stable is no concern of ours.
            .filter(|version| {
                one.is_stable(*version) || newer().all(|other| !other.is_stable(*version))
            })
            .collect();
        let mut count = Count::default();
        for version in versions.iter().copied() {
            let mut findings = Findings::default();
            let mut layout = Layout {
                message: ours.schema.name,
                jar: &one.jar.name,
                spec: one.spec,
                version,
                is_newest: newer().all(|other| !other.spec.valid.contains(version)),
                findings: &mut findings,
                pairs,
            };
            layout.compare(ours.schema);
            layout.header(ours);
            count.failed += u64::from(findings.total() > 0);
            self.findings.merge(findings);
        }
        let compared = versions.iter().map(|_| 1).sum();
        match one.spec.kind {
            SpecKind::Data => (count.data, count.data_versions) = (1, compared),
            _ => (count.messages, count.versions) = (1, compared),
        }
        if let Some((_, total)) = self.compared.get_mut(one.at) {
            total.add(count);
        }
    }

    /// What the newest jar says of a field besides its place on the wire.
    fn attributes(&mut self, message: &str, path: &str, pair: &Pair<'_>) {
        let ours = pair.ours;
        let mut add = |jar: &str, what: &str, ours: String, theirs: String| {
            if ours != theirs {
                let finding = Finding {
                    message: message.to_owned(),
                    path: path.to_owned(),
                    shortfall: Shortfall::Mismatch,
                    ours: format!("{what} {ours}"),
                    theirs: format!("{what} {theirs}"),
                    jar: jar.to_owned(),
                };
                self.findings.add(finding, None);
            }
        };
        for theirs in &pair.theirs {
            let default = theirs.default().unwrap_or_else(|error| error);
            let structure = structure_name(&theirs.kind);
            add(
                pair.jar,
                "name",
                ours.kafka_name.to_owned(),
                theirs.json_name(),
            );
            add(pair.jar, "default", shown_default(ours.default), default);
            add(pair.jar, "structure", our_structure(&ours.kind), structure);
            let flag = (pair.jar, theirs.is_ignorable);
            let (jar, ignorable) = pair.ignorable.unwrap_or(flag);
            add(
                jar,
                "ignorable",
                ours.ignorable.to_string(),
                ignorable.to_string(),
            );
        }
    }

    /// Fields of ours that no version of Kafka's carries. One that Kafka's own
    /// definition still has, without a version that carries it, may stay.
    fn never_carried(
        &mut self,
        ours: &'static MessageSchema,
        newest: InJar<'_>,
        pairs: &Pairs<'_>,
    ) {
        // By structure, not by path: one that two fields share may be half used
        // in each.
        let carried: BTreeSet<_> = pairs
            .values()
            .map(|pair| (pair.structure, pair.ours.kafka_name))
            .collect();
        let mut structures = vec![ours];
        while let Some(structure) = structures.pop() {
            structures.extend(structure.fields.iter().filter_map(inner));
            for field in structure.fields {
                let is_carried = carried.contains(&(structure.name, field.kafka_name));
                if is_carried || newest.spec.has_idle(field.kafka_name, field.versions) {
                    continue;
                }
                let finding = Finding {
                    message: ours.name.to_owned(),
                    path: super::layout::join(structure.name, field.kafka_name),
                    shortfall: Shortfall::Mismatch,
                    ours: format!("have it in versions {}", field.versions),
                    theirs: "carry it in none".to_owned(),
                    jar: "the jars".to_owned(),
                };
                self.findings.add(finding, None);
            }
        }
    }

    /// Something that concerns the message as a whole.
    fn add(
        &mut self,
        shortfall: Shortfall,
        message: &str,
        one: InJar<'_>,
        ours: String,
        theirs: String,
    ) {
        let finding = Finding {
            message: message.to_owned(),
            path: String::new(),
            shortfall,
            ours,
            theirs,
            jar: one.jar.name.clone(),
        };
        self.findings.add(finding, None);
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.versions += other.versions;
        self.data += other.data;
        self.data_versions += other.data_versions;
        self.failed += other.failed;
    }
}

fn inner(field: &FieldSchema) -> Option<&'static MessageSchema> {
    let mut kind = &field.kind;
    loop {
        match kind {
            FieldKind::Array(element) => kind = element,
            FieldKind::Struct(schema) => return Some(*schema),
            _ => return None,
        }
    }
}

fn our_structure(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Array(element) => our_structure(element),
        FieldKind::Struct(_) => shown_kind(kind),
        _ => String::new(),
    }
}

fn structure_name(kind: &Kind) -> String {
    kind.structure().unwrap_or_default().to_owned()
}
