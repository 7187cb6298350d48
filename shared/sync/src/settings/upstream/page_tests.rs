//! `docs/flags.md`: every flag by area.

use clap::{Arg, CommandFactory as _};

use super::super::Arguments;
use super::super::layer::variable_of;

/// Set to take the generated page over.
const UPDATE: &str = "UPDATE_EXPECT";

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flags.md");

const HEAD: &str = "# Flags\n\n\
    Every flag with its variable, its default and its meaning, as `external-dns --help` has them. The command line wins over\n\
    variables, and those win over the file of `--config`, where a flag stands in camelCase. A switch is written\n\
    `--events`, `--no-events` or `--events=true`. A list is given by repeating its flag; its variable has one entry on each\n\
    line. A duration is `90s`, `1h30m`, `2d` or `1w`. `@FILE` as an argument stands for the lines of that file.\n\n\
    `make docs` writes this page.\n";

#[test]
fn the_page_of_flags_is_that_of_the_parser() {
    let mut parser = Arguments::command();
    parser.build();
    let mut page = HEAD.to_owned();
    let mut area = None;
    for arg in parser.get_arguments() {
        let (Some(heading), Some(flag)) = (arg.get_help_heading(), arg.get_long()) else {
            continue;
        };
        if area != Some(heading) {
            page.push_str(&format!(
                "\n## {heading}\n\n| flag | default | meaning |\n| --- | --- | --- |\n"
            ));
            area = Some(heading);
        }
        page.push_str(&row(arg, flag));
    }
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(PAGE, &page).expect("page written");
    }
    let checked_in = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(checked_in == page, "docs/flags.md is out of date; {UPDATE}=1 takes the new one over");
}

fn row(arg: &Arg, flag: &str) -> String {
    let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy());
    let defaults: Vec<_> = defaults.filter(|value| !value.is_empty()).collect();
    let default = match (defaults.is_empty(), arg.is_required_set()) {
        (_, true) => "required".to_owned(),
        (true, false) => String::new(),
        (false, false) => format!("`{}`", defaults.join(",")),
    };
    let names: Vec<&str> =
        arg.get_value_names().into_iter().flatten().map(|name| name.as_str()).collect();
    let value = match names[..] {
        ["BOOL"] | [] => String::new(),
        _ => format!("={}", names.join(" ")),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name());
    let values: Vec<&str> =
        values.filter(|value| !matches!(*value, "" | "true" | "false")).collect();
    let one_of = match values.is_empty() || arg.is_hide_possible_values_set() {
        true => String::new(),
        false => format!(": `{}`", values.join("`, `")),
    };
    let cell = |text: String| text.replace('|', "\\|").replace('\n', " ");
    let variable = variable_of(flag);
    format!(
        "| `--{flag}{}` <br> `{variable}` | {} | {} |\n",
        cell(value),
        cell(default),
        cell(help + &one_of)
    )
}
