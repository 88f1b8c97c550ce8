//! The values of the fields, for the feature `json`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Model, UNKNOWN};

/// Which field is written when, and under which name, is the schema's to say:
/// here is only the way from a field's place in it to its value.
pub(crate) fn quote(model: &Model) -> TokenStream {
    if !cfg!(feature = "json") {
        return TokenStream::new();
    }
    let ident = &model.ident;
    let values = model.fields.iter().enumerate().map(|(index, field)| {
        let name = &field.ident;
        quote!(#index => ::kafka_protocol::json::AsView::view(&self.#name),)
    });
    let has_unknown = match model.flexible {
        Some(_) => {
            let unknown = format_ident!("{UNKNOWN}");
            quote!(!self.#unknown.is_empty())
        }
        None => quote!(false),
    };
    // Through a macro, since the feature can be on here and off there: as a
    // procedural macro this crate is built once for hosts and targets alike.
    quote! {
        ::kafka_protocol::if_json! {
            #[automatically_derived]
            impl ::kafka_protocol::json::Values for #ident {
                fn schema(&self) -> &'static ::kafka_protocol::schema::MessageSchema {
                    <Self as ::kafka_protocol::Message>::SCHEMA
                }

                fn value(&self, index: usize) -> ::kafka_protocol::json::View<'_> {
                    match index {
                        #(#values)*
                        _ => ::kafka_protocol::json::View::Null,
                    }
                }

                fn has_unknown_tagged_fields(&self) -> bool {
                    #has_unknown
                }
            }
        }
    }
}
