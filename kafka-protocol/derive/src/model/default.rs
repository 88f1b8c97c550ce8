use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, Result, UnOp};

use super::kind::Scalar;
use super::{Field, Kind, shown};

/// The value of a field that is absent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Default {
    /// `None`.
    Null,
    /// Zero, false, or empty.
    Zero,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
}

impl Default {
    /// Checks what was written against the field's type. Nothing written means
    /// `None` for an `Option`, zero or empty for the rest.
    pub(super) fn new(given: Option<&Expr>, field: &Field) -> Result<Self> {
        let Some(given) = given else {
            return Ok(if field.optional {
                Self::Null
            } else {
                Self::Zero
            });
        };
        let found = parse(given)?;
        let fits = match (&field.kind, &found) {
            (_, Self::Null) => field.optional,
            (Kind::Scalar(Scalar::Bool), Self::Bool(_)) => true,
            (Kind::Scalar(scalar), Self::Int(value)) => {
                range_of(*scalar).is_some_and(|range| range.contains(value))
            }
            (Kind::Scalar(Scalar::Float64), Self::Float(_)) => true,
            (Kind::String, Self::String(_)) => true,
            (Kind::Array(_) | Kind::Bytes, Self::Zero) => matches!(given, Expr::Array(_)),
            (Kind::Struct(_), Self::Zero) => field.optional && matches!(given, Expr::Block(_)),
            _ => false,
        };
        if !fits {
            let text = format!(
                "`{}` is not a default for a field of type `{}`",
                shown(given),
                shown(&field.ty)
            );
            return Err(Error::new_spanned(given, text));
        }
        Ok(match found {
            Self::Int(0) | Self::Bool(false) => Self::Zero,
            Self::String(text) if text.is_empty() => Self::Zero,
            other => other,
        })
    }

    /// The value as an expression.
    pub(crate) fn value(&self, field: &Field) -> TokenStream {
        match self {
            Self::Null => quote!(::core::option::Option::None),
            Self::Zero if field.optional => quote!(::core::option::Option::Some(
                ::core::default::Default::default()
            )),
            Self::Zero => quote!(::core::default::Default::default()),
            Self::Bool(value) => quote!(#value),
            Self::Int(value) => {
                let value = proc_macro2::Literal::i64_unsuffixed(*value);
                quote!(#value)
            }
            Self::Float(value) => quote!(#value),
            Self::String(text) => {
                let text = quote!(::kafka_protocol::StrBytes::from_static(#text));
                if field.optional {
                    quote!(::core::option::Option::Some(#text))
                } else {
                    text
                }
            }
        }
    }

    /// A condition: `self.field` holds something else.
    pub(crate) fn is_other(&self, field: &Field) -> TokenStream {
        let ident = &field.ident;
        match (self, &field.kind) {
            (Self::Null, _) => quote!(self.#ident.is_some()),
            (Self::Zero, Kind::Struct(ty)) if !field.optional => {
                quote!(self.#ident != <#ty as ::core::default::Default>::default())
            }
            (Self::Zero, Kind::Struct(ty)) => {
                let default = quote!(<#ty as ::core::default::Default>::default());
                quote!(self.#ident.as_ref() != ::core::option::Option::Some(&#default))
            }
            (Self::Zero, _) if field.optional => {
                quote!(!self.#ident.as_ref().is_some_and(|value| value.is_empty()))
            }
            (Self::Zero, Kind::Scalar(Scalar::Bool)) => quote!(self.#ident),
            (Self::Zero, Kind::Scalar(Scalar::Uuid)) => quote!(!self.#ident.is_zero()),
            (Self::Zero, Kind::Scalar(Scalar::Float64)) => quote!(self.#ident != 0.0),
            (Self::Zero, Kind::Scalar(_)) => quote!(self.#ident != 0),
            (Self::Zero, _) => quote!(!self.#ident.is_empty()),
            (Self::String(text), _) if field.optional => {
                quote!(self.#ident.as_deref() != ::core::option::Option::Some(#text))
            }
            (Self::String(text), _) => quote!(self.#ident.as_str() != #text),
            (Self::Bool(_), _) => quote!(!self.#ident),
            (other, _) => {
                let value = other.value(field);
                quote!(self.#ident != #value)
            }
        }
    }

    /// The `DefaultValue` of the schema.
    pub(crate) fn schema(&self, field: &Field) -> TokenStream {
        let default = quote!(::kafka_protocol::schema::DefaultValue);
        match (self, &field.kind) {
            (Self::Null, _) => quote!(#default::Null),
            (Self::Zero, Kind::Scalar(Scalar::Bool)) => quote!(#default::Bool(false)),
            (Self::Zero, Kind::Scalar(Scalar::Float64)) => quote!(#default::Float(0.0)),
            (Self::Zero, Kind::Scalar(Scalar::Uuid)) => quote!(#default::Empty),
            (Self::Zero, Kind::Scalar(_)) => quote!(#default::Int(0)),
            (Self::Zero, Kind::String) => quote!(#default::String("")),
            (Self::Zero, _) => quote!(#default::Empty),
            (Self::Bool(value), _) => quote!(#default::Bool(#value)),
            (Self::Int(value), _) => quote!(#default::Int(#value)),
            (Self::Float(value), _) => quote!(#default::Float(#value)),
            (Self::String(text), _) => quote!(#default::String(#text)),
        }
    }
}

fn parse(given: &Expr) -> Result<Default> {
    let wrong = || {
        Error::new_spanned(
            given,
            "a default is a number, a boolean, a string, `[]`, `{}` or `null`",
        )
    };
    match given {
        Expr::Path(path) if path.path.is_ident("null") => Ok(Default::Null),
        Expr::Array(array) if array.elems.is_empty() => Ok(Default::Zero),
        Expr::Block(block) if block.block.stmts.is_empty() => Ok(Default::Zero),
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Bool(value) => Ok(Default::Bool(value.value)),
            Lit::Int(value) => Ok(Default::Int(value.base10_parse()?)),
            Lit::Float(value) => Ok(Default::Float(value.base10_parse()?)),
            Lit::Str(value) => Ok(Default::String(value.value())),
            _ => Err(wrong()),
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => match &**expr {
            // Parsed with its sign, so that the smallest number is one.
            Expr::Lit(ExprLit {
                lit: Lit::Int(value),
                ..
            }) => format!("-{}", value.base10_digits())
                .parse()
                .map(Default::Int)
                .map_err(|_| wrong()),
            Expr::Lit(ExprLit {
                lit: Lit::Float(value),
                ..
            }) => Ok(Default::Float(-value.base10_parse::<f64>()?)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn range_of(scalar: Scalar) -> Option<std::ops::RangeInclusive<i64>> {
    match scalar {
        Scalar::Int8 => Some(i8::MIN.into()..=i8::MAX.into()),
        Scalar::Int16 => Some(i16::MIN.into()..=i16::MAX.into()),
        Scalar::Uint16 => Some(0..=u16::MAX.into()),
        Scalar::Int32 => Some(i32::MIN.into()..=i32::MAX.into()),
        Scalar::Uint32 => Some(0..=u32::MAX.into()),
        Scalar::Int64 => Some(i64::MIN..=i64::MAX),
        Scalar::Bool | Scalar::Float64 | Scalar::Uuid => None,
    }
}
