//! The help of the command line.

use super::command;
use crate::exit::ExitCode;

/// `--help` and `--version` win over everything, but only on the command line and only in front of
/// `--`. Their short forms count where the first flag can stand: further on they may be a value.
pub(super) fn information(arguments: &[String], parser: &mut clap::Command) -> Option<String> {
    let is_long = |word: &&str| matches!(*word, "--help" | "--version");
    let words = || arguments.iter().map(String::as_str);
    let first = words().find(|word| !command::is_command(word));
    let asked = words().take_while(|word| *word != "--").find(is_long).or(first)?;
    match asked {
        "--help" | "-h" | "help" => Some(help(parser)),
        "--version" | "-V" => Some(parser.render_version()),
        _ => None,
    }
}

/// The text of `--help`. What all flags of a kind have in common is not said of each.
fn help(parser: &mut clap::Command) -> String {
    let plain = |arg: clap::Arg| {
        let is_switch = arg.get_value_names().is_some_and(|names| *names == ["BOOL"]);
        let is_empty = arg.get_default_values().iter().all(|value| value.is_empty());
        match arg.get_id().as_str() {
            "help" => arg.help("Print this").long_help(None),
            _ if is_switch => arg.require_equals(true).hide_possible_values(true),
            _ => arg.hide_default_value(is_empty),
        }
    };
    std::mem::take(parser).mut_args(plain).render_long_help().to_string()
}

/// What stands below all flags.
pub(super) fn after_help() -> String {
    let mut text = String::from(
        "Every flag can stand in a variable: --txt-owner-id is EXTERNAL_DNS_TXT_OWNER_ID. Lists have \
         one entry a line there.\nThe command line wins over the environment. @FILE as an argument \
         stands for the lines of that file.\n\nExit codes:\n",
    );
    for code in ExitCode::ALL {
        text.push_str(&format!("  {}  {}\n", code.number(), code.meaning()));
    }
    text
}
