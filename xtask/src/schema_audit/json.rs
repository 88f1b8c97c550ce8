//! Reads a definition as Kafka writes it: JSON with comments.
//!
//! Strict: an attribute or a type that nobody here knows is an error, since it
//! might change what goes over the wire.

use kafka_protocol::VersionRange;
use serde_json::{Map, Value};

use super::spec::{Field, Kind, Spec, SpecKind, Structure};

type Object = Map<String, Value>;

/// The definition in one file; `None` for a message that Kafka has removed.
pub(super) fn read(text: &str) -> Result<Option<Spec>, String> {
    let value: Value = serde_json::from_str(&without_comments(text)).map_err(|e| e.to_string())?;
    let object = value.as_object().ok_or("not an object")?;
    expect_known(
        object,
        &[
            "apiKey",
            "type",
            "listeners",
            "name",
            "validVersions",
            "deprecatedVersions",
            "flexibleVersions",
            "latestVersionUnstable",
            "fields",
            "commonStructs",
        ],
    )?;
    let name = required(object, "name")?;
    let Some(valid) = versions(&required(object, "validVersions")?)? else {
        return Ok(None);
    };
    let spec = Spec {
        kind: message_kind(&required(object, "type")?)?,
        api_key: object.get("apiKey").map(number).transpose()?,
        valid,
        latest_is_unstable: flag(object, "latestVersionUnstable")?,
        flexible: versions(&required(object, "flexibleVersions")?)?,
        fields: fields(object)?,
        common: list(object, "commonStructs")?
            .iter()
            .map(common_structure)
            .collect::<Result<_, _>>()?,
        name,
    };
    spec.check()?;
    Ok(Some(spec))
}

/// The text with each `//` comment gone. What looks like one in a string stays.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut in_string = false;
    while let Some(character) = characters.next() {
        match character {
            '"' => in_string = !in_string,
            '\\' if in_string => {
                kept.push(character);
                kept.extend(characters.next());
                continue;
            }
            '/' if !in_string && characters.peek() == Some(&'/') => {
                while characters.next_if(|next| *next != '\n').is_some() {}
                continue;
            }
            _ => {}
        }
        kept.push(character);
    }
    kept
}

fn fields(object: &Object) -> Result<Vec<Field>, String> {
    list(object, "fields")?.iter().map(field).collect()
}

fn field(value: &Value) -> Result<Field, String> {
    let object = value.as_object().ok_or("a field is not an object")?;
    let name = required(object, "name")?;
    read_field(object, &name).map_err(|error| format!("{name}: {error}"))
}

fn read_field(object: &Object, name: &str) -> Result<Field, String> {
    expect_known(
        object,
        &[
            "name",
            "type",
            "versions",
            "nullableVersions",
            "taggedVersions",
            "tag",
            "flexibleVersions",
            "default",
            "ignorable",
            "fields",
            "mapKey",
            "entityType",
            "about",
            "zeroCopy",
        ],
    )?;
    let range = |what: &str| match object.get(what) {
        Some(value) => versions(&text(value)?),
        None => Ok(None),
    };
    let tagged = range("taggedVersions")?;
    Ok(Field {
        name: name.to_owned(),
        kind: kind(&required(object, "type")?)?,
        versions: match object.get("versions") {
            Some(_) => range("versions")?,
            // A field that is only ever tagged may leave them out.
            None => Some(tagged.ok_or("no versions")?),
        },
        nullable: range("nullableVersions")?,
        tag: match (object.get("tag"), tagged) {
            (Some(tag), Some(tagged)) => Some((number(tag)?, tagged)),
            (None, None) => None,
            _ => return Err("a tag without tagged versions, or these without a tag".to_owned()),
        },
        flexible: match object.get("flexibleVersions") {
            Some(_) => Some(range("flexibleVersions")?),
            None => None,
        },
        default: match object.get("default") {
            None | Some(Value::Null) => None,
            Some(value) => Some(text(value)?),
        },
        is_ignorable: flag(object, "ignorable")?,
        fields: match object.get("fields") {
            Some(_) => Some(fields(object)?),
            None => None,
        },
    })
}

fn common_structure(value: &Value) -> Result<Structure, String> {
    let object = value.as_object().ok_or("a structure is not an object")?;
    expect_known(object, &["name", "versions", "fields", "about"])?;
    Ok(Structure {
        name: required(object, "name")?,
        fields: fields(object)?,
    })
}

fn message_kind(text: &str) -> Result<SpecKind, String> {
    Ok(match text {
        "request" => SpecKind::Request,
        "response" => SpecKind::Response,
        "data" | "header" | "coordinator-key" | "coordinator-value" => SpecKind::Data,
        other => return Err(format!("messages of type {other:?} are not known here")),
    })
}

fn kind(text: &str) -> Result<Kind, String> {
    if let Some(element) = text.strip_prefix("[]") {
        return Ok(Kind::Array(Box::new(kind(element)?)));
    }
    Ok(match text {
        "bool" => Kind::Bool,
        "int8" => Kind::Int8,
        "int16" => Kind::Int16,
        "uint16" => Kind::Uint16,
        "int32" => Kind::Int32,
        "uint32" => Kind::Uint32,
        "int64" => Kind::Int64,
        "float64" => Kind::Float64,
        "uuid" => Kind::Uuid,
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        "records" => Kind::Records,
        name if name.starts_with(|first: char| first.is_ascii_uppercase()) => {
            Kind::Structure(name.to_owned())
        }
        other => return Err(format!("type {other:?} is not known here")),
    })
}

/// `none`, `3`, `3+` or `0-5`.
fn versions(text: &str) -> Result<Option<VersionRange>, String> {
    let wrong = || format!("{text:?} is not a range of versions");
    let number = |part: &str| part.parse::<i16>().map_err(|_| wrong());
    if text == "none" {
        return Ok(None);
    }
    let (min, max) = match text.strip_suffix('+') {
        Some(min) => (number(min)?, i16::MAX),
        None => match text.split_once('-') {
            Some((min, max)) => (number(min)?, number(max)?),
            None => (number(text)?, number(text)?),
        },
    };
    if min > max {
        return Err(wrong());
    }
    Ok(Some(VersionRange::new(min, max)))
}

fn expect_known(object: &Object, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("attribute {key:?} is not known here")),
        None => Ok(()),
    }
}

fn required(object: &Object, name: &str) -> Result<String, String> {
    let value = object.get(name).ok_or_else(|| format!("no {name}"))?;
    text(value)
}

/// A scalar as text: Kafka's reader takes `-1` and `"-1"` alike.
fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(format!("{other} is not text")),
    }
}

fn number<T: std::str::FromStr>(value: &Value) -> Result<T, String> {
    let text = text(value)?;
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

fn flag(object: &Object, name: &str) -> Result<bool, String> {
    match object.get(name) {
        None => Ok(false),
        Some(value) => match text(value)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("{name} is {other:?}")),
        },
    }
}

fn list<'a>(object: &'a Object, name: &str) -> Result<&'a [Value], String> {
    match object.get(name) {
        None => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(format!("{name} is not a list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let check = |text: &str, expected: &str| assert_eq!(without_comments(text), expected);
        check("a // b\nc", "a \nc");
        check("\"a // b\" // c", "\"a // b\" ");
        check(r#""\" // " // c"#, r#""\" // " "#);
        check(r#""\\" // c"#, r#""\\" "#);
        check("1 / 2 //", "1 / 2 ");
    }

    #[test]
    fn ranges_of_versions() {
        let range = |min, max| Ok(Some(VersionRange::new(min, max)));
        assert_eq!(versions("none"), Ok(None));
        assert_eq!(versions("3"), range(3, 3));
        assert_eq!(versions("3+"), range(3, i16::MAX));
        assert_eq!(versions("0-5"), range(0, 5));
        for wrong in ["", "+", "5-3", "a", "1-"] {
            assert!(versions(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let check = |text: &str, part: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        let message = |field: &str| {
            format!(
                r#"{{"type": "data", "name": "A", "validVersions": "0", "flexibleVersions": "0+",
                    "fields": [{field}]}}"#
            )
        };
        check(
            &message(r#"{"name": "B", "type": "int7"}"#),
            "B: type \"int7\"",
        );
        check(
            &message(r#"{"name": "B", "type": "int8"}"#),
            "B: no versions",
        );
        check(
            &message(r#"{"name": "B", "type": "int8", "versions": "0+", "tag": 1}"#),
            "a tag without",
        );
        check(
            &message(r#"{"name": "B", "type": "int8", "versions": "0+", "zeal": 1}"#),
            "attribute \"zeal\"",
        );
        check(
            &message(r#"{"name": "B", "type": "[]C", "versions": "0+"}"#),
            "no structure C",
        );
        let removed = r#"{"type": "request", "name": "A", "validVersions": "none"}"#;
        assert!(read(removed).unwrap().is_none());
    }
}
