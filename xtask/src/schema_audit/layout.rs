//! What one version puts on the wire, ours beside Kafka's, field by field.

use std::collections::BTreeMap;

use kafka_protocol::schema::{DefaultValue, FieldKind, FieldSchema, MessageSchema};

use super::compare::Ours;
use super::findings::{Finding, Findings, Shortfall};
use super::spec::{Field, Kind, Spec, SpecKind};

/// Which field of Kafka's each field of ours was found to be, by its path.
pub(super) type Pairs<'a> = BTreeMap<String, Pair<'a>>;

#[derive(Debug)]
pub(super) struct Pair<'a> {
    /// The newest that has the field.
    pub(super) jar: &'a str,
    pub(super) ours: &'static FieldSchema,
    /// Kafka's name of the structure of ours that the field is in.
    pub(super) structure: &'static str,
    /// One, unless what is a single field here is several there.
    pub(super) theirs: Vec<&'a Field>,
    /// Whether Kafka lets a version drop it: in the newest jar that has a
    /// version without the field, so that it matters there.
    pub(super) ignorable: Option<(&'a str, bool)>,
}

/// One version of a message in one jar.
pub(super) struct Layout<'a, 'b> {
    pub(super) message: &'a str,
    pub(super) jar: &'a str,
    pub(super) spec: &'a Spec,
    pub(super) version: i16,
    /// No newer jar has this version: what it says of nulls is what counts.
    pub(super) is_newest: bool,
    pub(super) findings: &'b mut Findings,
    pub(super) pairs: &'b mut Pairs<'a>,
}

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Among the plain fields, counted from 0.
    Plain(usize),
    Tagged(u32),
}

type OurField = (Place, &'static FieldSchema);
type TheirField<'a> = (Place, &'a Field);

impl<'a> Layout<'a, '_> {
    /// Compares the whole message.
    pub(super) fn compare(&mut self, ours: &'static MessageSchema) {
        let spec = self.spec;
        self.structure("", ours, &spec.fields);
    }

    /// The version of the header in front: 2 for a flexible request, else 1; 1 for
    /// a flexible response, else 0; and two exceptions that Kafka's definitions
    /// tell in their comments.
    pub(super) fn header(&mut self, ours: &Ours) {
        let (Some(header_version), Some(key)) = (ours.header_version, self.spec.api_key) else {
            return;
        };
        const CONTROLLED_SHUTDOWN: i16 = 7;
        const API_VERSIONS: i16 = 18;
        let flexible = self.spec.flexible;
        let is_flexible = flexible.is_some_and(|range| range.contains(self.version));
        let expected = match self.spec.kind {
            SpecKind::Request if (key, self.version) == (CONTROLLED_SHUTDOWN, 0) => 0,
            SpecKind::Request => 1 + i16::from(is_flexible),
            _ if key == API_VERSIONS => 0,
            _ => i16::from(is_flexible),
        };
        let ours = header_version(key, self.version);
        if ours != expected {
            let word = |version: i16| format!("header version {version}");
            self.mismatch("", &word(ours), &word(expected));
        }
    }

    fn structure(&mut self, path: &str, ours: &'static MessageSchema, theirs: &'a [Field]) {
        let version = self.version;
        let is_flexible = |range: Option<kafka_protocol::VersionRange>| {
            range.is_some_and(|range| range.contains(version))
        };
        let flexible = (is_flexible(ours.flexible), is_flexible(self.spec.flexible));
        if flexible.0 != flexible.1 {
            let word = |flexible| if flexible { "flexible" } else { "not flexible" };
            self.mismatch(path, word(flexible.0), word(flexible.1));
        }
        let (paired, extra, missing) = pair(our_places(ours, version), places(theirs, version));
        self.order(path, &paired);
        for (our_place, field) in extra {
            // A release may add a tagged field to a version that there was before.
            if matches!(our_place, Place::Tagged(_)) && !self.is_newest {
                continue;
            }
            let path = join(path, field.kafka_name);
            self.mismatch(&path, &our_place.described(), "does not have it");
        }
        for (place, field) in missing {
            let path = join(path, &field.json_name());
            self.mismatch(&path, "do not have it", &place.described());
        }
        for ((_, our_field), (_, field)) in paired {
            let path = join(path, our_field.kafka_name);
            self.field(&path, our_field, field);
            let override_of = |given: Option<Option<_>>, of_message| match given {
                Some(range) => is_flexible(range),
                None => of_message,
            };
            let encodings = (
                override_of(our_field.flexible, flexible.0),
                override_of(field.flexible, flexible.1),
            );
            // Where the message itself differs, every field would.
            if flexible.0 == flexible.1 && encodings.0 != encodings.1 {
                let word = |compact| if compact { "compact" } else { "not compact" };
                self.mismatch(&path, word(encodings.0), word(encodings.1));
            }
            self.remember(path, ours.name, our_field, field);
        }
    }

    /// Fields in the same order, with the same tags?
    fn order(&mut self, path: &str, paired: &[(OurField, TheirField<'a>)]) {
        let mut plain: Vec<_> = paired
            .iter()
            .filter_map(|((our_place, ours), (place, _))| match (our_place, place) {
                (Place::Plain(ours_at), Place::Plain(at)) => Some((*ours_at, *at, *ours)),
                _ => None,
            })
            .collect();
        // By rank among those that both have: one field too many is one finding.
        plain.sort_by_key(|(_, at, _)| *at);
        let mut by_ours = plain.clone();
        by_ours.sort_by_key(|(ours_at, _, _)| *ours_at);
        for (rank, (_, _, field)) in by_ours.iter().enumerate() {
            let found = plain
                .iter()
                .position(|(_, _, other)| std::ptr::eq(*other, *field));
            if let Some(at) = found.filter(|at| *at != rank) {
                let described = |rank: usize| format!("have it as plain field {}", rank + 1);
                let theirs = format!("has it as plain field {}", at + 1);
                self.mismatch(&join(path, field.kafka_name), &described(rank), &theirs);
            }
        }
        for ((our_place, ours), (place, _)) in paired {
            let same = match (our_place, place) {
                (Place::Plain(_), Place::Plain(_)) => true,
                _ => our_place == place,
            };
            if !same {
                let path = join(path, ours.kafka_name);
                self.mismatch(&path, &our_place.described(), &place.described());
            }
        }
    }

    fn field(&mut self, path: &str, ours: &'static FieldSchema, theirs: &'a Field) {
        let version = self.version;
        let nullable = |range: Option<kafka_protocol::VersionRange>| match range {
            Some(range) if range.contains(version) => "may be null",
            _ => "never null",
        };
        let (our_null, their_null) = (nullable(ours.nullable), nullable(theirs.nullable));
        // A structure that may be null has a byte on the wire that says so.
        let is_wire = matches!(theirs.kind, Kind::Structure(_));
        if our_null != their_null && (self.is_newest || is_wire) {
            self.mismatch(path, our_null, their_null);
        }
        self.kind(path, &ours.kind, &theirs.kind, theirs);
    }

    fn kind(&mut self, path: &str, ours: &'static FieldKind, theirs: &Kind, field: &'a Field) {
        match (ours, theirs) {
            (FieldKind::Array(ours), Kind::Array(theirs)) => self.kind(path, ours, theirs, field),
            (FieldKind::Struct(ours), Kind::Structure(_)) => {
                let spec = self.spec;
                self.structure(path, ours, spec.fields_of(field));
            }
            _ => {
                let (ours, theirs) = (shown_kind(ours), shown_their_kind(theirs));
                if ours != theirs {
                    self.mismatch(path, &ours, &theirs);
                }
            }
        }
    }

    fn remember(
        &mut self,
        path: String,
        structure: &'static str,
        ours: &'static FieldSchema,
        theirs: &'a Field,
    ) {
        let jar = self.jar;
        let pair = self.pairs.entry(path).or_insert_with(|| Pair {
            jar,
            ours,
            structure,
            theirs: Vec::new(),
            ignorable: None,
        });
        let is_known = || pair.theirs.iter().any(|known| std::ptr::eq(*known, theirs));
        if pair.jar == jar && !is_known() {
            pair.theirs.push(theirs);
        }
        let is_everywhere = theirs
            .versions
            .is_some_and(|versions| versions.covers(self.spec.valid));
        if pair.ignorable.is_none() && !is_everywhere {
            pair.ignorable = Some((jar, theirs.is_ignorable));
        }
    }

    fn mismatch(&mut self, path: &str, ours: &str, theirs: &str) {
        let finding = Finding {
            message: self.message.to_owned(),
            path: path.to_owned(),
            shortfall: Shortfall::Mismatch,
            ours: ours.to_owned(),
            theirs: theirs.to_owned(),
            jar: self.jar.to_owned(),
        };
        self.findings.add(finding, Some(self.version));
    }
}

impl Place {
    fn described(self) -> String {
        match self {
            Self::Plain(_) => "plain".to_owned(),
            Self::Tagged(tag) => format!("tag {tag}"),
        }
    }
}

/// Pairs fields of the same name, then those that are alike in all but the name;
/// with what is left on either side.
fn pair<'a>(
    ours: Vec<OurField>,
    theirs: Vec<TheirField<'a>>,
) -> (
    Vec<(OurField, TheirField<'a>)>,
    Vec<OurField>,
    Vec<TheirField<'a>>,
) {
    let mut missing = theirs;
    let mut paired = Vec::new();
    let mut unpaired = Vec::new();
    for one in ours {
        match missing
            .iter()
            .position(|(_, field)| field.json_name() == one.1.kafka_name)
        {
            Some(at) => paired.push((one, missing.remove(at))),
            None => unpaired.push(one),
        }
    }
    let mut extra = Vec::new();
    for one in unpaired {
        match missing
            .iter()
            .position(|(place, field)| *place == one.0 && is_alike(&one.1.kind, &field.kind))
        {
            Some(at) => paired.push((one, missing.remove(at))),
            None => extra.push(one),
        }
    }
    (paired, extra, missing)
}

fn our_places(schema: &'static MessageSchema, version: i16) -> Vec<OurField> {
    let tag_at = |field: &FieldSchema| {
        let tag = field.tag.filter(|(_, versions)| versions.contains(version));
        tag.map(|(tag, _)| tag)
    };
    let carried = schema
        .fields
        .iter()
        .filter(|field| field.versions.contains(version));
    number(carried.map(|field| (tag_at(field), field)))
}

fn places(fields: &[Field], version: i16) -> Vec<TheirField<'_>> {
    let carried = fields
        .iter()
        .filter(|field| field.versions.is_some_and(|range| range.contains(version)));
    number(carried.map(|field| (field.tag_at(version), field)))
}

fn number<F>(fields: impl Iterator<Item = (Option<u32>, F)>) -> Vec<(Place, F)> {
    let mut plain = 0..;
    fields
        .filter_map(|(tag, field)| match tag {
            Some(tag) => Some((Place::Tagged(tag), field)),
            None => Some((Place::Plain(plain.next()?), field)),
        })
        .collect()
}

/// The same type, whatever is inside of structures.
fn is_alike(ours: &FieldKind, theirs: &Kind) -> bool {
    match (ours, theirs) {
        (FieldKind::Array(ours), Kind::Array(theirs)) => is_alike(ours, theirs),
        (FieldKind::Struct(_), Kind::Structure(_)) => true,
        _ => shown_kind(ours) == shown_their_kind(theirs),
    }
}

/// A type as Kafka's definitions write it.
pub(super) fn shown_kind(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Bool => "bool",
        FieldKind::Int8 => "int8",
        FieldKind::Int16 => "int16",
        FieldKind::Uint16 => "uint16",
        FieldKind::Int32 => "int32",
        FieldKind::Uint32 => "uint32",
        FieldKind::Int64 => "int64",
        FieldKind::Float64 => "float64",
        FieldKind::Uuid => "uuid",
        FieldKind::String => "string",
        FieldKind::Bytes => "bytes",
        FieldKind::Records => "records",
        FieldKind::Struct(schema) => schema.name,
        FieldKind::Array(element) => return format!("[]{}", shown_kind(element)),
        other => return format!("{other:?}"),
    }
    .to_owned()
}

fn shown_their_kind(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "bool",
        Kind::Int8 => "int8",
        Kind::Int16 => "int16",
        Kind::Uint16 => "uint16",
        Kind::Int32 => "int32",
        Kind::Uint32 => "uint32",
        Kind::Int64 => "int64",
        Kind::Float64 => "float64",
        Kind::Uuid => "uuid",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Records => "records",
        Kind::Structure(name) => name,
        Kind::Array(element) => return format!("[]{}", shown_their_kind(element)),
    }
    .to_owned()
}

/// A default in words that both sides share.
pub(super) fn shown_default(default: DefaultValue) -> String {
    match default {
        DefaultValue::Null => "null".to_owned(),
        DefaultValue::Bool(value) => value.to_string(),
        DefaultValue::Int(value) => value.to_string(),
        DefaultValue::Float(value) => value.to_string(),
        DefaultValue::String(text) => format!("{text:?}"),
        DefaultValue::Empty => "empty".to_owned(),
        other => format!("{other:?}"),
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
