//! The fields of a form, decoded and checked for length and invisible characters.

use super::fault::FieldFault;
use url::form_urlencoded;

/// Longest ordinary field, in characters.
pub(super) const MAX_FIELD: usize = 255;
/// More fields than this are not looked at.
const MAX_FIELDS: usize = 20_000;

/// Decoded `application/x-www-form-urlencoded` pairs in the order they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// Decodes a body or a query; what is not UTF-8 becomes replacement characters.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().take(MAX_FIELDS).collect())
    }

    /// A field's text without surrounding blanks; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }

    /// Whether the form has the field at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// All pairs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.trim()))
    }

    /// One line that may be empty.
    pub(crate) fn line(&self, name: &str) -> Result<String, FieldFault> {
        let text = self.get(name);
        if text.chars().count() > MAX_FIELD {
            return Err(FieldFault::TooLong(MAX_FIELD));
        }
        if text.chars().any(|c| c.is_control() || c == '\u{fffd}') {
            return Err(FieldFault::Strange);
        }
        Ok(text.to_owned())
    }

    /// One line that must say something.
    pub(crate) fn needed(&self, name: &str) -> Result<String, FieldFault> {
        self.line(name).and_then(|text| if text.is_empty() { Err(FieldFault::Empty) } else { Ok(text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_decode_as_browsers_write_them() {
        let f = FormFields::parse(
            "name=%D0%A0%D0%BE%D0%B3%D0%B0+%26+%D0%9A%D0%BE%2B&phone=%2B7&empty=&bare&&=x&bad=%zz%4".as_bytes(),
        );
        assert_eq!(f.get("name"), "Рога & Ко+");
        assert_eq!(f.get("phone"), "+7");
        assert_eq!((f.get("empty"), f.has("empty"), f.has("bare"), f.has("other")), ("", true, true, false));
        assert_eq!(f.get("bad"), "%zz%4");
    }

    #[test]
    fn lines_have_limits() {
        let f = |v: &str| FormFields::parse(format!("a={v}").as_bytes());
        assert_eq!(f(&"%D1%8F".repeat(255)).line("a").expect("fits").chars().count(), 255);
        assert_eq!(f(&"y".repeat(256)).line("a"), Err(FieldFault::TooLong(255)));
        assert_eq!(f("x%00y").line("a"), Err(FieldFault::Strange));
        assert_eq!(f("x%0d%0ay").line("a"), Err(FieldFault::Strange));
        assert_eq!(f("%ff").line("a"), Err(FieldFault::Strange));
        assert_eq!(f("++").needed("a"), Err(FieldFault::Empty));
        assert_eq!(f("+x+").needed("a").as_deref(), Ok("x"));
        assert_eq!(FormFields::default().line("a").as_deref(), Ok(""));
    }
}
