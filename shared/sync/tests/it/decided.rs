//! `tests/decided.toml`: every number of the specification of plan, registries and command line has its test.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    defects: BTreeMap<String, Held>,
    cases: BTreeMap<String, Held>,
}

/// What holds a number, or for what it waits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    #[serde(default)]
    decided: String,
    /// The file of a test and its name; of several numbers the file alone.
    test: Option<String>,
    later: Option<String>,
    /// How many numbers there are, from 1 on.
    count: Option<usize>,
}

/// How many defects the specification lists.
const DEFECTS: usize = 25;
/// How its cases are called.
const CASES: [&str; 19] = [
    "C1", "C2", "C3", "C4", "D1", "D10", "D11", "D12", "D2", "D3", "D4", "D5", "D6", "D7", "D8",
    "D9", "S1", "V", "V13",
];

#[test]
fn every_number_of_the_specification_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("tests/decided.toml")).expect("the table");
    let Decided { defects, cases } = toml::from_str(&text).expect("TOML");
    let all: Vec<String> = (1..=DEFECTS).map(|number| number.to_string()).collect();
    assert!(all.iter().all(|number| defects.contains_key(number)) && defects.len() == DEFECTS);
    assert!(cases.keys().eq(CASES), "{:?}", cases.keys());
    for (number, held) in &defects {
        assert!(held.later.is_some() == held.decided.is_empty(), "defect {number}");
    }
    for (number, held) in defects.iter().chain(&cases) {
        let (test, later) = (held.test.as_deref(), held.later.as_deref());
        assert!(test.is_some() != later.is_some(), "{number} has a test, or waits for something");
        let Some(test) = test else { continue };
        let (file, name) = test.split_once(' ').unwrap_or((test, ""));
        let code = std::fs::read_to_string(root.join(file));
        let code = code.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
        match held.count {
            None => assert!(code.contains(&format!("fn {name}(")), "{number}: {test}"),
            Some(count) => {
                let is_there = |own: &usize| {
                    let quoted = format!("\"{number}{own}");
                    [' ', '"'].iter().any(|end| code.contains(&format!("{quoted}{end}")))
                };
                let missing: Vec<usize> = (1..=count).filter(|own| !is_there(own)).collect();
                assert_eq!(missing, [0; 0], "{number} in {file}");
            }
        }
    }
}
