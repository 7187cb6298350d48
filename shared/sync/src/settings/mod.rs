//! From arguments and environment to settings.
//!
//! Each layer (command line, environment) is first only flag names with texts and the places where
//! they were written. Layers merge by name, and the result goes through clap as one canonical
//! argument list: clap holds the types and the defaults, and every error names the place where the
//! value stands. The environment is handed in as a value.

mod command;
mod elsewhere;
mod entries;
mod error;
mod file;
mod idle;
mod layer;
mod many;
mod origin;
mod process;
mod secrets;
mod show;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::ParseIntError;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

pub use command::{Command, CommandArgs, ConfigAction, Output};
pub use entries::{ClusterEntry, DEFAULT_CLUSTER, TargetEntry};
pub use error::SettingsError;
pub use file::ConfigText;
pub use layer::Given;
pub use many::{config_place, load};
pub use origin::Origin;
pub use process::{LogFormat, LogLevel, ProcessArgs};
pub use show::show;

use file::FlagKeys;
use layer::{Flags, expand, merge, read_arguments, read_variables};
use many::Layers;

use crate::exit::ExitCode;

/// Everything that a process is given from outside.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The arguments, without the program's name.
    pub arguments: Vec<String>,
    /// The environment variables.
    pub variables: BTreeMap<String, String>,
    /// The home directory, for `~/.kube/config`.
    pub home: Option<PathBuf>,
    /// The configuration file, where `--config` names one: [`load`] reads it.
    pub config: Option<ConfigText>,
    /// Arguments and variables that are not UTF-8: they are reported when they would be read.
    pub not_text: Vec<Origin>,
}

impl Environment {
    /// What the system hands to a process.
    #[must_use]
    pub fn of(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut environment = Self::default();
        for (index, argument) in arguments.into_iter().enumerate() {
            match argument.into_string() {
                Ok(text) => environment.arguments.push(text),
                Err(_) => environment.not_text.push(Origin::Argument(index + 1)),
            }
        }
        for (name, value) in variables {
            if name == "HOME" {
                environment.home = Some(PathBuf::from(&value));
            }
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(text) => drop(environment.variables.insert(name, text)),
                Err(_) => environment.not_text.push(Origin::Variable(name)),
            }
        }
        environment
    }

    /// The first thing that would be read and is no text.
    fn check_text(&self, flags: &Flags) -> Result<(), SettingsError> {
        let is_read = |origin: &&Origin| match origin {
            Origin::Variable(name) => {
                flags.iter().any(|(flag, _)| layer::variable_of(flag) == *name)
                    || READ.iter().any(|start| name.starts_with(start))
                    || name.to_ascii_uppercase().ends_with("_PROXY")
            }
            _ => true,
        };
        match self.not_text.iter().find(is_read) {
            Some(origin) => Err(SettingsError::NotUtf8 { origin: origin.clone() }),
            None => Ok(()),
        }
    }

    /// What clusters need to know of it.
    #[must_use]
    pub fn for_clusters(&self) -> extdns_clusters::Environment {
        let get = |name: &str| self.variables.get(name).filter(|value| !value.is_empty()).cloned();
        extdns_clusters::Environment {
            home: self.home.clone(),
            kubeconfig: get("KUBECONFIG"),
            kubernetes_service_host: get("KUBERNETES_SERVICE_HOST"),
            kubernetes_service_port: get("KUBERNETES_SERVICE_PORT"),
            service_account: None,
            pod_namespace: get("POD_NAMESPACE"),
            https_proxy: get("HTTPS_PROXY").or_else(|| get("https_proxy")),
            no_proxy: get("NO_PROXY").or_else(|| get("no_proxy")),
            lambda_function: get("AWS_LAMBDA_FUNCTION_NAME"),
            aws: extdns_auth::AwsVariables::of(&self.variables),
        }
    }
}

/// Beginnings of the names of variables that are read beside those of flags.
const READ: [&str; 5] = ["AWS_", "KUBECONFIG", "KUBERNETES_", "POD_NAMESPACE", "SSL_CERT_"];

/// Every flag, one struct per area.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "external-dns",
    version,
    about = "Keeps DNS zones equal to what Kubernetes clusters expose.",
    max_term_width = 100,
    override_usage = "external-dns [COMMAND] [FLAGS]",
    help_template = "{about}\n\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}",
    before_help = command::help(),
    after_help = after_help()
)]
pub struct Arguments {
    /// What is asked for.
    #[arg(skip)]
    pub command: Command,
    /// The flags that are given, in layers: the first of a name counts.
    #[arg(skip)]
    pub given: Vec<Given>,
    /// The flags that are given and that the provider does not use.
    #[arg(skip)]
    pub without_effect: Vec<Given>,
    /// The clusters of the run, in order; at least one.
    #[arg(skip)]
    pub cluster_entries: Vec<ClusterEntry>,
    /// The targets of the run, in order; at least one.
    #[arg(skip)]
    pub target_entries: Vec<TargetEntry>,
    /// What only some commands take.
    #[command(flatten)]
    pub commands: CommandArgs,
    /// The run itself.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// Where clusters are.
    #[command(flatten)]
    pub clusters: extdns_clusters::Args,
    /// What is read from them.
    #[command(flatten)]
    pub sources: extdns_sources::Args,
    /// What is planned.
    #[command(flatten)]
    pub plan: extdns_plan::Args,
    /// Who owns records.
    #[command(flatten)]
    pub registry: extdns_registry::Args,
    /// Where records live.
    #[command(flatten)]
    pub providers: extdns_providers::Args,
    /// What runs leave for the next.
    #[command(flatten)]
    pub state: extdns_state::Args,
}

impl Arguments {
    /// Whether the objects of a cluster come from standard input.
    #[must_use]
    pub fn reads_input(&self) -> bool {
        self.cluster_entries.iter().any(ClusterEntry::reads_input)
    }
}

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

/// `--help` and `--version` win over everything, but only on the command line and only in front of
/// `--`. Their short forms count where the first flag can stand: further on they may be a value.
fn information(arguments: &[String], parser: &mut clap::Command) -> Option<String> {
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

/// One canonical argument. Whole numbers may come in the forms of upstream's parser, `1e3` and
/// `10.9` among them.
fn canonical(given: &Given, flags: &Flags) -> String {
    let text = match flags.get(&given.flag) {
        Some(flag) if flag.integer => whole_number(&given.text),
        _ => None,
    };
    format!("--{}={}", given.flag, text.as_deref().unwrap_or(&given.text))
}

fn whole_number(text: &str) -> Option<String> {
    if text.parse::<i64>().is_ok() {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|number| number.to_string());
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then(|| format!("{:.0}", number.trunc()))
}

/// A clap error in our words: which flag, where it was written, what would be right.
fn explain(error: &clap::Error, given: &[Given]) -> SettingsError {
    let flag = |value: &str| {
        let name = value.trim_start_matches('-');
        name.split([' ', '=']).next().unwrap_or(name).to_owned()
    };
    if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg)
    {
        let flags = missing.iter().map(|name| flag(name)).collect();
        return SettingsError::Required { flags };
    }
    let (Some(ContextValue::String(name)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return SettingsError::Invalid(error.to_string());
    };
    let name = flag(name);
    let problem = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
            let not_here = elsewhere::not_here(&name, value);
            format!("enum value must be one of {}, got '{value}'{not_here}", valid.join(","))
        }
        _ => match std::error::Error::source(error) {
            Some(source) if source.is::<ParseIntError>() => format!("'{value}' is no whole number"),
            Some(source) => source.to_string(),
            None => format!("cannot be '{value}'"),
        },
    };
    let origin = given
        .iter()
        .find(|given| given.flag == name && given.text == *value)
        .or_else(|| given.iter().find(|given| given.flag == name))
        .map_or(Origin::Argument(0), |given| given.origin.clone());
    SettingsError::Value { flag: name, origin, problem }
}

fn after_help() -> String {
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
