//! The languages that people read here.

/// A language that texts for people are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Russian; also where it is not known, as the product's users read it.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// The value of HTML's `lang` attribute.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The language named by a tag such as `en-GB`, if it is one of ours.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = primary(tag);
        [Self::Ru, Self::En].into_iter().find(|lang| lang.code() == primary)
    }

    /// The language to write to a portal's people in, by the portal's code (`ru`, `kz`, `by`, `en`, `de`, …).
    pub fn of_portal(code: &str) -> Self {
        match primary(code).as_str() {
            "" | "ru" | "kz" | "by" | "be" => Self::Ru,
            _ => Self::En,
        }
    }
}

/// What a tag begins with, in small letters.
fn primary(tag: &str) -> String {
    tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portals_code_names_a_language_and_nothing_is_russian() {
        for (code, lang) in [
            ("ru", Lang::Ru),
            ("RU-ru", Lang::Ru),
            ("kz", Lang::Ru),
            ("", Lang::Ru),
            ("en", Lang::En),
            ("de", Lang::En),
        ] {
            assert_eq!(Lang::of_portal(code), lang, "{code}");
        }
    }

    #[test]
    fn a_tag_names_only_what_we_have() {
        for (tag, lang) in [("en-GB", Some(Lang::En)), (" RU_ru", Some(Lang::Ru)), ("de", None), ("english", None)] {
            assert_eq!(Lang::of_tag(tag), lang, "{tag}");
        }
    }
}
