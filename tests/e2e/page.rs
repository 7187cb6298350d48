//! The page of `--output=html` in a browser: it fits narrow and wide screens, its filters and its sorting work, and without
//! scripts it is a table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use extdns_testkit::browser::{Browser, Scripts, Tab};
use serde_json::Value;

use crate::program::{Bench, external_dns, run};

const NARROW: u32 = 400;
const WIDE: u32 = 1400;
/// `docs/report.md` says how long it takes on a quiet machine. This is for one that builds at the same time, and keeps out what
/// grows with the square of the changes.
const LOADED_WITHIN: f64 = 5_000.0;

/// A plan with as many updates and deletes as are said, as many records of others that are held, and the rest of the changes
/// creates: in two zones, for ten namespaces.
struct Plan {
    changes: usize,
    each: usize,
}

const SMALL: Plan = Plan { changes: 3, each: 0 };
const LARGE: Plan = Plan { changes: 5_000, each: 1_000 };

impl Plan {
    fn zone(number: usize) -> &'static str {
        if number.is_multiple_of(2) { "example.org" } else { "example.net" }
    }

    fn manifest(&self) -> String {
        let (deletes, rest) = (self.each, self.changes - self.each);
        let mut text = String::new();
        for number in deletes..deletes + rest {
            let (zone, team) = (Self::zone(number), number % 10);
            write!(
                text,
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: team-{team}\n  name: n{number}\n  \
                 annotations: {{ external-dns.kubernetes.io/hostname: n{number}.{zone} }}\n\
                 spec: {{ type: LoadBalancer }}\n\
                 status: {{ loadBalancer: {{ ingress: [ {{ ip: 203.0.113.1 }} ] }} }}\n"
            )
            .expect("memory takes everything");
        }
        text
    }

    /// What is in a zone: first what is to be deleted, then what is to be updated, then what others own.
    fn records(&self, zone: &str) -> String {
        let mut text = format!(
            "$ORIGIN {zone}.\n$TTL 300\n@ IN SOA ns.{zone}. host.{zone}. 1 7200 3600 1209600 300\n@ IN NS ns.{zone}.\n\
             ; BEGIN external-dns\n"
        );
        for number in (0..3 * self.each).filter(|number| Self::zone(*number) == zone) {
            let (owner, object) = match number < 2 * self.each {
                true => ("e2e", "n"),
                false => ("somebody-else", "theirs"),
            };
            write!(
                text,
                "n{number} IN A 192.0.2.9\n\
                 a-n{number} IN TXT \"heritage=external-dns,external-dns/owner={owner},external-dns/resource=service/team-{}/{object}{number}\"\n",
                number % 10
            )
            .expect("memory takes everything");
        }
        text + "; END external-dns\n"
    }

    /// Writes the page of the plan.
    fn page(&self, bench: &Bench) -> PathBuf {
        let manifests = bench.write("cluster.yaml", &self.manifest());
        for zone in ["example.org", "example.net"] {
            bench.write(&format!("zones/{zone}.zone"), &self.records(zone));
        }
        let page = bench.path().join("plan.html");
        let planned = run(external_dns(bench.path())
            .args(["plan", "--output=html", "--source=service", "--provider=zonefile"])
            .args(["--txt-owner-id=e2e", "--policy=sync", "--no-guard"])
            .arg(format!("--zonefile-dir={}", bench.path().join("zones").display()))
            .arg(format!("--manifests={}", manifests.display()))
            .arg(format!("--out={}", page.display())));
        assert_eq!(planned.code, 0, "{planned:?}");
        page
    }
}

/// How much wider the document is than the screen.
fn overflow(tab: &mut Tab<'_>) -> Value {
    tab.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

/// When everything was loaded, in milliseconds from the start.
fn load_time(tab: &mut Tab<'_>) -> f64 {
    let entry = "performance.getEntriesByType('navigation')[0].loadEventEnd";
    // The load event is still being told about when the browser says that it was fired.
    let told = format!("new Promise((tell) => setTimeout(() => tell({entry}), 0))");
    tab.eval(&told).as_f64().expect("a number")
}

/// The texts of the visible cells of a column.
fn column(tab: &mut Tab<'_>, index: usize) -> Vec<String> {
    let cells = format!(
        "[...document.querySelectorAll('#table tbody tr')].map((row) => row.cells[{index}].textContent)"
    );
    let texts = tab.eval(&cells);
    let texts = texts.as_array().expect("a list").iter();
    texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
}

fn shown_rows(tab: &mut Tab<'_>) -> Value {
    tab.eval("[...document.querySelectorAll('#table tr')].filter((row) => row.cells[0].tagName === 'TD' && row.offsetHeight).length")
}

/// Chooses a value of the filter of this name, and says what the page then counts.
fn choose(tab: &mut Tab<'_>, filter: &str, value: &str) -> String {
    let label = format!(
        "[...document.querySelectorAll('label')].find((own) => own.firstChild.data.trim() === '{filter}')"
    );
    let script = format!(
        "{{ const select = {label}.querySelector('select'); select.value = '{value}'; select.onchange(); \
         if (select.value !== '{value}') throw new Error([...select.options].map((own) => own.value)); \
         document.getElementById('count').textContent }}"
    );
    tab.eval(&script).as_str().expect("a text").to_owned()
}

fn search(tab: &mut Tab<'_>, words: &str) -> Value {
    tab.eval(&format!(
        "{{ const search = document.getElementById('search'); search.value = '{words}'; search.oninput(); \
         document.getElementById('count').textContent }}"
    ))
}

fn sort_by_name(tab: &mut Tab<'_>) -> String {
    tab.eval("document.querySelector('th.name').click()");
    column(tab, NAME).swap_remove(0)
}

const ACTION: usize = 0;
const NAME: usize = 2;
const ZONE: usize = 5;
const NAMESPACE: usize = 8;

fn it_fits(browser: &mut Browser, page: &Path, changes: usize) {
    for width in [NARROW, WIDE] {
        let mut tab = browser.tab(width, Scripts::On);
        tab.open(page);
        assert_eq!(overflow(&mut tab), 0, "{changes} changes, {width} pixels");
        let took = load_time(&mut tab);
        assert!(took < LOADED_WITHIN, "{changes} changes, {width} pixels: {took} ms");
        tab.eval("document.getElementById('tab').click()");
        assert_eq!(overflow(&mut tab), 0, "the picture of {changes} changes, {width} pixels");
        assert_ne!(tab.eval("document.querySelector('#graph svg').clientHeight"), 0);
    }
}

#[tokio::test]
async fn three_changes_fit_every_screen() {
    let test = "three_changes_fit_every_screen";
    let Some(mut browser) = Browser::start_or_skip(test).await else { return };
    let bench = Bench::new();
    let page = SMALL.page(&bench);
    it_fits(&mut browser, &page, SMALL.changes);
    let mut tab = browser.tab(WIDE, Scripts::On);
    tab.open(&page);
    assert_eq!(shown_rows(&mut tab), 3);
    assert_eq!(search(&mut tab, "n1."), "1 of 3 changes");
    assert_eq!(column(&mut tab, NAME), ["n1.example.net"]);
    let mut tab = browser.tab(NARROW, Scripts::Off);
    tab.open(&page);
    assert_eq!(shown_rows(&mut tab), 3);
}

#[tokio::test]
async fn five_thousand_changes_are_filtered_and_sorted() {
    let test = "five_thousand_changes_are_filtered_and_sorted";
    let Some(mut browser) = Browser::start_or_skip(test).await else { return };
    let bench = Bench::new();
    let page = LARGE.page(&bench);
    it_fits(&mut browser, &page, LARGE.changes);

    let mut tab = browser.tab(WIDE, Scripts::On);
    tab.open(&page);
    assert_eq!(shown_rows(&mut tab), 100);
    assert!(column(&mut tab, ACTION).iter().all(|text| text == "- delete"), "deletes come first");
    tab.eval("document.getElementById('more').click()");
    assert_eq!(shown_rows(&mut tab), 1_100);

    let of = "of 5000 changes";
    assert_eq!(choose(&mut tab, "action", "update"), format!("1000 {of}"));
    assert!(column(&mut tab, ACTION).iter().all(|text| text == "~ update"));
    assert_eq!(choose(&mut tab, "zone", "example.net"), format!("500 {of}"));
    assert!(column(&mut tab, ZONE).iter().all(|text| text == "example.net"));
    assert_eq!(choose(&mut tab, "namespace", "team-7"), format!("100 {of}"));
    assert!(column(&mut tab, NAMESPACE).iter().all(|text| text == "team-7"));
    assert_eq!(search(&mut tab, "n1007.example"), format!("1 {of}"));
    assert_eq!(column(&mut tab, NAME), ["n1007.example.net"]);
    for filter in ["action", "zone", "namespace"] {
        choose(&mut tab, filter, "");
    }
    search(&mut tab, "");
    assert_eq!(choose(&mut tab, "owner", "somebody-else"), format!("1000 {of}"));
    assert_eq!(choose(&mut tab, "owner", ""), format!("5000 {of}, the first 1100 are shown"));
    let reason = "held back: the name belongs to owner \"somebody-else\"";
    assert_eq!(choose(&mut tab, "held because", reason), format!("1000 {of}"));
    assert!(column(&mut tab, ACTION).iter().all(|text| text == "= held"));
    choose(&mut tab, "held because", "");

    // By their numbers, and not by their digits.
    assert_eq!(sort_by_name(&mut tab), "n0.example.org");
    assert_eq!(column(&mut tab, NAME)[10], "n10.example.org");
    assert_eq!(sort_by_name(&mut tab), "n4999.example.net");
    assert_eq!(choose(&mut tab, "action", "update"), format!("1000 {of}"));
    assert_eq!(column(&mut tab, NAME)[0], "n1999.example.net");

    let mut tab = browser.tab(WIDE, Scripts::Off);
    tab.open(&page);
    assert_eq!(shown_rows(&mut tab), 5_000, "all of them, without scripts");
    assert_eq!(tab.eval("document.getElementById('filters').offsetHeight"), 0);
    assert_eq!(overflow(&mut tab), 0);
}
