//! Where credentials, or what goes with them, were looked for: the message of every provider that found none.

use std::borrow::Cow;
use std::fmt;

/// The places in which credentials were looked for, in that order: what was found there, and what would be right.
///
/// ```
/// use extdns_auth::Tried;
///
/// let tried = Tried::default()
///     .place("the variable EXAMPLE_TOKEN", "not set", "set it to a token")
///     .place("the file /etc/example", "No such file or directory", "mount a token there");
/// assert_eq!(
///     tried.to_string(),
///     "no credentials in any of 2 places: (1) the variable EXAMPLE_TOKEN: not set; set it to a token. \
///      (2) the file /etc/example: No such file or directory; mount a token there"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    what: &'static str,
    places: Vec<Place>,
}

impl Default for Tried {
    fn default() -> Self {
        Self::of("credentials")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    place: Cow<'static, str>,
    found: Cow<'static, str>,
    remedy: Cow<'static, str>,
}

impl Tried {
    /// Of something else than credentials, in the words of a user: `project`.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        Self { what, places: Vec::new() }
    }

    /// With one more place, as the user knows it: a variable, a file, a flag, an address. `found` is what is wrong there
    /// (`not set`, what the system says of a file), `remedy` what would be right; both without a secret.
    #[must_use]
    pub fn place(
        mut self,
        place: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.places.push(Place { place: place.into(), found: found.into(), remedy: remedy.into() });
        self
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.what)?;
        match &self.places[..] {
            [] => Ok(()),
            [Place { place, found, remedy }] => write!(f, " in {place}: {found}; {remedy}"),
            places => {
                write!(f, " in any of {} places:", places.len())?;
                for (at, Place { place, found, remedy }) in places.iter().enumerate() {
                    let end = if at + 1 == places.len() { "" } else { "." };
                    write!(f, " ({}) {place}: {found}; {remedy}{end}", at + 1)?;
                }
                Ok(())
            }
        }
    }
}
