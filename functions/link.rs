// What the build scripts of the programs share.

use std::path::PathBuf;
use std::{env, fs};

/// Links a program so that little of it is in memory: the kernel maps it in large pieces, so what runs
/// call stands together. `often.txt` has the beginnings of the names of that, in the order in which
/// they stand; names that match nothing change nothing. `make often` writes it anew.
fn link() {
    println!("cargo:rerun-if-changed=../link.rs");
    println!("cargo:rerun-if-changed=../often.txt");
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
}

/// The jumps into libraries and where a program begins; the code of these names; and behind it that of
/// names that differ in their hash alone, which changes with the crates that a program is made of.
fn linker_script(often: &str) -> String {
    let names = || often.lines().filter(|name| !name.is_empty() && !name.starts_with('#'));
    let hashed = names().filter_map(|name| Some(&name[..name.rfind("17h")? + "17h".len()]));
    let sections: String =
        names().chain(hashed).map(|name| format!("    *(.text.{name}*)\n")).collect();
    format!(
        "SECTIONS\n{{\n  .plt : {{ *(.plt) }}\n  .text.often :\n  {{\n    *crt*.o(.text)\n{sections}  }}\n}}\n\
         INSERT BEFORE .text;\n"
    )
}
