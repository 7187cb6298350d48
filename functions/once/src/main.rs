//! external-dns
fn main() {}
