//! What the attributes mean, checked: every later file relies on it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Ident, Path, Result, Type};

use crate::attrs::{FieldAttrs, Spanned, StructAttrs};
use crate::versions::{Condition, Range};

mod default;
mod kind;

pub(crate) use default::Default;
pub(crate) use kind::Kind;

/// The field that keeps tagged fields nobody here knows.
pub(crate) const UNKNOWN: &str = "unknown_tagged_fields";

/// One struct.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) ident: Ident,
    /// Kafka's name.
    pub(crate) name: String,
    pub(crate) key: Option<i16>,
    pub(crate) response: Option<Path>,
    pub(crate) versions: Range,
    pub(crate) unstable: Option<Range>,
    pub(crate) flexible: Option<Range>,
    /// All but the unknown tagged fields, in the order of the wire.
    pub(crate) fields: Vec<Field>,
}

/// One field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// Kafka's name.
    pub(crate) kafka_name: String,
    /// As written.
    pub(crate) ty: Type,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    pub(crate) versions: Range,
    pub(crate) nullable: Option<Range>,
    pub(crate) tag: Option<(u32, Range)>,
    pub(crate) ignorable: bool,
    /// Not for `Debug` to show.
    pub(crate) secret: bool,
    /// Where it differs from the struct's.
    pub(crate) flexible: Option<Option<Range>>,
    pub(crate) default: Default,
}

impl Model {
    pub(crate) fn new(input: &DeriveInput) -> Result<Self> {
        let declared = named_fields(input)?;
        let attrs = StructAttrs::parse(&input.attrs)?;
        if !input
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("non_exhaustive"))
        {
            let text = "a message needs #[non_exhaustive]: later versions add fields";
            return Err(Error::new(input.ident.span(), text));
        }
        let mut model = Self::of_struct(&input.ident, attrs)?;
        let mut errors = <Errors as std::default::Default>::default();
        let mut unknown = None;
        for field in declared {
            match &field.ident {
                Some(ident) if ident == UNKNOWN => {
                    unknown = Some(check_unknown(field, ident, &model))
                }
                _ => model.fields.extend(errors.keep(Field::new(field, &model))),
            }
        }
        match unknown {
            Some(checked) => drop(errors.keep(checked)),
            None if model.flexible.is_some() => errors.add(Error::new(
                input.ident.span(),
                format!("flexible versions have tagged fields: add `pub {UNKNOWN}: TaggedFields`"),
            )),
            None => {}
        }
        errors.add_all(model.tags_used_twice());
        errors.finish(model)
    }

    fn of_struct(ident: &Ident, attrs: StructAttrs) -> Result<Self> {
        let missing = |what: &str, example: &str| {
            Error::new(
                ident.span(),
                format!("#[kafka({what} = …)] is missing, for example `{what} = {example}`"),
            )
        };
        let versions = attrs
            .versions
            .ok_or_else(|| missing("versions", "\"0-9\""))?;
        let flexible = attrs
            .flexible
            .ok_or_else(|| missing("flexible", "\"6+\" or \"none\""))?;
        if attrs.key.is_some() && versions.value.is_open() {
            return Err(Error::new(
                versions.span,
                "a request or response names its last version",
            ));
        }
        if let (Some(response), None) = (&attrs.response, &attrs.key) {
            return Err(Error::new(response.span(), "a request needs a `key` too"));
        }
        if let Some(unstable) = &attrs.unstable
            && i32::from(unstable.value.min) != i32::from(versions.value.max) + 1
        {
            return Err(Error::new(
                unstable.span,
                "unstable versions follow the stable ones",
            ));
        }
        let mut model = Self {
            ident: ident.clone(),
            name: attrs.name.unwrap_or_else(|| ident.to_string()),
            key: attrs.key.map(|key| key.value),
            response: attrs.response,
            versions: versions.value,
            unstable: attrs.unstable.map(|unstable| unstable.value),
            flexible: None,
            fields: Vec::new(),
        };
        model.flexible = check_flexible(&flexible, model.all_versions())?;
        Ok(model)
    }

    /// Stable and unstable ones.
    pub(crate) fn all_versions(&self) -> Range {
        let max = self
            .unstable
            .map_or(self.versions.max, |unstable| unstable.max);
        Range {
            max,
            ..self.versions
        }
    }

    /// When the struct is flexible.
    pub(crate) fn is_flexible(&self) -> Condition {
        Condition::of(self.flexible, self.all_versions())
    }

    /// Fields that are tagged in some version, by ascending tag.
    pub(crate) fn tagged_fields(&self) -> Vec<(u32, Range, &Field)> {
        let mut tagged: Vec<_> = self
            .fields
            .iter()
            .filter_map(|field| field.tag.map(|(tag, versions)| (tag, versions, field)))
            .collect();
        tagged.sort_by_key(|(tag, ..)| *tag);
        tagged
    }

    fn tags_used_twice(&self) -> Vec<Error> {
        let tagged = self.tagged_fields();
        let pairs = tagged.iter().zip(tagged.iter().skip(1));
        pairs
            .filter(|((a, ..), (b, ..))| a == b)
            .map(|(_, (tag, _, field))| {
                Error::new(
                    field.ident.span(),
                    format!("tag {tag} is taken by another field"),
                )
            })
            .collect()
    }
}

impl Field {
    fn new(declared: &syn::Field, model: &Model) -> Result<Self> {
        let attrs = FieldAttrs::parse(&declared.attrs)?;
        let Some(ident) = declared.ident.clone() else {
            return Err(Error::new(declared.span(), "a field needs a name"));
        };
        let (kind, optional) = Kind::of(&declared.ty)?;
        let all = model.all_versions();
        let versions = within(attrs.versions.as_ref(), all, "the struct has")?;
        let field = Self {
            kind,
            optional,
            versions,
            nullable: nullable(&attrs, optional, versions)?,
            tag: tag(&attrs, versions, model)?,
            ignorable: attrs.ignorable.is_some(),
            secret: attrs.secret.is_some(),
            flexible: field_flexible(&attrs, model)?,
            default: Default::Zero,
            ty: declared.ty.clone(),
            kafka_name: attrs.name.unwrap_or_else(|| camel_case(&ident)),
            ident,
        };
        let default = Default::new(attrs.default.as_ref(), &field)?;
        Ok(Self { default, ..field })
    }

    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// When it is one of the plain fields, given that the message has `version`.
    pub(crate) fn is_plain(&self, all: Range) -> Condition {
        match self.tag {
            None => self.versions.condition(all),
            Some((_, tagged)) if tagged == self.versions => Condition::Never,
            // Tagged from some version on, plain before it.
            Some((_, tagged)) => Range {
                max: tagged.min - 1,
                ..self.versions
            }
            .condition(all),
        }
    }

    /// When it may be null, given that the version carries it.
    pub(crate) fn is_nullable(&self) -> Condition {
        Condition::of(self.nullable, self.versions)
    }

    /// Whether it is plain where it is carried, not tagged.
    pub(crate) fn is_plain_where_carried(&self, all: Range) -> Condition {
        match self.tag {
            None => Condition::Always,
            Some(_) => self.is_plain(all),
        }
    }

    /// Whether its lengths are compact: an expression that may use `flexible`,
    /// the struct's.
    pub(crate) fn flexible_tokens(&self, all: Range) -> TokenStream {
        match self.flexible {
            None => quote!(flexible),
            Some(range) => Condition::of(range, all).tokens(),
        }
    }
}

fn named_fields(input: &DeriveInput) -> Result<impl Iterator<Item = &syn::Field>> {
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "a message has no generic parameters",
        ));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            _ => Err(Error::new(input.ident.span(), "a message has named fields")),
        },
        _ => Err(Error::new(input.ident.span(), "a message is a struct")),
    }
}

fn check_unknown(field: &syn::Field, ident: &Ident, model: &Model) -> Result<()> {
    if model.flexible.is_none() {
        return Err(Error::new(
            ident.span(),
            "only flexible versions have tagged fields, and there are none",
        ));
    }
    if !FieldAttrs::is_empty(&field.attrs) {
        return Err(Error::new(
            ident.span(),
            format!("`{UNKNOWN}` takes no attributes"),
        ));
    }
    if kind::last_segment(&field.ty).is_none_or(|segment| segment.ident != "TaggedFields") {
        return Err(Error::new(
            field.ty.span(),
            format!("`{UNKNOWN}` is of type `TaggedFields`"),
        ));
    }
    Ok(())
}

fn check_flexible(flexible: &Spanned<Option<Range>>, all: Range) -> Result<Option<Range>> {
    let Some(range) = flexible.value else {
        return Ok(None);
    };
    if !range.is_open() {
        return Err(Error::new(
            flexible.span,
            "flexible versions go on to the last: write \"6+\" or \"none\"",
        ));
    }
    if range.min < all.min || range.min > all.max {
        return Err(Error::new(
            flexible.span,
            format!("the struct has versions {all}"),
        ));
    }
    Ok(Some(range.closed_by(all)))
}

/// A range given on a field, by default all of `outer`; must lie in it.
fn within(given: Option<&Spanned<Range>>, outer: Range, what: &str) -> Result<Range> {
    let Some(given) = given else { return Ok(outer) };
    let range = given.value.closed_by(outer);
    if range.min > range.max || !outer.covers(range) {
        return Err(Error::new(
            given.span,
            format!(
                "versions {} are not all among those {what}: {outer}",
                given.value
            ),
        ));
    }
    Ok(range)
}

fn nullable(attrs: &FieldAttrs, optional: bool, versions: Range) -> Result<Option<Range>> {
    match (&attrs.nullable, optional) {
        (Some(given), false) => Err(Error::new(
            given.span,
            "a field that can be null is an `Option`",
        )),
        (None, false) => Ok(None),
        (given, true) => within(given.as_ref(), versions, "that carry the field").map(Some),
    }
}

fn tag(attrs: &FieldAttrs, versions: Range, model: &Model) -> Result<Option<(u32, Range)>> {
    match (&attrs.tag, &attrs.tagged) {
        (None, None) => Ok(None),
        (None, Some(tagged)) => Err(Error::new(tagged.span, "`tagged` needs a `tag`")),
        (Some(tag), given) => {
            let range = within(given.as_ref(), versions, "that carry the field")?;
            if range.max != versions.max {
                return Err(Error::new(tag.span, "a field that is tagged stays so"));
            }
            if !model
                .flexible
                .is_some_and(|flexible| flexible.covers(range))
            {
                return Err(Error::new(
                    tag.span,
                    "only flexible versions have tagged fields",
                ));
            }
            Ok(Some((tag.value, range)))
        }
    }
}

fn field_flexible(attrs: &FieldAttrs, model: &Model) -> Result<Option<Option<Range>>> {
    let Some(given) = &attrs.flexible else {
        return Ok(None);
    };
    Ok(Some(check_flexible(given, model.all_versions())?))
}

/// `topic_id` as Kafka writes it: `topicId`.
fn camel_case(ident: &Ident) -> String {
    let mut words = ident.unraw().to_string();
    while let Some(at) = words.find('_') {
        words.remove(at);
        if let Some(letter) = words.get_mut(at..=at) {
            letter.make_ascii_uppercase();
        }
    }
    words
}

/// Collects errors, so that one compilation shows them all.
#[derive(std::default::Default)]
struct Errors(Option<Error>);

impl Errors {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    fn add_all(&mut self, errors: impl IntoIterator<Item = Error>) {
        errors.into_iter().for_each(|error| self.add(error));
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    fn finish<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

/// Shows a type as it was written.
pub(crate) fn shown(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

#[cfg(test)]
mod tests;
