//! The types that the fields of an object have for a template: they say what a field is that the object leaves out.

/// What a value is, and what stands for it where it is not there.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// JSON as it is: a key that is not there gives no value.
    Any,
    /// JSON of an object whose fields are known: a key that is not there is an error. Letters may differ in case.
    Strict,
    /// The first level of [`Self::Any`] whose keys also answer to their name in Go (`dnsNames` to `DNSNames`).
    Aliased,
    /// A string; `""` where it is not there.
    Text,
    /// A whole number; 0 where it is not there.
    Int,
    /// A boolean; false where it is not there.
    Bool,
    /// A number or a string; 0 where it is not there.
    Port,
    /// A value behind a pointer: nothing where it is not there.
    Optional(&'static Type),
    /// A list of one type; empty where it is not there.
    List(&'static Type),
    /// A map from strings to one type; empty where it is not there.
    Map(&'static Type),
    /// Fields by their name in Go; those that are not listed are [`Self::Strict`] where they are there, else an error.
    Struct(&'static Struct),
    /// A field that is hidden from templates: an empty list.
    Hidden,
    /// A field whose key in JSON is another word than its name in Go.
    Keyed(&'static str, &'static Type),
}

/// The fields of a type.
#[derive(Debug)]
pub struct Struct {
    /// Its name, for messages.
    pub name: &'static str,
    /// Its fields by their name in Go, in the order of their declaration.
    pub fields: &'static [(&'static str, Type)],
}

impl Struct {
    /// The type of a field whose letters may differ in case.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Type> {
        self.fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
    }
}

/// The type of the values of a map.
pub(crate) fn value_type(kind: &'static Type) -> &'static Type {
    match kind {
        Type::Map(values) => values,
        Type::Strict => &Type::Strict,
        _ => &Type::Any,
    }
}
