//! What a start costs: the size of the program, and how long it takes to say its version.

use std::path::Path;

use crate::figures::{self, Figures, Task};
use crate::row::Bar;

/// What `--version` may cost.
pub const BAR: Bar = Bar { cpu: 0.005, peak: None, wall: Some(0.005) };
/// Most bytes of the program as it is shipped, without symbols: little more than it has with the providers and the
/// sources of today. It grows with each of them.
const LARGEST: u64 = 26_000_000;
/// Starts of which the quickest counts: all others were disturbed.
const STARTS: usize = 20;

/// The quickest of several starts.
///
/// # Errors
/// When the program cannot be started.
pub fn quickest(program: &Path) -> anyhow::Result<Figures> {
    let command = vec![program.into(), "--version".into()];
    let task = Task { command, variables: Vec::new() };
    let mut quickest = figures::of(&task)?;
    for _ in 1..STARTS {
        let next = figures::of(&task)?;
        if next.wall < quickest.wall {
            quickest = next;
        }
    }
    Ok(quickest)
}

/// What is wrong with the file of the program.
///
/// # Errors
/// When there is no such file.
pub fn faults(program: &Path) -> anyhow::Result<Vec<String>> {
    let size = program.metadata()?.len();
    Ok(too_large(size).into_iter().collect())
}

fn too_large(size: u64) -> Option<String> {
    (size > LARGEST).then(|| format!("the program has {size} bytes, the bar is {LARGEST}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_may_not_be_larger_than_its_bar() {
        assert_eq!(super::too_large(26_000_000), None);
        let fault = "the program has 26000001 bytes, the bar is 26000000";
        assert_eq!(super::too_large(26_000_001).as_deref(), Some(fault));
    }
}
