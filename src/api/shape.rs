//! The shapes of bodies, made from the structs that are read and written (JSON Schema 2020-12, as OpenAPI 3.1 has it).

use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type},
};

/// The schemas that others refer to, by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// The shape of a body: a function that returns its schema, and adds the schemas that this one refers to.
#[derive(Clone, Copy)]
pub(super) struct Shape(fn(&mut Schemas) -> RefOr<Schema>);

impl Shape {
    /// The shape of a type.
    pub(super) const fn of<T: ToSchema>() -> Self {
        Self(refer::<T>)
    }

    /// Either the shape of the one type or that of the other.
    pub(super) const fn either<T: ToSchema, U: ToSchema>() -> Self {
        Self(|schemas| OneOfBuilder::new().item(refer::<T>(schemas)).item(refer::<U>(schemas)).into())
    }

    /// An object without fields.
    pub(super) const fn nothing() -> Self {
        Self(|_| Object::new().into())
    }

    /// Its schema; those that it refers to are added to `schemas`.
    pub(super) fn schema(self, schemas: &mut Schemas) -> RefOr<Schema> {
        (self.0)(schemas)
    }
}

fn refer<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// A text that is one of these words.
pub(super) fn words(words: impl IntoIterator<Item = &'static str>, description: &str) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
    text.description(Some(description)).build()
}
