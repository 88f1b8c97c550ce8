//! The derive of kafka-protocol: from a struct and its attributes to the code
//! that reads and writes it in every version.
//!
//! Not for use on its own; `kafka_protocol::Message` re-exports it and its
//! documentation explains the attributes. The way through the files: `attrs`
//! reads what was written, `model` checks it and says what it means, and
//! `encode`, `decode`, `schema` and `setters` quote code from the model.

mod attrs;
mod debug;
mod decode;
mod encode;
mod json;
mod model;
mod schema;
mod setters;
mod versions;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

/// Implements `kafka_protocol::Message` (and `Request`, where a response is
/// named), `Default` with Kafka's defaults, `new` and the `with_…` setters.
///
/// The struct has named fields, derives `Clone`, `Debug` and `PartialEq` besides,
/// and is `#[non_exhaustive]`, because later versions add fields. Its fields are
/// `bool`, `i8`, `i16`, `u16`, `i32`, `u32`, `i64`, `f64`, `Uuid`, `StrBytes`,
/// `Bytes` (of the crate `bytes`), `RecordBytes`, other such structs, `Vec`s of
/// these, and `Option`s of what Kafka allows to be null; numbers never are. Structs
/// inside others carry the attributes `versions` and `flexible` too.
///
/// The setters take what converts into the field: a `&str` for a `StrBytes`, an
/// array for a `Vec`. For an `Option`, they take one or what is inside, but of
/// exactly its type: `with_name(StrBytes::from("orders"))`,
/// `with_topics(vec![topic])`.
///
/// # On the struct
///
/// - `name = "TopicData"`: Kafka's name, where the struct's differs.
/// - `versions = "0-13"`: the stable versions; `"0+"` for a structure inside a
///   message.
/// - `unstable = "14"`: versions that may still change, following the stable
///   ones.
/// - `flexible = "9+"`: the versions with compact lengths and tagged fields, or
///   `"none"`. A flexible struct declares `pub unknown_tagged_fields:
///   TaggedFields`.
/// - `key = 0`: the API of a request or response.
/// - `response = ProduceResponse`: makes it a request.
///
/// # On a field
///
/// - `name = "type"`: Kafka's name, where it is not the field's in camel case.
/// - `versions = "3+"`: the versions that carry it. Default: all.
/// - `nullable = "10+"`: for an `Option`, the versions in which it may be
///   `None`. Default: all that carry it.
/// - `default = -1`: where it is not zero, empty, or `None` for an `Option`.
///   `null`, `[]`, `""` and `{}` (a structure of defaults) are understood.
/// - `tag = 0`, `tagged = "12+"`: a tagged field, and in which versions.
///   Default: all that carry it.
/// - `ignorable`: a version that does not carry it drops it in silence instead
///   of refusing to be written.
/// - `secret`: passwords and the like. `Debug` is implemented without the
///   contents of such fields: leave it out of the standard derives.
/// - `flexible = "none"`: the field keeps the plain encoding in flexible
///   versions.
#[proc_macro_derive(Message, attributes(kafka))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match model::Model::new(&input) {
        Ok(model) => {
            let ident = &model.ident;
            let (setters, schema) = (setters::quote(&model), schema::quote(&model));
            let (encode, decode) = (encode::quote(&model), decode::quote(&model));
            let (json, debug) = (json::quote(&model), debug::quote(&model));
            quote! {
                #setters
                #schema
                #json
                #debug

                #[automatically_derived]
                #[allow(unused_variables, unused_mut, clippy::all)]
                impl ::kafka_protocol::codec::Fields for #ident {
                    #encode
                    #decode
                }
            }
            .into()
        }
        Err(error) => error.into_compile_error().into(),
    }
}
