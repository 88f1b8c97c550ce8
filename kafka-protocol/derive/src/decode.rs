//! `decode_fields`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::encode::min_len_of;
use crate::model::{Field, Kind, Model, UNKNOWN};
use crate::versions::{Condition, Range};

/// Each field is filled in its place: structures are large, and to move one that
/// was only just written makes the processor wait.
pub(crate) fn quote(model: &Model) -> TokenStream {
    let all = model.all_versions();
    let is_flexible = model.is_flexible().tokens();
    let plain = model.fields.iter().map(|field| {
        let read = read_named(field, all);
        field
            .is_plain(all)
            .choose(quote!(#read?;), TokenStream::new())
    });
    let tagged = read_tagged(model, all);
    quote! {
        fn decode_fields(
            &mut self,
            reader: &mut ::kafka_protocol::wire::Reader,
            version: i16,
        ) -> ::core::result::Result<(), ::kafka_protocol::DecodeError> {
            let flexible = #is_flexible;
            #(#plain)*
            #tagged
            ::core::result::Result::Ok(())
        }
    }
}

fn read_tagged(model: &Model, all: Range) -> TokenStream {
    let unknown = format_ident!("{UNKNOWN}");
    if model.flexible.is_none() {
        return TokenStream::new();
    }
    let arms = model
        .tagged_fields()
        .into_iter()
        .map(|(tag, versions, field)| {
            let read = read_named(field, all);
            let guard = match versions.condition(all) {
                Condition::When(condition) => quote!(if #condition),
                _ => TokenStream::new(),
            };
            quote! {
                #tag #guard => #read.map(|()| true),
            }
        });
    let read = quote! {
        self.#unknown = ::kafka_protocol::TaggedFields::decode(reader, |reader, tag| match tag {
            #(#arms)*
            _ => ::core::result::Result::Ok(false),
        })?;
    };
    model.is_flexible().choose(read, TokenStream::new())
}

fn read_named(field: &Field, all: Range) -> TokenStream {
    let name = field.name();
    let read = read(field, all);
    // Parenthesised: an `if` followed by a method call is no expression.
    quote!((#read).map_err(|error| error.in_field(#name)))
}

/// An expression of type `Result<(), DecodeError>`.
fn read(field: &Field, all: Range) -> TokenStream {
    let ident = &field.ident;
    let flexible = field.flexible_tokens(all);
    // Only asked where there is an `Option`.
    let nullable = field.is_nullable().tokens();
    let place = quote!(&mut self.#ident);
    match (&field.kind, field.optional) {
        (Kind::Scalar(scalar), _) => {
            let read = format_ident!("read_{}", scalar.suffix());
            quote!(reader.#read().map(|value| self.#ident = value))
        }
        (Kind::String | Kind::Bytes | Kind::Records, false) => {
            let fill = fill(&field.kind, "");
            quote!(reader.#fill(#place, #flexible))
        }
        (Kind::String | Kind::Bytes | Kind::Records, true) => {
            let fill = fill(&field.kind, "nullable_");
            quote!(reader.#fill(#place, #flexible, #nullable))
        }
        (Kind::Struct(_), false) => {
            quote!(::kafka_protocol::codec::Fields::decode_fields(#place, reader, version))
        }
        (Kind::Struct(_), true) => field.is_plain_where_carried(all).choose(
            quote!(::kafka_protocol::codec::decode_nullable(reader, #place, #nullable, version)),
            quote!(::kafka_protocol::codec::decode_tagged_nullable(reader, #place, #nullable, version)),
        ),
        (Kind::Array(element), optional) => match (&**element, optional) {
            (Kind::Struct(_), false) => {
                quote!(::kafka_protocol::codec::decode_array(reader, #place, #flexible, version))
            }
            (Kind::Struct(_), true) => quote! {
                ::kafka_protocol::codec::decode_nullable_array(reader, #place, #flexible, #nullable, version)
            },
            (Kind::Scalar(scalar), false) => {
                let from_bytes = scalar.of_bytes();
                quote!(reader.fill_scalars(#place, #flexible, #from_bytes))
            }
            (Kind::Scalar(scalar), true) => {
                let from_bytes = scalar.of_bytes();
                quote!(reader.fill_nullable_scalars(#place, #flexible, #nullable, #from_bytes))
            }
            (element, false) => {
                let read = read_values(element, "", &flexible);
                quote!(#read.map(|values| self.#ident = values))
            }
            (element, true) => {
                let (some, null) = (
                    read_values(element, "", &flexible),
                    read_values(element, "nullable_", &flexible),
                );
                field.is_nullable().choose(
                    quote!(#null.map(|values| self.#ident = values)),
                    quote!(#some.map(|values| self.#ident = ::core::option::Option::Some(values))),
                )
            }
        },
    }
}

fn fill(kind: &Kind, nullable: &str) -> proc_macro2::Ident {
    let what = match kind {
        Kind::String => "string",
        Kind::Bytes => "bytes",
        _ => "records",
    };
    format_ident!("fill_{nullable}{what}")
}

/// An array of strings or bytes.
fn read_values(element: &Kind, nullable: &str, flexible: &TokenStream) -> TokenStream {
    let read = format_ident!("read_{nullable}array");
    let min_len = min_len_of(element, flexible);
    let value = match element {
        Kind::String => quote!(reader.read_string(#flexible)),
        _ => quote!(reader.read_bytes(#flexible)),
    };
    quote!(reader.#read(#flexible, #min_len, |reader| #value))
}
