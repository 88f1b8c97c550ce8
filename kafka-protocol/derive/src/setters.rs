//! `Default`, `new` and the chained setters.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Field, Kind, Model, UNKNOWN};

pub(crate) fn quote(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let unknown = model.flexible.map(|_| format_ident!("{UNKNOWN}"));
    let defaults = model.fields.iter().map(|field| {
        let (name, value) = (&field.ident, field.default.value(field));
        quote!(#name: #value,)
    });
    let unknown_default = unknown
        .iter()
        .map(|unknown| quote!(#unknown: ::kafka_protocol::TaggedFields::new(),));
    let setters = model.fields.iter().map(setter);
    let unknown_setter = unknown.iter().map(|unknown| {
        quote! {
            /// Sets the tagged fields to pass on that this crate does not know.
            #[must_use]
            pub fn with_unknown_tagged_fields(mut self, value: ::kafka_protocol::TaggedFields) -> Self {
                self.#unknown = value;
                self
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl ::core::default::Default for #ident {
            #[inline]
            fn default() -> Self {
                Self { #(#defaults)* #(#unknown_default)* }
            }
        }

        #[automatically_derived]
        impl #ident {
            /// Every field at Kafka's default.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            #(#setters)*
            #(#unknown_setter)*
        }
    }
}

fn setter(field: &Field) -> TokenStream {
    let (ident, ty) = (&field.ident, &field.ty);
    let name = format_ident!("with_{}", ident);
    let doc = format!("Sets [`{ident}`](Self::{ident}).");
    // With `impl Into<i16>` a plain literal would have no type.
    let (parameter, value) = match &field.kind {
        Kind::Scalar(_) => (quote!(#ty), quote!(value)),
        _ => (
            quote!(impl ::core::convert::Into<#ty>),
            quote!(value.into()),
        ),
    };
    quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #name(mut self, value: #parameter) -> Self {
            self.#ident = #value;
            self
        }
    }
}
