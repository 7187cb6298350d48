//! Which values are equal, and which is less.

use ecow::eco_format;

use crate::value::{Reason, Value};

/// Whether the first value is equal to one of the others.
pub(crate) fn equals_any(values: &[Value]) -> Result<bool, Reason> {
    let [first, others @ ..] = values else { return Ok(false) };
    for other in others {
        if equals(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two values are equal. Only values of one basic type can be compared; what is not there is equal to nothing
/// but itself.
#[expect(clippy::float_cmp, reason = "as in Go")]
pub(crate) fn equals(a: &Value, b: &Value) -> Result<bool, Reason> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Missing | Value::Nil, Value::Missing | Value::Nil) => true,
        (Value::Missing, _) | (_, Value::Missing) => false,
        _ => return Err(incompatible(a, b)),
    })
}

/// Whether the first of two values is less.
pub(crate) fn is_less(a: &Value, b: &Value) -> Result<bool, Reason> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a < b,
        (Value::Float(a), Value::Float(b)) => a < b,
        (Value::Text(a), Value::Text(b)) => a < b,
        _ => return Err(incompatible(a, b)),
    })
}

fn incompatible(a: &Value, b: &Value) -> Reason {
    let (a, b) = (a.type_name(), b.type_name());
    eco_format!("incompatible types for comparison: {a} and {b}")
}
