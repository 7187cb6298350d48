//! `make often`: which code runs call, so that the linker puts it together (`functions/link.rs`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Context as _, ensure};
use regex::Regex;
use tempfile::TempDir;

use crate::figures::Task;
use crate::joined::Joined;
use crate::prefixes::Names;
use crate::route53::Route53;
use crate::speed::Speed;
use crate::valgrind::PATIENCE;

/// Where the names stand, seen from the folder of this crate.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/often.txt");

const HEAD: &str = "\
# The beginnings of the names of what runs call, for the linker; functions/link.rs makes patterns of them. `Cs*_` stands
# for the hash of a crate, and `B*_` for a reference back into the name: both are others in another build.
# Written by `make often`.
";

/// What of a name is another with each build: the hash of a crate, and references back into the name, which count its
/// letters (<https://doc.rust-lang.org/rustc/symbol-mangling/v0.html>).
static CHANGING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(Cs)[0-9A-Za-z]{8,}_|(B)[0-9A-Za-z]{0,3}_").expect("a regular expression")
});

/// The code of one function, by the map of the linker.
#[derive(Debug, PartialEq)]
struct Function {
    /// Its name, as a pattern that holds in other builds too.
    pattern: String,
    start: u64,
    size: u64,
}

/// Watches runs of a program, of which the linker wrote this map, and writes down what they call.
///
/// # Errors
/// When a run fails, or the map is none.
pub fn write(valgrind: &Path, program: &Path, map: &Path) -> anyhow::Result<()> {
    let map = fs::read_to_string(map).with_context(|| map.display().to_string())?;
    let mut functions = functions(&map);
    ensure!(!functions.is_empty(), "the linker's map names no function");
    let mut text = HEAD.to_owned();
    for (what, called) in [
        ("over a webhook provider", over_webhook(valgrind, program)?),
        ("over TLS, objects that are joined, and Route 53", over_others(valgrind, program)?),
    ] {
        let is_called = |function: &Function| {
            called.range(function.start..function.start + function.size).next().is_some()
        };
        let all = functions.iter().map(|it| (it.pattern.as_str(), it.size, is_called(it)));
        let prefixes = Names::new(all).prefixes();
        functions.retain(|it| !prefixes.iter().any(|prefix| it.pattern.starts_with(prefix)));
        text += &format!("\n# Runs {what}.\n{}\n", prefixes.join("\n"));
    }
    fs::write(PATH, text).context(PATH)
}

/// The addresses of the instructions of runs as `make bench` measures them.
fn over_webhook(valgrind: &Path, program: &Path) -> anyhow::Result<BTreeSet<u64>> {
    let mut called = BTreeSet::new();
    for speed in [Speed::start(100), Speed::start(3_000), Speed::in_pages(3_000)] {
        called.extend(addresses(valgrind, &speed.task(program), &PATIENCE)?);
    }
    Ok(called)
}

/// Those of runs that speak TLS, that join objects, and of runs over Route 53.
fn over_others(valgrind: &Path, program: &Path) -> anyhow::Result<BTreeSet<u64>> {
    let mut called = addresses(valgrind, &Speed::over_tls(100).task(program), &PATIENCE)?;
    called.extend(addresses(valgrind, &Joined::start(1).task(program), &PATIENCE)?);
    let patience = &PATIENCE[..1];
    for route53 in [Route53::start(100, 0), Route53::start(0, 1_000)] {
        called.extend(addresses(valgrind, &route53.task(program), patience)?);
    }
    Ok(called)
}

fn addresses(valgrind: &Path, task: &Task, patience: &[&str]) -> anyhow::Result<BTreeSet<u64>> {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--dump-instr=yes", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .args(&task.command)
        .args(patience)
        .env_clear()
        .envs(task.variables.iter().cloned())
        .stdin(Stdio::null())
        .output()
        .with_context(|| valgrind.display().to_string())?;
    ensure!(output.status.success(), "a run failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(fs::read_to_string(out)?.lines().filter_map(address).collect())
}

/// `0x5a1c40 102 7`: an address, a line and a count.
fn address(line: &str) -> Option<u64> {
    let (address, _) = line.strip_prefix("0x")?.split_once(' ')?;
    u64::from_str_radix(address, 16).ok()
}

/// `60db40 60db40 a2 16 /x/y.o:(.text._RNvCsjrHSEGnQ3l9_3abc3one)`: where it is, twice; its size and
/// alignment; what it is.
fn functions(map: &str) -> Vec<Function> {
    let function = |line: &str| {
        let pattern = pattern(line.rsplit_once(":(.text.")?.1.strip_suffix(')')?);
        let mut numbers = line.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16));
        let (start, size) = (numbers.next()?.ok()?, numbers.nth(1)?.ok()?);
        Some(Function { pattern, start, size })
    };
    map.lines().filter_map(function).collect()
}

/// The name with `*` for what changes.
fn pattern(name: &str) -> String {
    CHANGING.replace_all(name, "${1}${2}*_").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_a_map() {
        let map = "     VMA      LMA     Size Align Out     In      Symbol\n  \
                   60db40   60db40       a2    16         /x/y.o:(.text._RNvCsjrHSEGnQ3l9_3abc3one)\n  \
                   60db40   60db40       a2     1                 abc::one\n  \
                   2bf480   2bf480   16e2c0   128 .rodata\n";
        let one = Function { pattern: "_RNvCs*_3abc3one".into(), start: 0x60_db40, size: 0xa2 };
        assert_eq!(functions(map), [one]);
    }

    #[test]
    fn patterns_are_without_what_a_build_changes() {
        let name = "_RINvNtCsjrHSEGnQ3l9_3std2io8read_allINtNtB4_3vec8BTreeMapNtCs8a9KXlE2uNT_5model4NameB1r_EE";
        let expected = "_RINvNtCs*_3std2io8read_allINtNtB*_3vec8BTreeMapNtCs*_5model4NameB*_EE";
        assert_eq!(pattern(name), expected);
    }

    #[test]
    fn addresses_of_callgrind() {
        assert_eq!(address("0x5a1c40 102 7"), Some(0x5a_1c40));
        for line in ["fn=(12) main", "calls=1 0x5a1c40 102", "", "0xzz 1 1"] {
            assert_eq!(address(line), None, "{line}");
        }
    }
}
