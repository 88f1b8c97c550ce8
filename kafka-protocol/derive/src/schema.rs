//! The message as data, and the trait implementations that frame the rest.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Field, Model};
use crate::versions::Range;

pub(crate) fn quote(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let name = &model.name;
    let key = match model.key {
        Some(code) => quote!(::kafka_protocol::ApiKey::from_code(#code)),
        None => quote!(::core::option::Option::None),
    };
    let kind = match (model.key, &model.response) {
        (Some(_), Some(_)) => quote!(Request),
        (Some(_), None) => quote!(Response),
        (None, _) => quote!(Data),
    };
    let versions = model.versions.tokens();
    let (unstable, flexible) = (optional(model.unstable), optional(model.flexible));
    let fields = model.fields.iter().map(field_schema);
    let request = request(model);
    let nested = model.fields.iter().filter_map(|field| nested(model, field));
    quote! {
        #(#nested)*

        #[automatically_derived]
        impl ::kafka_protocol::Message for #ident {
            const SCHEMA: &'static ::kafka_protocol::schema::MessageSchema =
                &::kafka_protocol::schema::MessageSchema {
                    name: #name,
                    key: #key,
                    kind: ::kafka_protocol::schema::MessageKind::#kind,
                    versions: #versions,
                    unstable: #unstable,
                    flexible: #flexible,
                    fields: &[#(#fields),*],
                };

            const VERSIONS: ::kafka_protocol::VersionRange = #versions;

            fn encode(
                &self,
                sink: &mut ::kafka_protocol::wire::Sink,
                version: i16,
            ) -> ::core::result::Result<(), ::kafka_protocol::EncodeError> {
                ::kafka_protocol::codec::check_encode::<Self>(version)?;
                ::kafka_protocol::codec::Fields::encode_fields(self, sink, version)
                    .map_err(|error| error.in_message(#name, version))
            }

            fn decode(
                reader: &mut ::kafka_protocol::wire::Reader,
                version: i16,
            ) -> ::core::result::Result<Self, ::kafka_protocol::DecodeError> {
                ::kafka_protocol::codec::check_decode::<Self>(version)?;
                let mut message = Self::default();
                ::kafka_protocol::codec::Fields::decode_fields(&mut message, reader, version)
                    .map_err(|error| error.in_message(#name))?;
                ::core::result::Result::Ok(message)
            }

            fn encoded_len(
                &self,
                version: i16,
            ) -> ::core::result::Result<usize, ::kafka_protocol::EncodeError> {
                ::kafka_protocol::codec::check_encode::<Self>(version)?;
                ::core::result::Result::Ok(::kafka_protocol::codec::Fields::fields_len(self, version))
            }
        }

        #request
    }
}

fn request(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let Some(code) = model.key else {
        return TokenStream::new();
    };
    let known = quote! {
        const _: () = assert!(::kafka_protocol::ApiKey::from_code(#code).is_some(), "no API has this key");
    };
    let Some(response) = &model.response else {
        return known;
    };
    quote! {
        #known

        const _: () = assert!(
            <#response as ::kafka_protocol::Message>::VERSIONS
                .covers(<#ident as ::kafka_protocol::Message>::VERSIONS),
            "the response lacks a version of the request",
        );

        #[automatically_derived]
        impl ::kafka_protocol::Request for #ident {
            // The keys count up from zero without a gap.
            const KEY: ::kafka_protocol::ApiKey = ::kafka_protocol::ApiKey::ALL[#code as usize];

            type Response = #response;
        }
    }
}

/// A structure must speak like the message it is in.
fn nested(model: &Model, field: &Field) -> Option<TokenStream> {
    let ty = field.kind.structure()?;
    let (flexible, versions) = (optional(model.flexible), field.versions.tokens());
    let text = format!(
        "the structure in `{}.{}` lacks versions of the field, or is flexible in others than `{}`",
        model.ident, field.ident, model.ident
    );
    Some(quote! {
        const _: () = assert!(
            ::kafka_protocol::schema::nests(#flexible, <#ty as ::kafka_protocol::Message>::SCHEMA, #versions),
            #text,
        );
    })
}

fn field_schema(field: &Field) -> TokenStream {
    let (name, kafka_name) = (field.name(), &field.kafka_name);
    let kind = field.kind.schema();
    let versions = field.versions.tokens();
    let nullable = optional(field.nullable);
    let tag = match field.tag {
        Some((tag, versions)) => {
            let versions = versions.tokens();
            quote!(::core::option::Option::Some((#tag, #versions)))
        }
        None => quote!(::core::option::Option::None),
    };
    let ignorable = field.ignorable;
    let flexible = match field.flexible {
        Some(range) => {
            let range = optional(range);
            quote!(::core::option::Option::Some(#range))
        }
        None => quote!(::core::option::Option::None),
    };
    let default = field.default.schema(field);
    quote! {
        ::kafka_protocol::schema::FieldSchema {
            name: #name,
            kafka_name: #kafka_name,
            kind: #kind,
            versions: #versions,
            nullable: #nullable,
            tag: #tag,
            ignorable: #ignorable,
            flexible: #flexible,
            default: #default,
        }
    }
}

fn optional(range: Option<Range>) -> TokenStream {
    match range {
        Some(range) => {
            let range = range.tokens();
            quote!(::core::option::Option::Some(#range))
        }
        None => quote!(::core::option::Option::None),
    }
}
