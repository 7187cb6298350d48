//! Names and targets from templates: `--fqdn-template`, `--target-template` and `--fqdn-target-template`.

mod flags;
pub(crate) mod schemas;
mod viewed;

use std::sync::Arc;

use ecow::EcoString;
use extdns_template::{Fields, Object, RenderError, Source, SyntaxError, Template};

use crate::error::OptionsError;
use crate::fault::{Effect, Fault};
use crate::records::Pair;
pub(crate) use flags::TemplateFlags;
pub(crate) use viewed::{Templated, Viewed, Views};

/// The flag of the names.
const NAMES: &str = "fqdn-template";
/// The flag of the targets.
const TARGETS: &str = "target-template";
/// The flag of names with their target.
const PAIRS: &str = "fqdn-target-template";

/// What Go prints for something that is not there: no name and no target has it.
const NOT_THERE: [&str; 2] = ["<no value>", "<nil>"];

/// The templates of a run. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Templates(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    names: Option<Template>,
    targets: Option<Template>,
    pairs: Option<Template>,
    combines: bool,
    /// What `isSource` knows.
    sources: Vec<&'static str>,
}

/// A template that an object does not fit. What the object wants is not known.
#[derive(Debug, thiserror::Error)]
#[error("failed to apply its template: --{flag}: {error}")]
pub(crate) struct TemplateFault {
    /// The flag of the template.
    pub(crate) flag: &'static str,
    /// What is wrong.
    pub(crate) error: RenderError,
}

impl Fault for TemplateFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// What a template gives for an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Items {
    /// Sorted, each once.
    pub(crate) good: Vec<EcoString>,
    /// Those in which something is not there.
    pub(crate) bad: Vec<EcoString>,
}

impl Templates {
    fn parse(flags: &TemplateFlags, sources: Vec<&'static str>) -> Result<Self, OptionsError> {
        Ok(Self(Arc::new(Inner {
            names: parse(NAMES, &flags.fqdn_template)?,
            targets: parse(TARGETS, &flags.target_template)?,
            pairs: parse(PAIRS, &flags.fqdn_target_template)?,
            combines: flags.combine_fqdn_annotation,
            sources,
        })))
    }

    /// Whether an object can have names from the template of names or of pairs.
    pub(crate) fn make_names(&self) -> bool {
        self.has_names() || self.0.pairs.is_some()
    }

    /// Whether there is a template of names.
    pub(crate) fn has_names(&self) -> bool {
        self.0.names.is_some()
    }

    /// Whether what templates give is added to what the object itself has; else it stands in for that.
    pub(crate) fn combine(&self) -> bool {
        self.0.combines
    }

    /// Whether a template is asked, where the object has a record already or not.
    pub(crate) fn apply(&self, has_record: bool) -> bool {
        self.0.combines || !has_record
    }

    /// The fields that the templates of names and pairs read, and that of targets where the source uses it.
    pub(crate) fn fields(&self, with_targets: bool) -> Fields {
        let Inner { names, targets, pairs, .. } = &*self.0;
        let targets = targets.iter().filter(|_| with_targets);
        let mut all = Fields::default();
        names.iter().chain(pairs).chain(targets).for_each(|template| all.add(template.fields()));
        all
    }

    /// The names of an object.
    pub(crate) fn names(&self, object: &Arc<Object>, source: &str) -> Result<Items, TemplateFault> {
        self.items(NAMES, self.0.names.as_ref(), object, source)
    }

    /// The targets of an object.
    pub(crate) fn targets(
        &self,
        object: &Arc<Object>,
        source: &str,
    ) -> Result<Items, TemplateFault> {
        self.items(TARGETS, self.0.targets.as_ref(), object, source)
    }

    /// The names of an object with a target each, and what was left out.
    pub(crate) fn pairs(
        &self,
        object: &Arc<Object>,
        source: &str,
    ) -> Result<(Vec<Pair>, Vec<EcoString>), TemplateFault> {
        let Items { good, bad } = self.items(PAIRS, self.0.pairs.as_ref(), object, source)?;
        let pairs = good.iter().filter_map(|text| {
            let pair = Pair::parse(text);
            if pair.is_none() {
                tracing::debug!(text = %text, "skipping what is no pair of a name and a target");
            }
            pair
        });
        Ok((pairs.collect(), bad))
    }

    fn items(
        &self,
        flag: &'static str,
        template: Option<&Template>,
        object: &Arc<Object>,
        source: &str,
    ) -> Result<Items, TemplateFault> {
        let Some(template) = template else { return Ok(Items::default()) };
        let source = Source { name: source, all: &self.0.sources };
        match template.render(object, source) {
            Ok(text) => Ok(Items::of(&text)),
            Err(error) => Err(TemplateFault { flag, error }),
        }
    }
}

impl Items {
    /// The items of a list, each without white space around it and one final dot.
    fn of(text: &str) -> Self {
        let trimmed = text.split(',').map(str::trim);
        let items = trimmed.map(|item| item.strip_suffix('.').unwrap_or(item));
        let is_bad = |item: &&str| NOT_THERE.iter().any(|text| item.contains(text));
        let (bad, good): (Vec<&str>, Vec<&str>) =
            items.filter(|item| !item.is_empty()).partition(is_bad);
        let sorted = |mut items: Vec<&str>| {
            items.sort_unstable();
            items.dedup();
            items.into_iter().map(EcoString::from).collect()
        };
        Self { good: sorted(good), bad: sorted(bad) }
    }
}

/// A template, if one of the values is more than white space.
fn parse(flag: &'static str, values: &[String]) -> Result<Option<Template>, OptionsError> {
    if values.iter().all(|value| value.trim().is_empty()) {
        return Ok(None);
    }
    Template::parse(values).map(Some).map_err(|source: SyntaxError| {
        let text = values.get(source.index).cloned().unwrap_or_default();
        OptionsError::Template { flag, index: source.index, text, source }
    })
}

#[cfg(test)]
mod tests {
    use super::Items;

    #[test]
    fn items_are_trimmed_sorted_and_single() {
        let items = Items::of(" b.org. ,\n a.org,,a.org, <no value>.x.org, <nil>, . ");
        assert_eq!(items.good, ["a.org", "b.org"]);
        assert_eq!(items.bad, ["<nil>", "<no value>.x.org"]);
    }
}
