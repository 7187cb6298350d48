//! Texts that nobody would write: whatever they are, parsing and rendering them ends without a panic.

use std::path::Path;

use extdns_fuzz::{changed, fuzz};
use extdns_template::Template;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;

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

#[test]
fn changed_templates_end_without_a_panic() {
    let texts = (select(corpus()), any::<usize>(), 0_usize..20, select(words()));
    fuzz(&texts, |(line, from, length, word)| try_out(&changed(&line, from, length, &word)));
}

#[test]
fn words_in_any_order_end_without_a_panic() {
    fuzz(&vec(select(words()), 0..40), |words| try_out(&words.concat()));
}
