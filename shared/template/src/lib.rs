//! Templates in the language of Go's `text/template`, as far as the flags of ExternalDNS use it, over objects of a
//! cluster. It knows no other crate of ours.
//!
//! A template is parsed once. It says which [`Fields`] of an object it reads, so that nothing else is kept of the
//! objects that it is rendered for. What Go knows of a type (the fields of a Service, what an absent one prints) is a
//! [`Schema`]; objects of unknown kinds are [`UNSTRUCTURED`].
//!
//! There are crates for templates of Go; those that we found have no line and column in their errors, and cannot tell an
//! absent key from an unknown field.

mod address;
mod aliases;
mod ast;
mod compare;
mod data;
mod error;
mod exec;
mod fields;
mod format;
mod functions;
mod lexer;
#[cfg(test)]
mod messages;
mod parser;
mod reader;
mod source;
mod tee;
mod types;
mod value;

use std::sync::Arc;

pub use data::{Data, Map};
pub use error::{RenderError, SyntaxError};
pub use fields::Fields;
pub use reader::FormError;
pub use source::Source;
pub use types::{Struct, Type};
pub use value::{Object, Schema, UNSTRUCTURED};

/// A template, ready to be rendered for many objects.
#[derive(Debug)]
pub struct Template {
    text: String,
    tree: ast::Tree,
    fields: Fields,
}

impl Template {
    /// Parses the values of a flag, which are joined by commas into one template.
    ///
    /// # Errors
    /// What is wrong in one of the values, and where.
    pub fn parse<T: AsRef<str>>(values: &[T]) -> Result<Self, SyntaxError> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        let text = values.join(",");
        match parser::parse(&text) {
            Ok(tree) => {
                let fields = Fields::of(&tree);
                Ok(Self { text, tree, fields })
            }
            Err((at, message)) => Err(located(&values, at, message)),
        }
    }

    /// The fields of an object that it reads.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Renders it for an object.
    ///
    /// # Errors
    /// When the object does not fit the template, or the template does not end.
    pub fn render(&self, object: &Arc<Object>, source: Source<'_>) -> Result<String, RenderError> {
        exec::run(&self.tree, Arc::clone(object), source).map_err(|(at, message)| {
            let (line, column) = error::position(&self.text, at);
            RenderError { line, column, message }
        })
    }
}

/// The place of a fault in the value in which it stands.
fn located(values: &[&str], mut at: usize, message: value::Reason) -> SyntaxError {
    let mut index = 0;
    for (number, value) in values.iter().enumerate() {
        index = number;
        if at <= value.len() || number + 1 == values.len() {
            break;
        }
        at -= value.len() + 1;
    }
    let (line, column) = error::position(values.get(index).unwrap_or(&""), at);
    SyntaxError { index, line, column, message }
}
