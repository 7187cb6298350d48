//! Links the program so that little of it is in memory.

include!("../link.rs");

fn main() {
    link();
}
