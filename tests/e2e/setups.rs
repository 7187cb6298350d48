//! The pages of `docs/setups` and `docs/sources`: their objects are written to files, and their commands print what the page says.
//! `UPDATE_EXPECT=1` takes over what they print.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::Bench;

const HASH: &str = "--plan-hash=";

fn pages() -> Vec<PathBuf> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let folders = ["setups", "sources"].map(|name| std::fs::read_dir(docs.join(name)));
    let entries = folders.into_iter().flat_map(|folder| folder.expect("a folder of pages"));
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    pages.sort();
    pages
}

/// The page as the program makes it: every block `console` with what its command prints. Also how many there are.
fn told(page: &str) -> (String, usize) {
    let bench = Bench::new();
    let (mut text, mut commands) = (String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(text, "{line}");
        let Some(fence) = line.strip_prefix("```").filter(|fence| !fence.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = match fence.split_once(' ') {
            Some(("yaml", file)) => {
                bench.write(file, &(block.join("\n") + "\n"));
                block.join("\n")
            }
            _ if fence == "console" => {
                let command = block[0].strip_prefix("$ ").expect("a command stands first");
                commands += 1;
                format!("$ {command}\n{}", printed(&bench, command))
            }
            _ => block.join("\n"),
        };
        let _ = writeln!(text, "{}\n```", block.trim_end());
    }
    (text, commands)
}

/// What a command prints, with another word for the hash of a plan, which says nothing to a reader.
fn printed(bench: &Bench, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_external-dns"));
    let arguments = command.strip_prefix("external-dns ").expect("a command of the program");
    // The shell takes the quotes away, as it does for a reader.
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" {arguments}")]).arg(program);
    shell.env_clear().env("HOME", bench.path()).current_dir(bench.path()).stdin(Stdio::null());
    let output = shell.output().expect("a shell");
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 3)),
        "{command}: {code:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    match text.split_once(HASH) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
            format!("{before}{HASH}HASH{rest}")
        }
        None => text,
    }
}

#[test]
fn the_commands_of_every_page_print_what_it_says() {
    let mut commands = 0;
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        let (told, more) = told(&page);
        commands += more;
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, told).expect("the page is written");
        } else {
            assert!(told == page, "{} is not what runs:\n{told}", path.display());
        }
    }
    assert!(commands >= 36, "only {commands} commands were found");
}
