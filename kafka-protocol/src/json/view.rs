//! How values are looked at without knowing their types.

use bytes::Bytes;

use crate::header::{RequestHeader, ResponseHeader};
use crate::schema::MessageSchema;
use crate::{RecordBytes, StrBytes, Uuid};

/// The values of a structure, by their place in its schema. Emitted by the derive.
pub trait Values {
    /// The structure's description.
    fn schema(&self) -> &'static MessageSchema;
    /// The field at this place of [`MessageSchema::fields`].
    fn value(&self, index: usize) -> View<'_>;
    /// Whether tagged fields are set that nobody here knows.
    fn has_unknown_tagged_fields(&self) -> bool;
}

/// A value, borrowed.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the kind of field of that name")]
pub enum View<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Uuid(Uuid),
    String(&'a str),
    Bytes(&'a Bytes),
    Records(&'a RecordBytes),
    Struct(&'a dyn Values),
    Array(Vec<View<'a>>),
}

/// What a field can hold.
pub trait AsView {
    /// The value.
    fn view(&self) -> View<'_>;
}

macro_rules! as_view {
    ($($ty:ty: $view:expr;)*) => {
        $(
            impl AsView for $ty {
                fn view(&self) -> View<'_> {
                    $view(self)
                }
            }
        )*
    };
}

as_view! {
    bool: |value: &bool| View::Bool(*value);
    i8: |value: &i8| View::Int((*value).into());
    i16: |value: &i16| View::Int((*value).into());
    u16: |value: &u16| View::Int((*value).into());
    i32: |value: &i32| View::Int((*value).into());
    u32: |value: &u32| View::Int((*value).into());
    i64: |value: &i64| View::Int(*value);
    f64: |value: &f64| View::Float(*value);
    Uuid: |value: &Uuid| View::Uuid(*value);
    StrBytes: View::String;
    Bytes: View::Bytes;
    RecordBytes: View::Records;
}

impl<T: AsView> AsView for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Null, AsView::view)
    }
}

impl<T: AsView> AsView for Vec<T> {
    fn view(&self) -> View<'_> {
        View::Array(self.iter().map(AsView::view).collect())
    }
}

impl<T: Values> AsView for T {
    fn view(&self) -> View<'_> {
        View::Struct(self)
    }
}

impl Values for RequestHeader {
    fn schema(&self) -> &'static MessageSchema {
        Self::SCHEMA
    }

    fn value(&self, index: usize) -> View<'_> {
        match index {
            0 => self.api_key.view(),
            1 => self.api_version.view(),
            2 => self.correlation_id.view(),
            3 => self.client_id.view(),
            _ => View::Null,
        }
    }

    fn has_unknown_tagged_fields(&self) -> bool {
        !self.unknown_tagged_fields.is_empty()
    }
}

impl Values for ResponseHeader {
    fn schema(&self) -> &'static MessageSchema {
        Self::SCHEMA
    }

    fn value(&self, index: usize) -> View<'_> {
        match index {
            0 => self.correlation_id.view(),
            _ => View::Null,
        }
    }

    fn has_unknown_tagged_fields(&self) -> bool {
        !self.unknown_tagged_fields.is_empty()
    }
}
