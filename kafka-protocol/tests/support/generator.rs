//! Writes random messages from their schema: a second encoder, which knows
//! nothing of the derive but the description it emits.

use kafka_protocol::VersionRange;
use kafka_protocol::schema::{DefaultValue, FieldKind, FieldSchema, MessageSchema};

/// Where the choices come from: bytes that proptest can shrink, then zeros.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        // The smallest and the largest number, apart from those at random.
        let edge = |first, rest| std::array::from_fn(|index| if index == 0 { first } else { rest });
        match self.below(8) {
            0 | 1 => [0; N],
            2 => [0xff; N],
            3 => edge(0x80, 0),
            4 => edge(0x7f, 0xff),
            _ => std::array::from_fn(|_| self.byte()),
        }
    }
}

/// A valid encoding of `schema` in `version`, canonical: what an encoder must
/// write for the value it stands for.
pub(crate) fn message(schema: &MessageSchema, version: i16, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut writer = Writer::new(version);
    writer.structure(schema, &mut Values::Chosen(choices));
    writer.out
}

/// The encoding of the message that has the default in every field.
pub(crate) fn defaults(schema: &MessageSchema, version: i16) -> Vec<u8> {
    let mut writer = Writer {
        out: Vec::new(),
        version,
    };
    writer.structure(schema, &mut Values::Defaults);
    writer.out
}

enum Values<'a, 'b> {
    Chosen(&'a mut Choices<'b>),
    Defaults,
}

pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    pub(super) version: i16,
}

impl Writer {
    pub(super) fn new(version: i16) -> Self {
        let out = Vec::new();
        Self { out, version }
    }

    fn structure(&mut self, schema: &MessageSchema, values: &mut Values<'_, '_>) {
        let flexible = holds(schema.flexible, self.version);
        let mut tagged = Vec::new();
        for field in schema.fields {
            if !field.versions.contains(self.version) {
                continue;
            }
            match field.tag {
                Some((tag, versions)) if versions.contains(self.version) => {
                    let (value, default) = (
                        self.apart(field, values),
                        self.apart(field, &mut Values::Defaults),
                    );
                    if value != default {
                        tagged.push((tag, value));
                    }
                }
                _ => self.field(field, flexible, false, values),
            }
        }
        if flexible {
            if let Values::Chosen(choices) = values {
                for _ in 0..choices.below(8).saturating_sub(5) {
                    let tag = 50 + u32::from(choices.byte()) * u32::from(choices.byte());
                    let data = vec![choices.byte(); choices.below(4).into()];
                    if tagged.iter().all(|(other, _)| *other != tag) {
                        tagged.push((tag, data));
                    }
                }
            }
            self.tagged(tagged);
        }
    }

    /// The section of tagged fields.
    pub(super) fn tagged(&mut self, mut fields: Vec<(u32, Vec<u8>)>) {
        fields.sort();
        self.varint(fields.len() as u32);
        for (tag, data) in fields {
            self.varint(tag);
            self.varint(data.len() as u32);
            self.out.extend(data);
        }
    }

    /// The contents of a tagged field.
    fn apart(&self, field: &FieldSchema, values: &mut Values<'_, '_>) -> Vec<u8> {
        let mut writer = Writer::new(self.version);
        writer.field(field, true, true, values);
        writer.out
    }

    fn field(
        &mut self,
        field: &FieldSchema,
        flexible: bool,
        tagged: bool,
        values: &mut Values<'_, '_>,
    ) {
        let flexible = field
            .flexible
            .map_or(flexible, |versions| holds(versions, self.version));
        let nullable = holds(field.nullable, self.version);
        let Values::Chosen(choices) = values else {
            if nullable && field.default == DefaultValue::Empty {
                self.present(&field.kind);
            }
            return self.default(field, flexible, tagged);
        };
        if nullable && choices.below(4) == 0 {
            return self.null(&field.kind, flexible, tagged);
        }
        if nullable {
            self.present(&field.kind);
        }
        self.value(&field.kind, flexible, choices);
    }

    fn value(&mut self, kind: &FieldKind, flexible: bool, choices: &mut Choices<'_>) {
        match kind {
            FieldKind::Bool => self.out.push(choices.below(2)),
            FieldKind::Int8 => self.out.extend(choices.bytes::<1>()),
            FieldKind::Int16 | FieldKind::Uint16 => self.out.extend(choices.bytes::<2>()),
            FieldKind::Int32 | FieldKind::Uint32 => self.out.extend(choices.bytes::<4>()),
            FieldKind::Int64 => self.out.extend(choices.bytes::<8>()),
            FieldKind::Float64 => self.out.extend(f64::from(choices.byte()).to_be_bytes()),
            FieldKind::Uuid => self.out.extend(choices.bytes::<16>()),
            FieldKind::String => {
                let letter = match choices.below(8) {
                    7 => "\u{1f511}",
                    6 => "é",
                    _ => "k",
                };
                let text = letter.repeat(choices.below(5).into());
                self.string_len(text.len(), flexible);
                self.out.extend(text.bytes());
            }
            FieldKind::Bytes | FieldKind::Records => {
                // Long enough at times to be taken by reference.
                let len = if choices.below(8) == 7 {
                    200
                } else {
                    choices.below(6).into()
                };
                self.len(len, flexible);
                self.out.extend((0..len).map(|_| choices.byte()));
            }
            FieldKind::Struct(schema) => self.structure(schema, &mut Values::Chosen(choices)),
            FieldKind::Array(element) => {
                let count = if choices.below(32) == 31 {
                    130
                } else {
                    choices.below(4).into()
                };
                self.len(count, flexible);
                for _ in 0..count {
                    self.value(element, flexible, choices);
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// What says that a nullable structure follows.
    fn present(&mut self, kind: &FieldKind) {
        if matches!(kind, FieldKind::Struct(_)) {
            self.out.push(1);
        }
    }

    fn default(&mut self, field: &FieldSchema, flexible: bool, tagged: bool) {
        match (field.default, &field.kind) {
            (DefaultValue::Null, kind) => self.null(kind, flexible, tagged),
            (DefaultValue::Bool(value), _) => self.out.push(value.into()),
            (DefaultValue::Int(value), FieldKind::Int8) => {
                self.out.extend((value as i8).to_be_bytes())
            }
            (DefaultValue::Int(value), FieldKind::Int16 | FieldKind::Uint16) => {
                self.out.extend((value as i16).to_be_bytes());
            }
            (DefaultValue::Int(value), FieldKind::Int32 | FieldKind::Uint32) => {
                self.out.extend((value as i32).to_be_bytes());
            }
            (DefaultValue::Int(value), FieldKind::Int64) => self.out.extend(value.to_be_bytes()),
            (DefaultValue::Float(value), _) => self.out.extend(value.to_be_bytes()),
            (DefaultValue::String(text), _) => {
                self.string_len(text.len(), flexible);
                self.out.extend(text.as_bytes());
            }
            (DefaultValue::Empty, FieldKind::Uuid) => self.out.extend([0; 16]),
            (DefaultValue::Empty, FieldKind::Struct(schema)) => {
                self.structure(schema, &mut Values::Defaults)
            }
            (DefaultValue::Empty, _) => self.len(0, flexible),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn null(&mut self, kind: &FieldKind, flexible: bool, tagged: bool) {
        match kind {
            FieldKind::Struct(_) if tagged => self.out.push(0),
            FieldKind::Struct(_) => self.out.push(0xff),
            _ if flexible => self.varint(0),
            FieldKind::String => self.out.extend((-1i16).to_be_bytes()),
            _ => self.out.extend((-1i32).to_be_bytes()),
        }
    }

    pub(super) fn string_len(&mut self, len: usize, flexible: bool) {
        if flexible {
            self.varint(len as u32 + 1)
        } else {
            self.out.extend((len as u16).to_be_bytes())
        }
    }

    pub(super) fn len(&mut self, len: usize, flexible: bool) {
        if flexible {
            self.varint(len as u32 + 1)
        } else {
            self.out.extend((len as u32).to_be_bytes())
        }
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}

pub(super) fn holds(range: Option<VersionRange>, version: i16) -> bool {
    range.is_some_and(|range| range.contains(version))
}
