// What the build scripts of the programs share.

use std::path::PathBuf;
use std::{env, fs};

/// Links a program so that little of it is in memory, and that it gives memory back (`malloc.c`): the kernel maps it in large pieces, so what runs
/// call stands together. `often.txt` has the beginnings of the names of that, in the order in which
/// they stand; names that match nothing change nothing. `make often` writes it anew.
fn link() {
    println!("cargo:rerun-if-changed=../link.rs");
    println!("cargo:rerun-if-changed=../often.txt");
    println!("cargo:rerun-if-changed=../malloc.c");
    let variable = |name| env::var(name).unwrap_or_default();
    if variable("PROFILE") != "release" || variable("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    // At a fixed address, as programs in Go are: nothing has to be relocated when it starts.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    let often = fs::read_to_string("../often.txt").expect("the names of what runs call");
    let script = PathBuf::from(variable("OUT_DIR")).join("often.ld");
    fs::write(&script, linker_script(&often)).expect("a linker script");
    println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", script.display());
    for object in cc::Build::new().cargo_metadata(false).file("../malloc.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}

/// What stands for the hash of a crate in a name.
const HASH: &str = "Cs*_";

/// The jumps into libraries and where a program begins, and the code of these names.
fn linker_script(often: &str) -> String {
    let names = often.lines().filter(|name| !name.is_empty() && !name.starts_with('#'));
    let sections: String =
        names.flat_map(patterns).map(|name| format!("    *(.text.{name}*)\n")).collect();
    format!(
        "SECTIONS\n{{\n  .plt : {{ *(.plt) }}\n  .text.often :\n  {{\n    *crt*.o(.text)\n{sections}  }}\n}}\n\
         INSERT BEFORE .text;\n"
    )
}

/// A hash as a pattern of its length. It is a number of 64 bits in base 62: nearly always of eleven digits, sometimes of ten.
/// A pattern for any length would match across the names behind it.
fn patterns(name: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = name.split(HASH).collect();
    let with_short = move |short: usize| {
        let mut pattern = parts[0].to_owned();
        for (at, part) in parts.iter().enumerate().skip(1) {
            let digits = if at == short { 10 } else { 11 };
            pattern += &format!("Cs{}_{part}", "?".repeat(digits));
        }
        pattern
    };
    (0..=name.matches(HASH).count()).map(with_short)
}
