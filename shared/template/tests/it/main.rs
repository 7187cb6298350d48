//! Templates over typed and unstructured objects.

mod errors;
mod fields;
mod functions;
mod fuzz;
mod language;
mod support;
