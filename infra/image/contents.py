#!/usr/bin/env python3
"""Writes what is in the program: `sbom.cdx.json`, a bill of materials in the form of CycloneDX 1.5, and `LICENSES.txt`, the
licences of all parts with their texts.

    contents.py FOLDER TARGET

TARGET is the triple that the program is built for. The parts are the crates that cargo links for it (none of the tests,
of build scripts and of macros), Rust's standard library, and the libraries of C that a static program brings. The same
lock file gives the same bytes: there is no time and no random number in them.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = "external-dns"
TEXTS = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked(target):
    """Name and version of each crate that is in the program."""
    tree = output(
        "cargo", "tree", "--locked", "--package", PROGRAM, "--target", target,
        "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}",
    )
    parts = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    return {(name, version.removeprefix("v")) for name, version in parts}


def crates(target):
    """The packages in the program with what cargo knows of them, and of each the packages that it needs."""
    metadata = json.loads(
        output("cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target)
    )
    wanted = linked(target)
    found = {
        package["id"]: package
        for package in metadata["packages"]
        if (package["name"], package["version"]) in wanted
    }
    missing = wanted - {(package["name"], package["version"]) for package in found.values()}
    if missing:
        sys.exit(f"cargo metadata does not know {sorted(missing)}")
    needs = {
        node["id"]: sorted(need for need in node["dependencies"] if need in found)
        for node in metadata["resolve"]["nodes"]
        if node["id"] in found
    }
    return found, needs


def checksums():
    """The SHA-256 of each crate of a registry, from the lock file."""
    lock = Path("Cargo.lock").read_text()
    entry = re.compile(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(\w+)"')
    return {(name, version): checksum for name, version, checksum in entry.findall(lock)}


def expression(package):
    """The licence in SPDX's form. Old crates have a slash for OR."""
    licence = package["license"]
    if not licence:
        sys.exit(f"crate {package['name']} {package['version']} names no licence in SPDX's form")
    return re.sub(r"\s*/\s*", " OR ", licence)


def libraries():
    """What is linked that is no crate: name, version, licence."""
    rust = output("rustc", "--version").split()[1]
    glibc = output("getconf", "GNU_LIBC_VERSION").split()[1]
    gcc = output("cc", "-dumpfullversion").strip()
    return [
        ("rust-std", rust, "MIT OR Apache-2.0"),
        # Whoever wants to link the program with another version builds it with that: all of its source is open.
        ("glibc", glibc, "LGPL-2.1-or-later"),
        ("libgcc", gcc, "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ]


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, sums):
    name, version = package["name"], package["version"]
    made = {
        "type": "application" if name == PROGRAM else "library",
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "licenses": [{"expression": expression(package)}],
        "purl": reference(package),
    }
    if (name, version) in sums:
        made["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    if package["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return made


def bill(found, needs):
    sums = checksums()
    parts = sorted((component(package, sums) for package in found.values()), key=lambda part: part["bom-ref"])
    program = next(part for part in parts if part["name"] == PROGRAM)
    others = [
        {
            "type": "library",
            "bom-ref": f"pkg:generic/{name}@{version}",
            "name": name,
            "version": version,
            "licenses": [{"expression": licence}],
            "purl": f"pkg:generic/{name}@{version}",
        }
        for name, version, licence in libraries()
    ]
    depends = [
        {"ref": reference(found[own]), "dependsOn": sorted(reference(found[need]) for need in needs[own])}
        for own in sorted(found, key=lambda own: reference(found[own]))
    ]
    next(own for own in depends if own["ref"] == program["bom-ref"])["dependsOn"] += [own["bom-ref"] for own in others]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program},
        "components": [part for part in parts if part is not program] + others,
        "dependencies": depends,
    }


def texts(package):
    """The texts of licences that a crate brings; ours have that of the repository."""
    folder = Path(package["manifest_path"]).parent
    if package["source"] is None:
        return [Path("LICENSE").read_text()]
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and TEXTS.search(path.name)]
    return [path.read_text(errors="replace").strip() for path in files if path.suffix not in {".rs", ".toml"}]


def licences(found):
    packages = sorted(found.values(), key=lambda package: (package["name"], package["version"]))
    lines = [f"The parts of {PROGRAM} and their licences.", ""]
    lines += [f"{own['name']} {own['version']}: {expression(own)}" for own in packages]
    lines += [f"{name} {version}: {licence}" for name, version, licence in libraries()]
    whose = {}
    for package in packages:
        for text in texts(package):
            whose.setdefault(text, []).append(f"{package['name']} {package['version']}")
    for text, names in sorted(whose.items(), key=lambda own: (own[1], own[0])):
        lines += ["", "=" * 80, ", ".join(dict.fromkeys(names)), "", text]
    return "\n".join(lines) + "\n"


def main():
    folder, target = Path(sys.argv[1]), sys.argv[2]
    found, needs = crates(target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.cdx.json").write_text(json.dumps(bill(found, needs), indent=1) + "\n")
    (folder / "LICENSES.txt").write_text(licences(found))


main()
