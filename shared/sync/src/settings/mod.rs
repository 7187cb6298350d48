//! From arguments and environment to settings.
//!
//! Each layer (command line, environment) is first only flag names with texts and the places where
//! they were written. Layers merge by name, and the result goes through clap as one canonical
//! argument list: clap holds the types and the defaults, and every error names the place where the
//! value stands. The environment is handed in as a value.

mod arguments;
mod command;
mod elsewhere;
mod environment;
mod error;
mod file;
mod help;
mod hints;
mod idle;
mod layer;
mod many;
mod origin;
mod process;
mod secrets;
mod show;
mod typed;
#[cfg(test)]
mod upstream;
mod values;

use clap::CommandFactory as _;

pub use arguments::{Arguments, ClusterEntry, DEFAULT_CLUSTER, TargetEntry};
pub use command::{Command, CommandArgs, ConfigAction, DumpForm, Output};
pub use environment::Environment;
pub use error::SettingsError;
pub use file::ConfigText;
pub use many::{config_place, load};
pub use origin::{Given, Origin};
pub use process::{LogFormat, LogLevel, ProcessArgs};
pub use show::show;

use file::FlagKeys;
use help::information;
use layer::{Flags, expand, merge, read_arguments, read_variables};
use many::Layers;

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// A run with these settings.
    Run(Box<Arguments>),
    /// Only a text: the help, the version.
    Show(String),
}

/// Resolves arguments and environment.
///
/// # Errors
/// The first thing that is wrong, with the place where it was written.
pub fn resolve(environment: &Environment) -> Result<Request, SettingsError> {
    secrets::register_variables(&environment.variables);
    let mut parser = Arguments::command();
    parser.build();
    if let Some(text) = information(&environment.arguments, &mut parser) {
        return Ok(Request::Show(text));
    }
    let flags = Flags::of(&parser);
    environment.check_text(&flags)?;
    let mut words = expand(environment.arguments.iter().cloned())?;
    secrets::register_words(&words);
    let command = Command::take(&mut words)?;
    let own = merge(vec![
        read_arguments(words, &flags)?,
        read_variables(&environment.variables, &flags)?,
    ]);
    let file = many::file(environment, &own, &FlagKeys::of(&parser, &flags))?;
    let layers = Layers { parser: &parser, flags: &flags, command, own };
    let mut arguments = match file {
        None => layers.of_flags()?,
        Some(file) => layers.of_file(file)?,
    };
    arguments.hints = hints::of(&arguments.given, &environment.variables, &parser, &flags);
    Ok(Request::Run(arguments))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Arguments, Environment, Request, resolve};

    fn resolved(words: &[&str]) -> Result<Request, String> {
        let arguments = words.iter().map(|word| (*word).to_owned()).collect();
        resolve(&Environment { arguments, ..Environment::default() })
            .map_err(|error| error.to_string())
    }

    fn shown(words: &[&str]) -> Option<String> {
        match resolved(words) {
            Ok(Request::Show(text)) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn help_is_shown_however_it_is_asked_for() {
        let help = shown(&["--help"]).expect("a text");
        for words in [&["-h"][..], &["help"], &["--help-long"], &["--once", "--help"]] {
            assert_eq!(shown(words).as_ref(), Some(&help), "{words:?}");
        }
        assert_eq!(shown(&["-V"]), shown(&["--version"]));
        for words in [&["--once", "-h"][..], &["--", "--help"], &["--txt-suffix", "-h"]] {
            assert_eq!(shown(words), None, "{words:?}");
        }
    }

    #[test]
    fn help_says_what_it_is_then_how_to_use_it_then_the_commands() {
        let help = shown(&["--help"]).expect("a text");
        let at = |part: &str| help.find(part).unwrap_or_else(|| panic!("{part} in {help}"));
        let order = [
            "Keeps DNS zones",
            "Usage:",
            "  plan ",
            "\nCommands and reports:",
            "\nRun:",
            "Exit codes:",
        ];
        assert!(order.map(at).is_sorted(), "{help}");
        // A switch takes a value only behind an equals sign, and an empty default is none.
        for noise in ["[<BOOL>]", "possible values: true", "[default: \"\"]", "see a summary"] {
            assert!(!help.contains(noise), "{noise}");
        }
    }

    #[test]
    fn the_help_of_a_command_has_its_own_flags_and_the_areas_of_the_others() {
        let help = shown(&["plan", "--help"]).expect("a text");
        assert_eq!(shown(&["plan", "-h"]).as_ref(), Some(&help));
        let head = "plan: show what a run would change, and why; nothing is written\n\nUsage: external-dns plan [FLAGS]\n";
        assert!(help.starts_with(head), "{help}");
        for own in ["--detailed-exitcode", "--output <FORMAT>", "\n  Run  ", "\n  Provider aws  "] {
            assert!(help.contains(own), "{own}: {help}");
        }
        for foreign in ["--plan-hash", "--queue-url <", "--pdns-api-key <"] {
            assert!(!help.contains(foreign), "{foreign}: {help}");
        }
        let adopt = shown(&["adopt", "--help"]).expect("a text");
        assert!(adopt.contains("external-dns adopt NAME.. [FLAGS]"), "{adopt}");
        assert!(shown(&["doctor", "--help"]).is_some_and(|help| !help.contains("Flags:")));
    }

    /// What tells what a flag is: a sentence, behind which others may say what follows from it, and its default.
    #[test]
    fn every_flag_has_a_sentence_and_its_default() {
        let help = shown(&["--help"]).expect("a text");
        let mut parser = Arguments::command();
        parser.build();
        for arg in parser.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let Some(flag) = arg.get_long() else { continue };
            let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(about.len() >= 10 && !about.ends_with('.'), "{flag}: {about}");
            assert!(about.starts_with(char::is_uppercase), "{flag}: {about}");
            let begins = |line: &&str| {
                let shown =
                    line.strip_prefix("      --").or(line.trim_start().strip_prefix("-h, --"));
                let shown = shown.or(line.trim_start().strip_prefix("-V, --"));
                let rest = shown.and_then(|shown| shown.strip_prefix(flag));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '[', '=']))
            };
            let lines = help.lines().skip_while(|line| !begins(line));
            let mut lines = lines.peekable();
            assert!(lines.peek().is_some(), "{flag} is missing");
            let head = lines.next().into_iter();
            let rest = lines.take_while(|line| !line.starts_with("      --"));
            let own = head.chain(rest).collect::<Vec<_>>().join(" ");
            let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy());
            for value in defaults.filter(|value| !value.is_empty()) {
                assert!(own.contains("[default: ") && own.contains(&*value), "{flag}: {own}");
            }
        }
    }

    #[test]
    fn completions_and_the_manual_page_know_every_flag() {
        let scripts =
            ["--completion-script-bash", "--completion-script-zsh", "--completion-script-fish"];
        let bash = shown(&["--completion-bash", "--txt-own"]);
        assert_eq!(bash.as_deref(), Some("--txt-owner-id\n"));
        assert_eq!(shown(&["--completion-bash", "rel"]).as_deref(), Some("release\nrelay\n"));
        let man = shown(&["--help-man"]).expect("a text").replace('\\', "");
        let texts = scripts.map(|flag| shown(&[flag]).unwrap_or_else(|| panic!("{flag}")));
        for flag in ["txt-owner-id", "source", "aws-zone-type", "once"] {
            assert!(man.contains(&format!("--{flag}")), "{flag}: {man}");
            assert!(texts.iter().all(|text| text.contains(flag)), "{flag}");
        }
    }

    #[test]
    fn mistakes_are_reported_with_the_remedy() {
        let table: [(&[&str], &str); 5] = [
            (&["-x"], "unexpected -x (argument 1); flags begin with two dashes, like --once"),
            (
                &["paln"],
                "unexpected paln (argument 1); did you mean the command plan, as the first word?",
            ),
            (
                &["doctor", "--out=x"],
                "flag '--out' (argument 2) is for plan, apply, gc, adopt, release and transfer only",
            ),
            (
                &["plan"],
                "required flag(s) '--source', '--provider' not provided; --help lists all flags",
            ),
            (
                &["plan", "--max-delete-percent=many", "--source=fake", "--provider=inmemory"],
                "flag '--max-delete-percent' (argument 2): 'many' is no whole number",
            ),
        ];
        for (words, expected) in table {
            assert_eq!(resolved(words).err().as_deref(), Some(expected));
        }
    }
}
