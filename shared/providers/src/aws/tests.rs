//! What needs no server: wishes, batches, filters.
