use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, GenericArgument, PathArguments, PathSegment, Result, Type};

use super::shown;

/// The wire type of a field, `Option` apart.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    String,
    Bytes,
    Records,
    Struct(Box<Type>),
    Array(Box<Kind>),
}

/// Types of a fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
}

impl Kind {
    /// The wire type of a Rust type, and whether that is an `Option`.
    pub(crate) fn of(ty: &Type) -> Result<(Self, bool)> {
        let Some(segment) = last_segment(ty) else {
            return Err(unsupported(ty));
        };
        if segment.ident != "Option" {
            return Ok((Self::of_value(ty)?, false));
        }
        let inner = argument(segment).ok_or_else(|| unsupported(ty))?;
        match Self::of_value(inner)? {
            Self::Scalar(_) => Err(Error::new_spanned(
                ty,
                "numbers, booleans and ids are never null",
            )),
            kind => Ok((kind, true)),
        }
    }

    fn of_value(ty: &Type) -> Result<Self> {
        let Some(segment) = last_segment(ty) else {
            return Err(unsupported(ty));
        };
        if segment.ident == "Vec" {
            let element = argument(segment).ok_or_else(|| unsupported(ty))?;
            return match Self::of_value(element)? {
                Self::Array(_) | Self::Records => Err(unsupported(ty)),
                kind => Ok(Self::Array(Box::new(kind))),
            };
        }
        if !segment.arguments.is_none() {
            return Err(unsupported(ty));
        }
        Ok(match segment.ident.to_string().as_str() {
            "bool" => Self::Scalar(Scalar::Bool),
            "i8" => Self::Scalar(Scalar::Int8),
            "i16" => Self::Scalar(Scalar::Int16),
            "u16" => Self::Scalar(Scalar::Uint16),
            "i32" => Self::Scalar(Scalar::Int32),
            "u32" => Self::Scalar(Scalar::Uint32),
            "i64" => Self::Scalar(Scalar::Int64),
            "f64" => Self::Scalar(Scalar::Float64),
            "Uuid" => Self::Scalar(Scalar::Uuid),
            "StrBytes" => Self::String,
            "Bytes" => Self::Bytes,
            "RecordBytes" => Self::Records,
            "TaggedFields" => {
                return Err(Error::new_spanned(
                    ty,
                    "a `TaggedFields` field is called `unknown_tagged_fields`",
                ));
            }
            "u8" | "u64" | "f32" | "usize" | "isize" | "char" | "str" | "String" => {
                return Err(unsupported(ty));
            }
            _ => Self::Struct(Box::new(ty.clone())),
        })
    }

    /// The structure that it is, or is an array of.
    pub(crate) fn structure(&self) -> Option<&Type> {
        match self {
            Self::Struct(ty) => Some(ty),
            Self::Array(element) => element.structure(),
            _ => None,
        }
    }

    /// Bytes on the wire, if always the same.
    pub(crate) fn fixed_len(&self) -> Option<usize> {
        match self {
            Self::Scalar(scalar) => Some(scalar.len()),
            _ => None,
        }
    }

    /// The variant of `FieldKind`.
    pub(crate) fn schema(&self) -> TokenStream {
        let kind = quote!(::kafka_protocol::schema::FieldKind);
        match self {
            Self::Scalar(Scalar::Bool) => quote!(#kind::Bool),
            Self::Scalar(Scalar::Int8) => quote!(#kind::Int8),
            Self::Scalar(Scalar::Int16) => quote!(#kind::Int16),
            Self::Scalar(Scalar::Uint16) => quote!(#kind::Uint16),
            Self::Scalar(Scalar::Int32) => quote!(#kind::Int32),
            Self::Scalar(Scalar::Uint32) => quote!(#kind::Uint32),
            Self::Scalar(Scalar::Int64) => quote!(#kind::Int64),
            Self::Scalar(Scalar::Float64) => quote!(#kind::Float64),
            Self::Scalar(Scalar::Uuid) => quote!(#kind::Uuid),
            Self::String => quote!(#kind::String),
            Self::Bytes => quote!(#kind::Bytes),
            Self::Records => quote!(#kind::Records),
            Self::Struct(ty) => quote!(#kind::Struct(<#ty as ::kafka_protocol::Message>::SCHEMA)),
            Self::Array(element) => {
                let element = element.schema();
                quote!(#kind::Array(&#element))
            }
        }
    }
}

impl Scalar {
    /// Bytes on the wire.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Bool | Self::Int8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int32 | Self::Uint32 => 4,
            Self::Int64 | Self::Float64 => 8,
            Self::Uuid => 16,
        }
    }

    /// The end of its `read_…` and `put_…`.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "i8",
            Self::Int16 => "i16",
            Self::Uint16 => "u16",
            Self::Int32 => "i32",
            Self::Uint32 => "u32",
            Self::Int64 => "i64",
            Self::Float64 => "f64",
            Self::Uuid => "uuid",
        }
    }

    /// A function from its bytes on the wire, for a whole array of them.
    pub(crate) fn of_bytes(self) -> TokenStream {
        match self {
            Self::Bool => quote!(|[byte]: [::core::primitive::u8; 1]| byte != 0),
            Self::Uuid => quote!(::kafka_protocol::Uuid::from_bytes),
            number => {
                let ty = format_ident!("{}", number.suffix());
                quote!(::core::primitive::#ty::from_be_bytes)
            }
        }
    }

    /// The way back.
    pub(crate) fn to_bytes(self) -> TokenStream {
        match self {
            Self::Bool => quote!(|value| [::core::primitive::u8::from(value)]),
            Self::Uuid => quote!(|value: ::kafka_protocol::Uuid| *value.as_bytes()),
            number => {
                let ty = format_ident!("{}", number.suffix());
                quote!(::core::primitive::#ty::to_be_bytes)
            }
        }
    }
}

pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

fn argument(segment: &PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn unsupported(ty: &Type) -> Error {
    let text = format!(
        "`{}` is not a type of Kafka's protocol: there are bool, i8, i16, u16, i32, u32, i64, f64, Uuid, \
         StrBytes, Bytes, RecordBytes, other messages, Vec of these, and Option of all but numbers",
        shown(ty)
    );
    Error::new_spanned(ty, text)
}
