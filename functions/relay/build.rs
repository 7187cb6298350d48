//! Links the function so that little of it is in memory.

fn main() {
    println!("cargo:rerun-if-changed=../seldom.ld");
    let variable = |name| std::env::var(name).unwrap_or_default();
    if variable("PROFILE") == "release" && variable("CARGO_CFG_TARGET_OS") == "linux" {
        // At a fixed address, as programs in Go are: nothing has to be relocated when it starts.
        println!("cargo:rustc-link-arg-bins=-no-pie");
        let folder = variable("CARGO_MANIFEST_DIR");
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{folder}/../seldom.ld");
    }
}
