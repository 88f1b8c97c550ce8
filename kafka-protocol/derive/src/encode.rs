//! `encode_fields`, `fields_len` and `min_len`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::model::{Field, Kind, Model};
use crate::versions::{Condition, Range};

pub(crate) fn quote(model: &Model) -> TokenStream {
    let all = model.all_versions();
    let is_flexible = model.is_flexible().tokens();
    let rows = model
        .fields
        .chunk_by(|a, b| is_in_row(a, all) && is_in_row(b, all));
    let plain = rows.map(|row| write_row(row, all));
    let tagged = write_tagged(model, all);
    let plain_lens = model.fields.iter().map(|field| {
        let len = len(field, all);
        field
            .is_plain(all)
            .choose(quote!(total += #len;), TokenStream::new())
    });
    let tagged_len = tagged_len(model, all);
    let min_lens = model.fields.iter().map(|field| {
        let len = min_len(field, all);
        field
            .is_plain(all)
            .choose(quote!(total += #len;), TokenStream::new())
    });
    quote! {
        fn encode_fields(
            &self,
            sink: &mut ::kafka_protocol::wire::Sink,
            version: i16,
        ) -> ::core::result::Result<(), ::kafka_protocol::EncodeError> {
            let flexible = #is_flexible;
            #(#plain)*
            #tagged
            ::core::result::Result::Ok(())
        }

        fn fields_len(&self, version: i16) -> usize {
            let flexible = #is_flexible;
            let mut total = 0;
            #(#plain_lens)*
            #tagged_len
            total
        }

        fn min_len(version: i16) -> usize {
            let flexible = #is_flexible;
            let mut total = ::core::primitive::usize::from(flexible);
            #(#min_lens)*
            total
        }
    }
}

/// Whether a field is written together with others of its kind beside it.
fn is_in_row(field: &Field, all: Range) -> bool {
    matches!(field.kind, Kind::Scalar(_)) && !matches!(field.is_plain(all), Condition::Never)
}

/// One field, or several of a fixed size.
fn write_row(row: &[Field], all: Range) -> TokenStream {
    if let [field] = row {
        return write_plain(field, all, &quote!(sink));
    }
    let len: usize = row.iter().filter_map(|field| field.kind.fixed_len()).sum();
    let writes = row
        .iter()
        .map(|field| write_plain(field, all, &quote!(run)));
    quote! {
        {
            let mut run = sink.run::<#len>();
            #(#writes)*
            run.finish();
        }
    }
}

/// Writes a field where it is plain, and refuses to lose it where it is absent.
fn write_plain(field: &Field, all: Range, to: &TokenStream) -> TokenStream {
    let (ident, name) = (&field.ident, field.name());
    let write = match &field.kind {
        Kind::Scalar(scalar) => {
            let put = format_ident!("put_{}", scalar.suffix());
            quote!(#to.#put(self.#ident);)
        }
        _ => {
            let write = write(field, all);
            quote!(#write.map_err(|error| error.in_field(#name))?;)
        }
    };
    let write = field.is_plain(all).choose(write, TokenStream::new());
    let Condition::When(carried) = field.versions.condition(all) else {
        return write;
    };
    if field.ignorable {
        return write;
    }
    let is_other = field.default.is_other(field);
    quote! {
        #write
        if !(#carried) && #is_other {
            return ::core::result::Result::Err(::kafka_protocol::codec::not_in_version(#name));
        }
    }
}

fn write_tagged(model: &Model, all: Range) -> TokenStream {
    if model.flexible.is_none() {
        return TokenStream::new();
    }
    let tagged = model.tagged_fields();
    let presence = tagged.iter().map(|(_, versions, field)| {
        let present = present_name(field);
        let carried = versions.condition(all).tokens();
        let is_other = field.default.is_other(field);
        quote! {
            let #present = #carried && #is_other;
            known += ::core::primitive::usize::from(#present);
        }
    });
    let writes = tagged.iter().map(|(tag, versions, field)| {
        let (present, name) = (present_name(field), field.name());
        let (len, write) = (len(field, all), write(field, all));
        let carried = versions.condition(all).tokens();
        quote! {
            if #present {
                tagged.known(sink, #tag, #len)
                    .and_then(|()| #write)
                    .map_err(|error| error.in_field(#name))?;
            } else if #carried {
                tagged.absent(#tag).map_err(|error| error.in_field(#name))?;
            }
        }
    });
    let write = if tagged.is_empty() {
        quote!(self.unknown_tagged_fields.encode(sink)?;)
    } else {
        quote! {
            let mut known = 0usize;
            #(#presence)*
            let mut tagged = self.unknown_tagged_fields.writer(sink, known)?;
            #(#writes)*
            tagged.finish(sink)?;
        }
    };
    let refuse = quote! {
        if !self.unknown_tagged_fields.is_empty() {
            return ::core::result::Result::Err(::kafka_protocol::codec::not_in_version("unknown_tagged_fields"));
        }
    };
    model.is_flexible().choose(write, refuse)
}

fn tagged_len(model: &Model, all: Range) -> TokenStream {
    if model.flexible.is_none() {
        return TokenStream::new();
    }
    let lens = model
        .tagged_fields()
        .into_iter()
        .map(|(tag, versions, field)| {
            let carried = versions.condition(all).tokens();
            let is_other = field.default.is_other(field);
            let len = len(field, all);
            quote! {
                if #carried && #is_other {
                    known += 1;
                    known_len += ::kafka_protocol::codec::tagged_field_len(#tag, #len);
                }
            }
        });
    quote! {
        if flexible {
            let (mut known, mut known_len) = (0usize, 0usize);
            #(#lens)*
            total += self.unknown_tagged_fields.encoded_len(known, known_len);
        }
    }
}

fn present_name(field: &Field) -> Ident {
    format_ident!("{}_is_set", field.ident)
}

/// An expression of type `Result<(), EncodeError>`.
fn write(field: &Field, all: Range) -> TokenStream {
    let ident = &field.ident;
    let flexible = field.flexible_tokens(all);
    if !field.optional {
        return match &field.kind {
            Kind::Scalar(_) => {
                let write = write_value(&field.kind, quote!(self.#ident), &flexible);
                quote!({ #write; ::core::result::Result::Ok(()) })
            }
            kind => write_value(kind, quote!(&self.#ident), &flexible),
        };
    }
    let write = write_value(&field.kind, quote!(value), &flexible);
    let (some, null) = match &field.kind {
        Kind::String => (write, quote!(sink.put_null_string(#flexible))),
        Kind::Struct(_) => {
            let nullable = field.is_nullable().tokens();
            let marker = |present: bool| {
                field.is_plain_where_carried(all).choose(
                    quote!(sink.put_presence(#present)),
                    quote!(::kafka_protocol::codec::put_tagged_presence(sink, #present)),
                )
            };
            let (some, none) = (marker(true), marker(false));
            let some = quote!({
                if #nullable { #some; }
                #write
            });
            (some, none)
        }
        _ => (write, quote!(sink.put_null(#flexible))),
    };
    let none = field.is_nullable().choose(
        quote!({ #null; ::core::result::Result::Ok(()) }),
        quote!(::core::result::Result::Err(
            ::kafka_protocol::codec::unexpected_null()
        )),
    );
    quote! {
        match &self.#ident {
            ::core::option::Option::Some(value) => #some,
            ::core::option::Option::None => #none,
        }
    }
}

/// Writes what `value` stands for: a scalar itself, a reference for the rest.
/// A scalar's expression has no value, the others' is a `Result`.
fn write_value(kind: &Kind, value: TokenStream, flexible: &TokenStream) -> TokenStream {
    match kind {
        Kind::Scalar(scalar) => {
            let put = format_ident!("put_{}", scalar.suffix());
            quote!(sink.#put(#value))
        }
        Kind::String => quote!(sink.put_string(#value, #flexible)),
        Kind::Bytes => quote!(sink.put_bytes(#value, #flexible)),
        Kind::Records => quote!(sink.put_records(#value, #flexible)),
        Kind::Struct(_) => {
            quote!(::kafka_protocol::codec::Fields::encode_fields(#value, sink, version))
        }
        Kind::Array(element) => {
            if let Kind::Scalar(scalar) = **element {
                let to_bytes = scalar.to_bytes();
                return quote!(sink.put_scalars(#value, #flexible, #to_bytes));
            }
            let write = write_value(element, quote!(element), flexible);
            quote!(::kafka_protocol::codec::encode_array(sink, #value, #flexible, |sink, element| #write))
        }
    }
}

/// The bytes of a field where it is carried, a tag's head apart.
fn len(field: &Field, all: Range) -> TokenStream {
    let ident = &field.ident;
    let flexible = field.flexible_tokens(all);
    if !field.optional {
        return len_of(&field.kind, &quote!(self.#ident), &flexible);
    }
    let some = len_of(&field.kind, &quote!((*value)), &flexible);
    let (some, none) = match &field.kind {
        Kind::String => (
            some,
            quote!(::kafka_protocol::codec::string_prefix_len(0, #flexible)),
        ),
        Kind::Struct(_) => {
            let nullable = field.is_nullable().tokens();
            (
                quote!(::core::primitive::usize::from(#nullable) + #some),
                quote!(1),
            )
        }
        _ => (
            some,
            quote!(::kafka_protocol::codec::prefix_len(0, #flexible)),
        ),
    };
    quote!(self.#ident.as_ref().map_or_else(|| #none, |value| #some))
}

fn len_of(kind: &Kind, value: &TokenStream, flexible: &TokenStream) -> TokenStream {
    match kind {
        Kind::Scalar(scalar) => {
            let len = scalar.len();
            quote!(#len)
        }
        Kind::String => quote!(::kafka_protocol::codec::string_len(#value.len(), #flexible)),
        Kind::Bytes | Kind::Records => {
            quote!(::kafka_protocol::codec::bytes_len(#value.len(), #flexible))
        }
        Kind::Struct(_) => quote!(::kafka_protocol::codec::Fields::fields_len(&#value, version)),
        Kind::Array(element) => match &**element {
            Kind::Scalar(scalar) => {
                let len = scalar.len();
                quote!((::kafka_protocol::codec::prefix_len(#value.len(), #flexible) + #len * #value.len()))
            }
            element => {
                let len = len_of(element, &quote!((*element)), flexible);
                quote!((::kafka_protocol::codec::prefix_len(#value.len(), #flexible)
                    + #value.iter().map(|element| #len).sum::<usize>()))
            }
        },
    }
}

/// The least a field takes where it is plain.
fn min_len(field: &Field, all: Range) -> TokenStream {
    let flexible = field.flexible_tokens(all);
    match &field.kind {
        Kind::Scalar(scalar) => {
            let len = scalar.len();
            quote!(#len)
        }
        Kind::Struct(_) if field.optional => quote!(1),
        kind => min_len_of(kind, &flexible),
    }
}

pub(crate) fn min_len_of(kind: &Kind, flexible: &TokenStream) -> TokenStream {
    match kind {
        Kind::Scalar(scalar) => {
            let len = scalar.len();
            quote!(#len)
        }
        Kind::String => quote!(::kafka_protocol::codec::string_prefix_len(0, #flexible)),
        Kind::Struct(ty) => quote!(<#ty as ::kafka_protocol::codec::Fields>::min_len(version)),
        Kind::Bytes | Kind::Records | Kind::Array(_) => {
            quote!(::kafka_protocol::codec::prefix_len(0, #flexible))
        }
    }
}
