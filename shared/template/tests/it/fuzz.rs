//! Texts that nobody would write: whatever they are, parsing and rendering them ends without a panic.

use std::path::Path;

use extdns_template::Template;
use proptest::prelude::*;

use super::support::{SOURCE, service, unstructured};

fn try_out(text: &str) {
    let Ok(template) = Template::parse(&[text]) else { return };
    for object in [service(), unstructured()] {
        let _ = template.render(&object, SOURCE);
    }
}

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = std::fs::read_to_string(folder.join("templates.txt")).expect("the corpus");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_corpus_ends_without_a_panic() {
    let corpus = corpus();
    assert!(corpus.len() > 20);
    corpus.iter().for_each(|text| try_out(text));
}

/// How many texts are tried; `FUZZ_CASES` says how many where one has the time.
fn cases() -> u32 {
    std::env::var("FUZZ_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(4000)
}

/// Words that templates are made of, so that many of the texts are templates.
fn words() -> Vec<String> {
    let mut words: Vec<String> = corpus()
        .iter()
        .flat_map(|line| line.split_inclusive([' ', '}', '{', '.', '(', ')', '|', '"']))
        .map(str::to_owned)
        .collect();
    words.sort();
    words.dedup();
    words
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_templates_end_without_a_panic(
        line in proptest::sample::select(corpus()),
        word in proptest::sample::select(words()),
        (from, length) in (0_usize..200, 0_usize..20),
    ) {
        let chars: Vec<char> = line.chars().collect();
        let from = from.min(chars.len());
        let until = (from + length).min(chars.len());
        let text: String = chars[..from].iter().copied().chain(word.chars()).chain(chars[until..].iter().copied()).collect();
        try_out(&text);
    }

    #[test]
    fn words_in_any_order_end_without_a_panic(words in proptest::collection::vec(proptest::sample::select(words()), 0..40)) {
        try_out(&words.concat());
    }
}
