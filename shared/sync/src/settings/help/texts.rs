//! The texts beside the help of all flags.

use std::fmt::Write as _;

use clap::{Arg, Command};
use clap_complete::Shell;

use super::super::command;
use super::plain;

const PROGRAM: &str = "external-dns";

/// The help of one command: its own flags, and the areas of those that it shares.
pub(super) fn of_command(parser: &mut Command, word: &str, about: &str) -> String {
    let parser = plain(std::mem::take(parser));
    let is_own = |arg: &&Arg| arg.get_long().is_some_and(|flag| command::is_flag_of(flag, word));
    let own: Vec<Arg> = parser
        .get_arguments()
        .filter(is_own)
        .cloned()
        .map(|arg| arg.help_heading("Flags"))
        .collect();
    let operand = command::operand(word).map_or_else(String::new, |operand| format!(" {operand}"));
    let has_own = !own.is_empty();
    let mut page = Command::new(PROGRAM)
        .disable_help_flag(true)
        .max_term_width(100)
        .override_usage(format!("{PROGRAM} {word}{operand} [FLAGS]"))
        .help_template(if has_own {
            "{usage-heading} {usage}\n\n{all-args}"
        } else {
            "{usage-heading} {usage}\n"
        })
        .args(own);
    let mut text = format!("{word}: {about}\n\n{}", page.render_long_help());
    text.push_str("\nIt takes the flags of these areas, too; external-dns --help shows them:\n");
    let is_shared = |arg: &Arg| !arg.get_long().is_some_and(command::is_of_some);
    for (area, flags) in areas(&parser, is_shared) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {area:<28}{} flags, like --{}", flags.len(), flags[0]);
    }
    text
}

/// The headings of the help, with their flags.
fn areas(parser: &Command, is_shown: impl Fn(&Arg) -> bool) -> Vec<(String, Vec<String>)> {
    let mut areas: Vec<(String, Vec<String>)> = Vec::new();
    for arg in parser.get_arguments().filter(|arg| !arg.is_hide_set() && is_shown(arg)) {
        let (Some(heading), Some(flag)) = (arg.get_help_heading(), arg.get_long()) else {
            continue;
        };
        match areas.iter_mut().find(|(area, _)| area == heading) {
            Some((_, flags)) => flags.push(flag.to_owned()),
            None => areas.push((heading.to_owned(), vec![flag.to_owned()])),
        }
    }
    areas
}

/// The manual page, in the language of `man`.
pub(super) fn manual(parser: &mut Command) -> String {
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(plain(std::mem::take(parser))).render(&mut page);
    // Writing to memory cannot fail.
    debug_assert!(written.is_ok());
    String::from_utf8_lossy(&page).into_owned()
}

/// The script that completes the flags in a shell.
pub(super) fn completions(parser: &mut Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut plain(std::mem::take(parser)), PROGRAM, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The words that can stand where one begins like this: what the script of upstream's parser asks for.
pub(super) fn words(parser: &Command, begun: &str) -> String {
    let flags = parser.get_arguments().filter(|arg| !arg.is_hide_set());
    let flags = flags.filter_map(|arg| Some(format!("--{}", arg.get_long()?)));
    let all = command::words().map(str::to_owned).chain(flags);
    let is_asked = |word: &String| begun == "--completion-bash" || word.starts_with(begun);
    all.filter(is_asked).fold(String::new(), |text, word| text + &word + "\n")
}
