//! What a run costs: the benches of `make bench`, and the alarm of the tests.
//!
//! Every figure is that of a whole process, as the kernel accounts for it. The program is the one that users run; what it
//! talks to are the simulators of `extdns-testkit`, in the process of the bench, so that they cost the program nothing.

pub mod baseline;
pub mod figures;
pub mod planning;
pub mod rendering;
pub mod route53;
pub mod row;
pub mod speed;
pub mod table;
pub mod valgrind;

/// Objects that one list call brings.
const PAGE: usize = 500;

/// The fewest calls that list so many objects of one kind.
fn list_calls(objects: usize) -> usize {
    objects.div_ceil(PAGE).max(1)
}
