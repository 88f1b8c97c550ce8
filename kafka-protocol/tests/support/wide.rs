//! Messages that are nothing but one array of the smallest elements: what takes
//! the most memory for its bytes.

use kafka_protocol::schema::{FieldKind, FieldSchema, MessageSchema};

use super::generator::{Writer, holds};

/// What the elements hold that need hold nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filling {
    /// Nothing: no elements, no text, null or zero.
    Nothing,
    /// One element in each array.
    Elements,
    /// An unknown tagged field in each structure.
    Tags,
}

pub(crate) const FILLINGS: [Filling; 3] = [Filling::Nothing, Filling::Elements, Filling::Tags];

/// For each array field of `schema` in `version`: where it is, and a message of
/// about `len` bytes in which it has all the elements.
pub(crate) fn messages(
    schema: &MessageSchema,
    version: i16,
    filling: Filling,
    len: usize,
) -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    find_arrays(schema, version, &mut Vec::new(), &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let mut wide = Wide {
                writer: Writer::new(version),
                filling,
                len,
            };
            wide.structure(schema, Some(&path));
            (path.join("."), wide.writer.out)
        })
        .collect()
}

type Path = Vec<&'static str>;

fn find_arrays(schema: &MessageSchema, version: i16, path: &mut Path, found: &mut Vec<Path>) {
    for field in schema.fields {
        if !field.versions.contains(version) {
            continue;
        }
        path.push(field.name);
        let kind = match &field.kind {
            FieldKind::Array(element) => {
                found.push(path.clone());
                element
            }
            kind => kind,
        };
        if let FieldKind::Struct(schema) = kind {
            find_arrays(schema, version, path, found);
        }
        path.pop();
    }
}

struct Wide {
    writer: Writer,
    filling: Filling,
    len: usize,
}

impl Wide {
    /// `path` leads to the array from here, if it is here.
    fn structure(&mut self, schema: &MessageSchema, path: Option<&[&'static str]>) {
        let version = self.writer.version;
        let flexible = holds(schema.flexible, version);
        let mut tagged = Vec::new();
        for field in schema.fields {
            if !field.versions.contains(version) {
                continue;
            }
            let path = path.and_then(|path| path.split_first());
            let rest = path
                .filter(|(first, _)| **first == field.name)
                .map(|(_, rest)| rest);
            match field.tag {
                Some((tag, versions)) if versions.contains(version) => {
                    if rest.is_some() {
                        let outer = std::mem::take(&mut self.writer.out);
                        self.field(field, true, rest);
                        tagged.push((tag, std::mem::replace(&mut self.writer.out, outer)));
                    }
                }
                _ => self.field(field, flexible, rest),
            }
        }
        if flexible {
            if matches!(self.filling, Filling::Tags) {
                tagged.push((1000, Vec::new()));
            }
            self.writer.tagged(tagged);
        }
    }

    fn field(&mut self, field: &FieldSchema, flexible: bool, rest: Option<&[&'static str]>) {
        let flexible = field
            .flexible
            .map_or(flexible, |versions| holds(versions, self.writer.version));
        let nullable = holds(field.nullable, self.writer.version);
        let filled = rest.is_some() || matches!(self.filling, Filling::Elements);
        if nullable && !filled {
            return self.writer.null(&field.kind, flexible, false);
        }
        if nullable && matches!(field.kind, FieldKind::Struct(_)) {
            self.writer.out.push(1);
        }
        match (&field.kind, rest) {
            (FieldKind::Array(element), Some([])) => {
                let outer = std::mem::take(&mut self.writer.out);
                self.value(element, flexible, None);
                let element = std::mem::replace(&mut self.writer.out, outer);
                let count = self.len / element.len().max(1);
                self.writer.len(count, flexible);
                self.writer.out.extend(element.repeat(count));
            }
            (FieldKind::Array(element), Some(rest)) => {
                self.writer.len(1, flexible);
                self.value(element, flexible, Some(rest));
            }
            (kind, rest) => self.value(kind, flexible, rest),
        }
    }

    fn value(&mut self, kind: &FieldKind, flexible: bool, path: Option<&[&'static str]>) {
        match kind {
            FieldKind::Struct(schema) => self.structure(schema, path),
            FieldKind::String => self.writer.string_len(0, flexible),
            FieldKind::Bytes | FieldKind::Records => self.writer.len(0, flexible),
            FieldKind::Array(element) => {
                let count = usize::from(matches!(self.filling, Filling::Elements));
                self.writer.len(count, flexible);
                if count > 0 {
                    self.value(element, flexible, None);
                }
            }
            FieldKind::Bool | FieldKind::Int8 => self.writer.out.push(0),
            FieldKind::Int16 | FieldKind::Uint16 => self.writer.out.extend([0; 2]),
            FieldKind::Int32 | FieldKind::Uint32 => self.writer.out.extend([0; 4]),
            FieldKind::Int64 | FieldKind::Float64 => self.writer.out.extend([0; 8]),
            FieldKind::Uuid => self.writer.out.extend([0; 16]),
            other => panic!("{other:?}"),
        }
    }
}
