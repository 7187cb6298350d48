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
mod idle;
mod layer;
mod many;
mod origin;
mod process;
mod secrets;
mod show;
mod typed;

use clap::CommandFactory as _;

pub use arguments::{Arguments, ClusterEntry, DEFAULT_CLUSTER, TargetEntry};
pub use command::{Command, CommandArgs, ConfigAction, Output};
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
    let arguments = match file {
        None => layers.of_flags()?,
        Some(file) => layers.of_file(file)?,
    };
    Ok(Request::Run(arguments))
}

#[cfg(test)]
mod tests {
    use super::{Environment, Request, resolve};

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
        for words in [&["-h"][..], &["help"], &["plan", "-h"], &["--once", "--help"]] {
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
