//! `Debug` of structures with secrets.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Model, UNKNOWN};

/// As the standard derive has it, without the contents of secret fields. Nothing
/// for a structure that has none: the standard derive serves it.
pub(crate) fn quote(model: &Model) -> TokenStream {
    if !model.fields.iter().any(|field| field.secret) {
        return TokenStream::new();
    }
    let ident = &model.ident;
    let name = ident.to_string();
    let fields = model.fields.iter().map(|field| {
        let (name, ident) = (field.name(), &field.ident);
        if field.secret {
            quote!(.field(#name, &::core::format_args!("(hidden)")))
        } else {
            quote!(.field(#name, &self.#ident))
        }
    });
    let unknown = model.flexible.map(|_| {
        let unknown = format_ident!("{UNKNOWN}");
        quote!(.field(#UNKNOWN, &self.#unknown))
    });
    quote! {
        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name) #(#fields)* #unknown .finish()
            }
        }
    }
}
