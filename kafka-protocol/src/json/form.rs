//! From values and their schema to JSON.

use serde_json::{Map, Number, Value};

use super::view::{Values, View};
use crate::codec::{not_in_version, unexpected_null};
use crate::error::{EncodeError, EncodeErrorKind};
use crate::schema::{DefaultValue, FieldSchema};

/// How `records` fields are shown.
#[derive(Clone, Copy)]
pub(super) enum Records {
    Size,
    Contents,
}

pub(super) fn message(
    values: &dyn Values,
    version: i16,
    records: Records,
) -> Result<Value, EncodeError> {
    let schema = values.schema();
    let exists = schema.versions.contains(version)
        || schema
            .unstable
            .is_some_and(|unstable| unstable.contains(version));
    let result = if exists {
        object(values, version, records)
    } else {
        Err(EncodeError::new(EncodeErrorKind::UnsupportedVersion {
            version,
            supported: schema.versions,
        }))
    };
    result.map_err(|error| error.in_message(schema.name, version))
}

fn object(values: &dyn Values, version: i16, records: Records) -> Result<Value, EncodeError> {
    let mut object = Map::new();
    for (index, field) in values.schema().fields.iter().enumerate() {
        let value = values.value(index);
        if !field.versions.contains(version) {
            if !field.ignorable && !is_default(&value, field.default) {
                return Err(not_in_version(field.name));
            }
            continue;
        }
        let is_tagged = field
            .tag
            .is_some_and(|(_, tagged)| tagged.contains(version));
        if is_tagged && is_default(&value, field.default) {
            continue;
        }
        let (name, value) =
            named(field, value, version, records).map_err(|error| error.in_field(field.name))?;
        object.insert(name, value);
    }
    Ok(Value::Object(object))
}

fn named(
    field: &FieldSchema,
    value: View<'_>,
    version: i16,
    records: Records,
) -> Result<(String, Value), EncodeError> {
    let name = field.kafka_name;
    match (value, records) {
        (View::Null, _) => {
            let nullable = field
                .nullable
                .is_some_and(|nullable| nullable.contains(version));
            if nullable {
                Ok((name.to_owned(), Value::Null))
            } else {
                Err(unexpected_null())
            }
        }
        (View::Records(records), Records::Size) => {
            Ok((format!("{name}SizeInBytes"), records.len().into()))
        }
        (value, _) => Ok((name.to_owned(), json(value, version, records)?)),
    }
}

fn json(value: View<'_>, version: i16, records: Records) -> Result<Value, EncodeError> {
    Ok(match value {
        View::Null => Value::Null,
        View::Bool(value) => value.into(),
        View::Int(value) => value.into(),
        View::Float(value) => float(value),
        View::Uuid(value) => value.to_string().into(),
        View::String(value) => value.into(),
        View::Bytes(value) => base64([value.as_ref()]).into(),
        View::Records(value) => base64(value.segments().iter().map(AsRef::as_ref)).into(),
        View::Struct(values) => object(values, version, records)?,
        View::Array(elements) => {
            let mut array = Vec::with_capacity(elements.len());
            for (index, element) in elements.into_iter().enumerate() {
                let element = json(element, version, records);
                array.push(element.map_err(|error| error.at_index(index))?);
            }
            Value::Array(array)
        }
    })
}

/// As Kafka's JSON library prints what JSON has no number for.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(
        || {
            let text = match value {
                value if value.is_nan() => "NaN",
                value if value > 0.0 => "Infinity",
                _ => "-Infinity",
            };
            text.into()
        },
        Value::Number,
    )
}

fn is_default(value: &View<'_>, default: DefaultValue) -> bool {
    match (value, default) {
        (View::Null, DefaultValue::Null) => true,
        (View::Bool(value), DefaultValue::Bool(default)) => *value == default,
        (View::Int(value), DefaultValue::Int(default)) => *value == default,
        (View::Float(value), DefaultValue::Float(default)) => *value == default,
        (View::String(value), DefaultValue::String(default)) => *value == default,
        (View::Uuid(value), DefaultValue::Empty) => value.is_zero(),
        (View::Bytes(value), DefaultValue::Empty) => value.is_empty(),
        (View::Records(value), DefaultValue::Empty) => value.is_empty(),
        (View::Array(elements), DefaultValue::Empty) => elements.is_empty(),
        (View::Struct(values), DefaultValue::Empty) => {
            let mut fields = values.schema().fields.iter().enumerate();
            !values.has_unknown_tagged_fields()
                && fields.all(|(index, field)| is_default(&values.value(index), field.default))
        }
        _ => false,
    }
}

/// The usual alphabet, padded, in one line.
fn base64<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    let mut push = |group: &[u8]| {
        let word = [16, 8, 0]
            .iter()
            .zip(group)
            .fold(0u32, |word, (shift, byte)| word | u32::from(*byte) << shift);
        for place in 0..4 {
            let digit = DIGITS.get((word >> (18 - 6 * place)) as usize & 63);
            // A group of n bytes has n + 1 digits.
            let digit = digit.filter(|_| place <= group.len());
            text.push(char::from(*digit.unwrap_or(&b'=')));
        }
    };
    let mut group = Vec::with_capacity(3);
    for byte in pieces.into_iter().flatten() {
        group.push(*byte);
        if group.len() == 3 {
            push(&group);
            group.clear();
        }
    }
    if !group.is_empty() {
        push(&group);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64([bytes.as_bytes()]), text);
            let cut = bytes.len() / 2;
            assert_eq!(
                base64([&bytes.as_bytes()[..cut], &bytes.as_bytes()[cut..]]),
                text
            );
        }
        assert_eq!(base64([&[0xfb, 0xff, 0xfe][..]]), "+//+");
    }

    #[test]
    fn floats_that_are_no_json_numbers() {
        assert_eq!(float(1.5).to_string(), "1.5");
        assert_eq!(float(f64::NAN), "NaN");
        assert_eq!(float(f64::INFINITY), "Infinity");
        assert_eq!(float(f64::NEG_INFINITY), "-Infinity");
    }
}
