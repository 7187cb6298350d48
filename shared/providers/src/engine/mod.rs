//! What zone-shaped APIs share: from [`ZoneReader`] and [`BatchWriter`] or [`RecordWriter`] to a
//! [`Provider`].

mod transport;

pub use transport::{CallCount, Transport};
