//! What the documentation names exists: flags, commands, targets of the Makefile, files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::{Bench, external_dns, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pages, and for each its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/setups", "docs/sources", "infra"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
        let files = entries.map(|entry| entry.expect("an entry").path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|own| own == "md")));
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a page");
        (path, text)
    };
    pages.into_iter().map(read).collect()
}

/// The commands of all fenced blocks of shell, each on one line.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    // Behind the language stands which test runs it (`guide`).
    for block in page.split("```sh").skip(1) {
        let block = block.split_once('\n').unwrap_or_default().1;
        let block = block.split("```").next().unwrap_or_default().replace("\\\n", " ");
        let lines = block.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
        commands.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    commands
}

/// What is set in backticks.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The flags in a text, each as `--name`.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let flags = words.filter(|word| word.starts_with("--") && word.len() > 3);
    flags.map(|flag| flag.trim_end_matches('-').to_owned()).collect()
}

fn help() -> String {
    let bench = Bench::new();
    run(external_dns(bench.path()).arg("--help")).out
}

#[test]
fn commands_of_the_program_and_their_flags_exist() {
    let known = flags(&help());
    let mut seen = 0;
    for (path, page) in pages() {
        for command in commands(&page) {
            // The program also stands behind a pipe.
            let Some(at) = command
                .find("external-dns ")
                .filter(|&at| at == 0 || command[..at].ends_with("| "))
            else {
                continue;
            };
            seen += 1;
            for flag in flags(&command[at..]) {
                assert!(known.contains(&flag), "{}: there is no {flag}: {command}", path.display());
            }
            let first = command[at..].split_whitespace().nth(1).unwrap_or_default();
            let is_command = first.starts_with(|c: char| c.is_ascii_lowercase());
            assert!(
                !is_command || help().contains(&format!("\n  {first} ")),
                "{}: there is no command {first}: {command}",
                path.display()
            );
        }
    }
    assert!(seen > 10, "only {seen} commands were found");
}

#[test]
fn targets_of_the_makefile_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    for (path, page) in pages() {
        for command in commands(&page).iter().map(String::as_str).chain(quoted(&page)) {
            let Some(target) =
                command.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next())
            else {
                continue;
            };
            let rule = format!("\n{target}:");
            assert!(makefile.contains(&rule), "{}: there is no target {target}", path.display());
        }
    }
}

#[test]
fn files_that_are_named_exist() {
    const FOLDERS: [&str; 7] =
        ["docs/", "infra/", "examples/", "functions/", "shared/", "tests/", ".ci/"];
    for (path, page) in pages() {
        let beside = path.parent().expect("a folder");
        for name in quoted(&page) {
            let is_path = FOLDERS.iter().any(|folder| name.starts_with(folder));
            if !is_path || name.contains([' ', '<', '*', '{']) {
                continue;
            }
            let found = [root(), beside.to_owned()].iter().any(|from| from.join(name).exists());
            assert!(found, "{}: there is no {name}", path.display());
        }
        for command in commands(&page) {
            let files = command
                .split_whitespace()
                .filter(|word| FOLDERS.iter().any(|f| word.starts_with(f)));
            for file in files {
                assert!(
                    root().join(file).exists(),
                    "{}: there is no {file}: {command}",
                    path.display()
                );
            }
        }
    }
}

/// An object that wants one name: a Service of type LoadBalancer, or an Ingress.
fn wanting(kind: &str, object: &str, address: &str) -> String {
    let status = format!("status: {{ loadBalancer: {{ ingress: [{{ ip: {address} }}] }} }}");
    let (version, spec) = match kind {
        "Ingress" => {
            ("networking.k8s.io/v1", format!("{{ rules: [{{ host: {object}.example.org }}] }}"))
        }
        _ => ("v1", "{ type: LoadBalancer, ports: [{ name: https, port: 443 }] }".to_owned()),
    };
    let (host, ttl) = match object {
        "web" => ("shop", 120),
        other => (other, 300),
    };
    let annotations = match kind {
        "Ingress" => String::new(),
        _ => format!(
            "annotations: {{ external-dns.kubernetes.io/hostname: {host}.example.org, \
             external-dns.kubernetes.io/ttl: \"{ttl}\" }}"
        ),
    };
    format!(
        "apiVersion: {version}\nkind: {kind}\n\
         metadata: {{ namespace: shop, name: {object}, {annotations} }}\nspec: {spec}\n{status}\n---\n"
    )
}

/// The hash is also of the folder of zone files, so the page has a word in its place.
#[test]
fn the_plan_that_the_readme_shows_is_what_the_program_prints() {
    let bench = Bench::new();
    let sync = |owner: &str, objects: &str, last: &str| {
        let manifests = bench.write("objects.yaml", objects);
        let mut program = external_dns(bench.path());
        program.args(["--once", "--source=service", "--source=ingress", "--provider=zonefile"]);
        program.arg(format!("--zonefile-dir={}", bench.path().join("zones").display()));
        program.args(["--zonefile-create=example.org", "--registry=txt", "--policy=sync", last]);
        program.arg(format!("--txt-owner-id={owner}"));
        let run = run(program.arg(format!("--manifests={}", manifests.display())));
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    };
    let foreign = wanting("Ingress", "www", "203.0.113.8").replace("shop", "other-team");
    sync("other", &foreign, "--no-dry-run");
    let before =
        [wanting("Ingress", "api", "203.0.113.1"), wanting("Service", "old", "203.0.113.7")];
    sync("my-cluster", &before.concat(), "--no-dry-run");
    let now = [
        wanting("Ingress", "api", "203.0.113.2"),
        wanting("Service", "web", "203.0.113.10"),
        wanting("Ingress", "www", "203.0.113.9"),
    ];
    let printed = sync("my-cluster", &now.concat(), "--dry-run");
    let hash = |line: &str| match line.split_once("--plan-hash=") {
        Some((before, _)) => format!("{before}--plan-hash=HASH\n"),
        None => format!("{line}\n"),
    };
    let printed: String = printed.lines().map(hash).collect();
    let page = std::fs::read_to_string(root().join("README.md")).expect("the page");
    let block = page.split("```").find(|block| block.starts_with("\nplan for zonefile: "));
    assert_eq!(block.expect("a plan in README.md").trim_start(), printed);
}

/// `examples/recording` makes them; run it when this fails.
#[test]
fn the_pictures_of_the_readme_are_what_the_program_prints() {
    let bench = Bench::new();
    let mut script = std::process::Command::new(root().join("examples/recording"));
    script.arg(bench.path()).env("EXTERNAL_DNS", env!("CARGO_BIN_EXE_external-dns"));
    let made = run(&mut script);
    assert_eq!(made.code, 0, "{made:?}");
    for picture in ["plan.svg", "guard.svg"] {
        let kept =
            std::fs::read_to_string(root().join("examples").join(picture)).expect("a picture");
        assert_eq!(bench.read(picture), kept, "{picture}: run examples/recording");
    }
}
