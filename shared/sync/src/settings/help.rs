//! What the program says of its own command line: help, manual page, completions.

mod texts;

use std::fmt::Write as _;

use clap_complete::Shell;

use super::command;
use crate::exit::ExitCode;

/// The texts that the command line can ask for: `--help` and `--version`, and the hidden flags of upstream's parser.
/// They win over everything, but only on the command line and only in front of `--`. The short forms count where the
/// first flag can stand: further on they may be a value.
pub(super) fn information(arguments: &[String], parser: &mut clap::Command) -> Option<String> {
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    let first = words.iter().position(|word| !command::is_command(word));
    let asked = words.iter().position(is_long).or(first)?;
    let of_command = words.first().filter(|_| asked > 0).and_then(|word| command::about(word));
    Some(match *words.get(asked)? {
        "--help" | "-h" | "help" => match (of_command, words.first()) {
            (Some(about), Some(word)) => texts::of_command(parser, word, about),
            _ => help(parser),
        },
        "--help-long" => help(parser),
        "--help-man" => texts::manual(parser),
        "--version" | "-V" => parser.render_version(),
        "--completion-script-bash" => texts::completions(parser, Shell::Bash),
        "--completion-script-zsh" => texts::completions(parser, Shell::Zsh),
        "--completion-script-fish" => texts::completions(parser, Shell::Fish),
        "--completion-bash" => texts::words(parser, words.last().copied().unwrap_or_default()),
        _ => return None,
    })
}

fn is_long(word: &&str) -> bool {
    matches!(*word, "--help" | "--version" | "--help-long" | "--help-man" | "--completion-bash")
        || word.starts_with("--completion-script-")
}

/// The text of `--help`.
fn help(parser: &mut clap::Command) -> String {
    plain(std::mem::take(parser)).render_long_help().to_string()
}

/// What all flags of a kind have in common is not said of each.
fn plain(parser: clap::Command) -> clap::Command {
    let plain = |arg: clap::Arg| {
        let is_switch = arg.get_value_names().is_some_and(|names| *names == ["BOOL"]);
        let is_empty = arg.get_default_values().iter().all(|value| value.is_empty());
        match arg.get_id().as_str() {
            "help" => arg.help("Print this").long_help(None),
            _ if is_switch => arg.require_equals(true).hide_possible_values(true),
            _ => arg.hide_default_value(is_empty),
        }
    };
    parser.mut_args(plain)
}

/// What stands below all flags.
pub(super) fn after_help() -> String {
    let mut text = String::from(
        "Every flag can stand in a variable: --txt-owner-id is EXTERNAL_DNS_TXT_OWNER_ID. Lists have \
         one entry a line there.\nThe command line wins over the environment. @FILE as an argument \
         stands for the lines of that file.\n--help-man prints a manual page, and --completion-script-bash, \
         -zsh and -fish what completes these flags.\n\nExit codes:\n",
    );
    for code in ExitCode::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}  {}", code.number(), code.meaning());
    }
    text
}
