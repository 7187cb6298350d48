//! What a run costs: the benches of `make bench`, and the alarm of the tests.
//!
//! Every figure is that of a whole process, as the kernel accounts for it. The program is the one that users run; what it
//! talks to are the simulators of `extdns-testkit`, in the process of the bench, so that they cost the program nothing.

pub mod baseline;
pub mod figures;
pub mod functions;
pub mod joined;
pub mod often;
pub mod planning;
pub mod prefixes;
pub mod rendering;
pub mod repeated;
pub mod route53;
pub mod row;
pub mod speed;
pub mod start;
pub mod table;
pub mod valgrind;

/// The pages that list so many objects of one kind: they grow as long as they come quickly.
fn pages(objects: usize) -> usize {
    const FIRST: [usize; 2] = [500, 2_000];
    const LARGEST: usize = 5_000;
    match objects {
        0..=500 => 1,
        501..=2_500 => 2,
        more => FIRST.len() + (more - FIRST.iter().sum::<usize>()).div_ceil(LARGEST),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn pages_of_lists() {
        for (objects, pages) in
            [(0, 1), (500, 1), (501, 2), (2_500, 2), (2_501, 3), (10_000, 4), (50_000, 12)]
        {
            assert_eq!(super::pages(objects), pages, "{objects}");
        }
    }
}
