//! `decode_fields`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::encode::min_len_of;
use crate::model::{Field, Kind, Model, UNKNOWN};
use crate::versions::{Condition, Range};

pub(crate) fn quote(model: &Model) -> TokenStream {
    let all = model.all_versions();
    let is_flexible = model.is_flexible().tokens();
    let plain = model.fields.iter().map(|field| read_plain(field, all));
    let (tagged, unknown) = read_tagged(model, all);
    let fields = model.fields.iter().map(|field| {
        let (ident, local) = (&field.ident, local(field));
        quote!(#ident: #local)
    });
    quote! {
        fn decode_fields(
            reader: &mut ::kafka_protocol::wire::Reader,
            version: i16,
        ) -> ::core::result::Result<Self, ::kafka_protocol::DecodeError> {
            let flexible = #is_flexible;
            #(#plain)*
            #tagged
            ::core::result::Result::Ok(Self { #(#fields,)* #unknown })
        }
    }
}

/// Where a field's value is kept until all are read: not under its own name, which
/// may be that of an argument.
fn local(field: &Field) -> Ident {
    format_ident!("field_{}", field.ident)
}

/// Binds the field to what was read, or to its default.
fn read_plain(field: &Field, all: Range) -> TokenStream {
    let (local, ty) = (local(field), &field.ty);
    let (read, default) = (read_named(field, all), field.default.value(field));
    let value = field.is_plain(all).choose(quote!(#read?), default);
    let mutable = field.tag.map(|_| quote!(mut));
    quote!(let #mutable #local: #ty = #value;)
}

fn read_tagged(model: &Model, all: Range) -> (TokenStream, TokenStream) {
    let unknown = format_ident!("{UNKNOWN}");
    if model.flexible.is_none() {
        return (TokenStream::new(), TokenStream::new());
    }
    let arms = model
        .tagged_fields()
        .into_iter()
        .map(|(tag, versions, field)| {
            let local = local(field);
            let read = read_named(field, all);
            let guard = match versions.condition(all) {
                Condition::When(condition) => quote!(if #condition),
                _ => TokenStream::new(),
            };
            quote! {
                #tag #guard => {
                    #local = #read?;
                    ::core::result::Result::Ok(true)
                }
            }
        });
    let read = quote! {
        ::kafka_protocol::TaggedFields::decode(reader, |reader, tag| match tag {
            #(#arms)*
            _ => ::core::result::Result::Ok(false),
        })?
    };
    let value = model
        .is_flexible()
        .choose(read, quote!(::kafka_protocol::TaggedFields::new()));
    (quote!(let #unknown = #value;), quote!(#unknown,))
}

fn read_named(field: &Field, all: Range) -> TokenStream {
    let name = field.name();
    let read = read(field, all);
    quote!(#read.map_err(|error| error.in_field(#name)))
}

/// An expression of type `Result<_, DecodeError>`.
fn read(field: &Field, all: Range) -> TokenStream {
    let flexible = field.flexible_tokens(all);
    let value = read_value(&field.kind, false, &flexible);
    if !field.optional {
        return value;
    }
    let nullable = match &field.kind {
        Kind::Struct(_) => field.is_plain_where_carried(all).choose(
            quote!(::kafka_protocol::codec::decode_nullable(reader, |reader| #value)),
            quote!(::kafka_protocol::codec::decode_tagged_nullable(reader, |reader| #value)),
        ),
        kind => read_value(kind, true, &flexible),
    };
    let some = quote!(#value.map(::core::option::Option::Some));
    match field.is_nullable() {
        // Parenthesised: an `if` followed by a method call is no expression.
        Condition::When(condition) => quote!((if #condition { #nullable } else { #some })),
        condition => condition.choose(nullable, some),
    }
}

fn read_value(kind: &Kind, nullable: bool, flexible: &TokenStream) -> TokenStream {
    let nullable_part = if nullable { "nullable_" } else { "" };
    let method = |name: &str| format_ident!("read_{nullable_part}{name}");
    match kind {
        Kind::Scalar(scalar) => {
            let method = method(scalar.suffix());
            quote!(reader.#method())
        }
        Kind::String | Kind::Bytes | Kind::Records => {
            let method = method(match kind {
                Kind::String => "string",
                Kind::Bytes => "bytes",
                _ => "records",
            });
            quote!(reader.#method(#flexible))
        }
        Kind::Struct(ty) => {
            quote!(<#ty as ::kafka_protocol::codec::Fields>::decode_fields(reader, version))
        }
        Kind::Array(element) => {
            if let Kind::Scalar(scalar) = **element {
                let (method, from_bytes) = (method("scalars"), scalar.from_bytes());
                return quote!(reader.#method(#flexible, #from_bytes));
            }
            let method = method("array");
            let min_len = min_len_of(element, flexible);
            let element = read_value(element, false, flexible);
            quote!(reader.#method(#flexible, #min_len, |reader| #element))
        }
    }
}
