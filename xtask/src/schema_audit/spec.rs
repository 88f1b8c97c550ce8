//! A message as Kafka defines it.
//!
//! This reading of Kafka's rules is the audit's own: whatever made the structs
//! of kafka-protocol has no part in it, so that a misreading of one shows.

use kafka_protocol::VersionRange;

/// One definition.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) kind: SpecKind,
    pub(super) api_key: Option<i16>,
    pub(super) valid: VersionRange,
    /// Whether the last version may still change. Kafka says so in requests only.
    pub(super) latest_is_unstable: bool,
    pub(super) flexible: Option<VersionRange>,
    pub(super) fields: Vec<Field>,
    /// Structures that several fields share.
    pub(super) common: Vec<Structure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SpecKind {
    Request,
    Response,
    /// Headers, and what stands in records.
    Data,
}

#[derive(Clone, Debug)]
pub(super) struct Structure {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) versions: Option<VersionRange>,
    pub(super) nullable: Option<VersionRange>,
    pub(super) tag: Option<(u32, VersionRange)>,
    /// Where it differs from the message's.
    pub(super) flexible: Option<Option<VersionRange>>,
    /// As written.
    pub(super) default: Option<String>,
    pub(super) is_ignorable: bool,
    /// Those of the structure that it is or consists of, if defined in place.
    pub(super) fields: Option<Vec<Field>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    String,
    Bytes,
    Records,
    Structure(String),
    Array(Box<Kind>),
}

impl Spec {
    /// Whether every structure is defined and every default fits its field.
    pub(super) fn check(&self) -> Result<(), String> {
        let all = self.common.iter().map(|structure| &structure.fields);
        all.chain([&self.fields])
            .try_for_each(|fields| self.check_fields(fields))
    }

    /// The fields of the structure that `field` is or consists of.
    pub(super) fn fields_of<'a>(&'a self, field: &'a Field) -> &'a [Field] {
        let common = || {
            let name = field.kind.structure()?;
            let found = self.common.iter().find(|one| one.name == name)?;
            Some(&found.fields)
        };
        field
            .fields
            .as_ref()
            .or_else(common)
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a field of this name is defined in just these versions, none of
    /// which is valid.
    pub(super) fn has_idle(&self, json_name: &str, versions: VersionRange) -> bool {
        fn has(fields: &[Field], is_it: &dyn Fn(&Field) -> bool) -> bool {
            fields.iter().any(|field| {
                is_it(field) || has(field.fields.as_deref().unwrap_or_default(), is_it)
            })
        }
        let is_it =
            |field: &Field| field.json_name() == json_name && field.versions == Some(versions);
        let mut all = self.common.iter().map(|structure| &structure.fields);
        versions.intersect(self.valid).is_none()
            && (has(&self.fields, &is_it) || all.any(|fields| has(fields, &is_it)))
    }

    fn check_fields(&self, fields: &[Field]) -> Result<(), String> {
        for field in fields {
            let named = |error| format!("{}: {error}", field.name);
            field.default().map_err(named)?;
            match (field.kind.structure(), &field.fields) {
                (Some(_), Some(inner)) => self.check_fields(inner).map_err(named)?,
                (Some(name), None) if self.common.iter().all(|one| one.name != name) => {
                    return Err(named(format!("no structure {name}")));
                }
                (None, Some(_)) => return Err(named("fields in a plain type".to_owned())),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Field {
    /// Kafka's name in the JSON form of values: `topicId` for `TopicId`.
    pub(super) fn json_name(&self) -> String {
        let mut letters = self.name.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_lowercase().to_string() + letters.as_str()
        })
    }

    pub(super) fn tag_at(&self, version: i16) -> Option<u32> {
        self.tag
            .filter(|(_, versions)| versions.contains(version))
            .map(|(tag, _)| tag)
    }

    /// The value of an absent field, in the words of
    /// [`shown`](super::layout::shown_default).
    pub(super) fn default(&self) -> Result<String, String> {
        let written = self.default.as_deref().unwrap_or_default();
        let wrong = || format!("{written:?} is no default of its type");
        match (&self.kind, written) {
            // Kafka's is null even where null can't be written: nothing to take over.
            (Kind::Records, "") if self.nullable.is_none() => Ok("empty".to_owned()),
            (Kind::Records, "" | "null") => Ok("null".to_owned()),
            (Kind::Bool, "" | "false") => Ok("false".to_owned()),
            (Kind::Bool, "true") => Ok("true".to_owned()),
            (Kind::String, "null") => Ok("null".to_owned()),
            (Kind::String, text) => Ok(format!("{text:?}")),
            (Kind::Float64, "") => Ok("0".to_owned()),
            (Kind::Float64, text) => match text.parse::<f64>() {
                Ok(value) => Ok(value.to_string()),
                Err(_) => Err(wrong()),
            },
            (Kind::Uuid | Kind::Bytes | Kind::Structure(_) | Kind::Array(_), "") => {
                Ok("empty".to_owned())
            }
            (Kind::Bytes | Kind::Structure(_) | Kind::Array(_), "null") => Ok("null".to_owned()),
            (Kind::Uuid | Kind::Bytes | Kind::Records, _) => Err(wrong()),
            (Kind::Structure(_) | Kind::Array(_) | Kind::Bool, _) => Err(wrong()),
            (_, "") => Ok("0".to_owned()),
            (_, text) => integer(text)
                .map(|value| value.to_string())
                .ok_or_else(wrong),
        }
    }
}

/// Decimal, or hexadecimal after `0x`.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(&format!("{sign}{digits}"), 16).ok(),
        None => text.parse().ok(),
    }
}

impl Kind {
    /// The name of the structure that it is, or is an array of.
    pub(super) fn structure(&self) -> Option<&str> {
        match self {
            Self::Structure(name) => Some(name),
            Self::Array(element) => element.structure(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_by_kafkas_rules() {
        let check = |kind: Kind, written: Option<&str>, expected: Option<&str>| {
            let field = Field {
                name: "F".to_owned(),
                kind,
                versions: None,
                nullable: None,
                tag: None,
                flexible: None,
                default: written.map(str::to_owned),
                is_ignorable: false,
                fields: None,
            };
            assert_eq!(field.default().ok().as_deref(), expected, "{field:?}");
        };
        let array = || Kind::Array(Box::new(Kind::Int8));
        check(Kind::Int32, None, Some("0"));
        check(Kind::Int32, Some("0x7fffffff"), Some("2147483647"));
        check(Kind::Int64, Some("-0x10"), Some("-16"));
        check(Kind::Int64, Some("-1"), Some("-1"));
        check(Kind::Int64, Some("one"), None);
        check(Kind::Bool, None, Some("false"));
        check(Kind::Bool, Some("true"), Some("true"));
        check(Kind::String, None, Some("\"\""));
        check(Kind::String, Some("null"), Some("null"));
        check(Kind::String, Some("a"), Some("\"a\""));
        check(Kind::Float64, Some("0.50"), Some("0.5"));
        check(Kind::Records, Some("null"), Some("null"));
        check(Kind::Records, None, Some("empty"));
        check(Kind::Bytes, None, Some("empty"));
        check(array(), Some("null"), Some("null"));
        check(array(), None, Some("empty"));
        check(Kind::Structure("S".to_owned()), None, Some("empty"));
        check(Kind::Structure("S".to_owned()), Some("{}"), None);
    }
}
