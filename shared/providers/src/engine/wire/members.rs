//! Values whose words are members of a JSON object.

use ecow::EcoString;
use extdns_model::{RecordSet, RecordType};
use serde_json::{Value, json};

use super::Form;
use crate::engine::text;
use crate::{ErrorKind, ProviderError};

impl Form {
    /// The values of a set, each an object with its `content`, and that it is not switched off (`disabled`): the API of
    /// PowerDNS, and those made after it.
    #[must_use]
    pub fn contents(&self, set: &RecordSet) -> Value {
        let value =
            |it: &EcoString| json!({ "content": self.value(set.rtype, it), "disabled": false });
        set.targets.iter().map(value).collect()
    }
}

/// The members of a value, in the order of its words. All but the last are numbers.
///
/// ```
/// use extdns_providers::engine::wire::Members;
/// use serde_json::json;
///
/// const MX: Members = Members(&["preference", "exchange"]);
///
/// let mx = json!({ "preference": 10, "exchange": "mail.example.org" });
/// assert_eq!(MX.read(&mx).as_deref(), Some("10 mail.example.org"));
/// assert_eq!(MX.write("10 mail.example.org"), Some(mx));
/// assert_eq!(MX.write("mail.example.org"), None);
/// assert_eq!(MX.write_or_whole("mail.example.org"), json!({ "exchange": "mail.example.org" }));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Members(pub &'static [&'static str]);

impl Members {
    /// The values of a set, each in its members. A text is a list of strings that have at most 255 bytes.
    ///
    /// # Errors
    /// When a value has other words.
    pub fn of_set(&self, form: &Form, set: &RecordSet) -> Result<Vec<Value>, ProviderError> {
        let item = |target: &str| {
            match (set.rtype, form.value(set.rtype, target)) {
            (RecordType::Txt, text) => Ok(json!({ self.0.concat(): text::cut_into_strings(&text) })),
            (_, value) => self.write(&value).ok_or_else(|| {
                let form =
                    "needs to be of form '10 example.com' (MX) or '10 20 5060 sip.example.com' (SRV)";
                let message = format!("{} target {target:?} {form}", set.rtype);
                ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message)
            }),
        }
        };
        set.targets.iter().map(|target| item(target)).collect()
    }

    /// A value in its members; `None` if it has other words.
    #[must_use]
    pub fn write(&self, value: &str) -> Option<Value> {
        let words: Vec<&str> = value.split(' ').collect();
        let (last, numbers) = words.split_last().filter(|_| words.len() == self.0.len())?;
        let numbers = numbers.iter().map(|word| word.parse::<u16>().ok().map(Value::from));
        let values = numbers.chain([Some(Value::from(*last))]);
        let pairs = self.0.iter().zip(values).map(|(name, value)| Some(((*name).into(), value?)));
        Some(Value::Object(pairs.collect::<Option<_>>()?))
    }

    /// A value in its members; whole in the last one if it has other words, for the API to refuse, and if it is a text.
    #[must_use]
    pub fn write_or_whole(&self, value: &str) -> Value {
        let last = self.0.last().copied().unwrap_or_default();
        self.write(value).unwrap_or_else(|| json!({ last: value }))
    }

    /// The value of these members; `None` if one is missing or all are empty. The strings of a list are one text.
    #[must_use]
    pub fn read(&self, item: &Value) -> Option<String> {
        let words = self.0.iter().map(|name| match &item[*name] {
            Value::String(word) => Some(word.clone()),
            Value::Array(strings) => Some(strings.iter().filter_map(Value::as_str).collect()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        Some(words.collect::<Option<Vec<String>>>()?.join(" ")).filter(|value| !value.is_empty())
    }
}
