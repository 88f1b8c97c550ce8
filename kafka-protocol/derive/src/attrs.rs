//! What stands in the `#[kafka(…)]` attributes, piece by piece, unchecked but
//! for its form.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitInt, LitStr, Path, Result};

use crate::versions::Range;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct StructAttrs {
    pub(crate) name: Option<String>,
    pub(crate) key: Option<Spanned<i16>>,
    pub(crate) versions: Option<Spanned<Range>>,
    pub(crate) unstable: Option<Spanned<Range>>,
    pub(crate) flexible: Option<Spanned<Option<Range>>>,
    pub(crate) response: Option<Path>,
}

impl StructAttrs {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for_each(attributes, |name, meta| match name {
            "name" => set(&mut found.name, meta, text),
            "key" => set(&mut found.key, meta, number),
            "versions" => set(&mut found.versions, meta, range),
            "unstable" => set(&mut found.unstable, meta, range),
            "flexible" => set(&mut found.flexible, meta, range_or_none),
            "response" => set(&mut found.response, meta, |meta| meta.value()?.parse()),
            _ => Err(unknown(
                meta,
                "name, key, versions, unstable, flexible, response",
            )),
        })?;
        Ok(found)
    }
}

#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) name: Option<String>,
    pub(crate) versions: Option<Spanned<Range>>,
    pub(crate) nullable: Option<Spanned<Range>>,
    pub(crate) default: Option<Expr>,
    pub(crate) tag: Option<Spanned<u32>>,
    pub(crate) tagged: Option<Spanned<Range>>,
    pub(crate) ignorable: Option<()>,
    pub(crate) secret: Option<()>,
    pub(crate) flexible: Option<Spanned<Option<Range>>>,
}

impl FieldAttrs {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for_each(attributes, |name, meta| match name {
            "name" => set(&mut found.name, meta, text),
            "versions" => set(&mut found.versions, meta, range),
            "nullable" => set(&mut found.nullable, meta, range),
            "default" => set(&mut found.default, meta, |meta| meta.value()?.parse()),
            "tag" => set(&mut found.tag, meta, number),
            "tagged" => set(&mut found.tagged, meta, range),
            "ignorable" => set(&mut found.ignorable, meta, |_| Ok(())),
            "secret" => set(&mut found.secret, meta, |_| Ok(())),
            "flexible" => set(&mut found.flexible, meta, range_or_none),
            _ => Err(unknown(
                meta,
                "name, versions, nullable, default, tag, tagged, ignorable, secret, flexible",
            )),
        })?;
        Ok(found)
    }

    /// Whether nothing was said.
    pub(crate) fn is_empty(attributes: &[Attribute]) -> bool {
        !attributes.iter().any(is_ours)
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("kafka")
}

fn for_each(
    attributes: &[Attribute],
    mut handle: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| is_ours(attribute)) {
        attribute.parse_nested_meta(|meta| {
            let name = meta
                .path
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            handle(&name, &meta)
        })?;
    }
    Ok(())
}

fn set<T>(
    place: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    parse: impl FnOnce(&ParseNestedMeta<'_>) -> Result<T>,
) -> Result<()> {
    if place.is_some() {
        return Err(meta.error("given twice"));
    }
    *place = Some(parse(meta)?);
    Ok(())
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &str) -> syn::Error {
    meta.error(format!("unknown attribute; there are: {known}"))
}

fn number<T>(meta: &ParseNestedMeta<'_>) -> Result<Spanned<T>>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let literal: LitInt = meta.value()?.parse()?;
    Ok(Spanned {
        value: literal.base10_parse()?,
        span: literal.span(),
    })
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    Ok(meta.value()?.parse::<LitStr>()?.value())
}

fn range(meta: &ParseNestedMeta<'_>) -> Result<Spanned<Range>> {
    let literal: LitStr = meta.value()?.parse()?;
    let value = literal
        .value()
        .parse()
        .map_err(|error| syn::Error::new(literal.span(), error))?;
    Ok(Spanned {
        value,
        span: literal.span(),
    })
}

fn range_or_none(meta: &ParseNestedMeta<'_>) -> Result<Spanned<Option<Range>>> {
    let literal: LitStr = meta.value()?.parse()?;
    let value = match literal.value().as_str() {
        "none" => None,
        text => Some(
            text.parse()
                .map_err(|error| syn::Error::new(literal.span(), error))?,
        ),
    };
    Ok(Spanned {
        value,
        span: literal.span(),
    })
}
