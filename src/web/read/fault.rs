//! What can be wrong with a field, in the visitor's words.

use crate::domain::phone::PhoneError;
use crate::lang::FieldTexts;
use std::collections::BTreeMap;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldFault {
    Empty,
    TooLong(usize),
    TooMany(usize),
    Strange,
    NotAHost,
    NotAnAddress(String),
    WrongScheme(String),
    NotPlain(String),
    NotOurs(String),
    UnknownChoice,
    KeyNeeded,
    KeysNeeded,
    /// The portal does not know the application of the stored keys any more.
    KeysStale,
    NotPem,
    NotSha256,
    NotABudget,
    /// No list of numbers and patterns.
    NotNumbers,
    /// No number of hours a call may last.
    NotHours,
    NotAnEmployee,
    /// No number of an employee.
    NobodysNumber,
    Number(PhoneError),
}

impl FieldFault {
    /// The sentence beside the field.
    pub(crate) fn text(&self, t: &FieldTexts) -> String {
        match self {
            Self::Empty => t.empty.to_owned(),
            Self::TooLong(max) => (t.too_long)(*max),
            Self::TooMany(max) => (t.too_many)(*max),
            Self::Strange => t.strange.to_owned(),
            Self::NotAHost => t.not_a_host.to_owned(),
            Self::NotAnAddress(text) => (t.not_an_address)(text),
            Self::WrongScheme(text) => (t.wrong_scheme)(text),
            Self::NotPlain(text) => (t.not_plain)(text),
            Self::NotOurs(text) => (t.not_ours)(text),
            Self::UnknownChoice => t.unknown_choice.to_owned(),
            Self::KeyNeeded => t.key_needed.to_owned(),
            Self::KeysNeeded => t.keys_needed.to_owned(),
            Self::KeysStale => t.keys_stale.to_owned(),
            Self::NotPem => t.not_pem.to_owned(),
            Self::NotSha256 => t.not_sha256.to_owned(),
            Self::NotABudget => t.not_a_budget.to_owned(),
            Self::NotNumbers => t.not_numbers.to_owned(),
            Self::NotHours => t.not_hours.to_owned(),
            Self::NobodysNumber => t.nobodys_number.to_owned(),
            Self::NotAnEmployee => t.not_an_employee.to_owned(),
            Self::Number(PhoneError::Empty) => t.no_digits.to_owned(),
            Self::Number(PhoneError::TooLong) => t.long_number.to_owned(),
            Self::Number(PhoneError::Strange(c)) => (t.strange_number)(*c),
            Self::Number(PhoneError::Unclear) => t.unclear_number.to_owned(),
        }
    }
}

/// The faults of one form, by field name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Faults(BTreeMap<&'static str, FieldFault>);

impl Faults {
    /// No fault.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// One fault.
    pub(crate) fn one(field: &'static str, fault: FieldFault) -> Self {
        Self([(field, fault)].into())
    }

    /// Notes a fault; the first one of a field stays.
    pub(crate) fn add(&mut self, field: &'static str, fault: FieldFault) {
        self.0.entry(field).or_insert(fault);
    }

    /// Takes the value, or notes the fault and gives the default.
    pub(crate) fn take<T: Default>(&mut self, field: &'static str, read: Result<T, FieldFault>) -> T {
        read.unwrap_or_else(|fault| {
            self.add(field, fault);
            T::default()
        })
    }

    /// Whether the form can be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentence beside a field; empty when it is right.
    pub(crate) fn text(&self, field: &str, t: &FieldTexts) -> String {
        self.0.get(field).map_or_else(String::new, |fault| fault.text(t))
    }

    /// All sentences, for scripts.
    pub(crate) fn json(&self, t: &FieldTexts) -> serde_json::Value {
        self.0
            .iter()
            .map(|(field, fault)| ((*field).to_owned(), fault.text(t).into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn the_first_fault_of_a_field_stays() {
        let mut faults = Faults::none();
        let value: String = faults.take("domain", Err(FieldFault::Empty));
        faults.add("domain", FieldFault::NotAHost);
        assert_eq!(value, "");
        assert_eq!(faults, Faults::one("domain", FieldFault::Empty));
        let t = &Lang::En.texts().field;
        assert_eq!(faults.text("domain", t), t.empty);
        assert_eq!(faults.text("name", t), "");
        assert_eq!(faults.json(t), serde_json::json!({ "domain": t.empty }));
    }

    #[test]
    fn sentences_name_what_was_typed() {
        let t = &Lang::En.texts().field;
        assert!(FieldFault::NotOurs("http://0.0.0.0".into()).text(t).contains("http://0.0.0.0"));
        assert!(FieldFault::TooLong(255).text(t).contains("255"));
        assert!(FieldFault::Number(PhoneError::Strange('д')).text(t).contains('д'));
    }
}
