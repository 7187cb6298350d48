//! How far a list has come.

use crate::page::Page;

/// Pages without an object that may follow each other. An API server fills every page but the last;
/// more than a few empty ones are a list that never ends.
const EMPTY_PAGES: u32 = 8;

/// How far a list has come, and whether it comes any further.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) objects: u64,
    pages: u64,
    empty_pages: u32,
    /// The token of an earlier page, renewed at every page whose number is a power of two: pages
    /// that go in a circle meet it, however long the circle is (Brent's algorithm).
    last_token: Option<String>,
}

impl Progress {
    /// Counts a page; or says why no page after it can be the last.
    pub(crate) fn advance(&mut self, page: &Page) -> Result<(), String> {
        self.objects += page.objects;
        let Some(next) = &page.next else { return Ok(()) };
        self.empty_pages = if page.objects == 0 { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= EMPTY_PAGES {
            return Err(format!(
                "{EMPTY_PAGES} pages in a row hold no object, and each names a next one"
            ));
        }
        if self.last_token.as_ref() == Some(next) {
            return Err("its pages lead in a circle (a continue token came back)".to_owned());
        }
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.last_token = Some(next.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;
    use crate::page::Page;

    /// How many pages are read until a list fails, for tokens that repeat after `lead` others.
    fn pages_until_circle(lead: usize, circle: usize) -> usize {
        let mut progress = Progress::default();
        let token = |page: usize| if page < lead { page } else { lead + (page - lead) % circle };
        let fails = |page: &usize| {
            let next = Some(token(*page).to_string());
            progress.advance(&Page { next, objects: 1, ..Page::default() }).is_err()
        };
        (0..1000).find(fails).expect("the circle is noticed")
    }

    #[test]
    fn every_circle_is_noticed_soon() {
        for lead in 0..20 {
            for circle in 1..20 {
                let pages = pages_until_circle(lead, circle);
                assert!(pages <= 3 * (lead + circle), "{lead} and {circle}: {pages}");
            }
        }
    }

    #[test]
    fn a_long_list_of_ever_new_pages_goes_on() {
        let mut progress = Progress::default();
        for page in 0..10_000 {
            let next = Some(page.to_string());
            assert!(
                progress
                    .advance(&Page { next, objects: u64::from(page % 3 == 0), ..Page::default() })
                    .is_ok()
            );
        }
        assert!(progress.advance(&Page::default()).is_ok());
        assert_eq!(progress.objects, 3334);
    }
}
