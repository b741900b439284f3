//! The languages of the pages: which one a visitor reads, and every text of every page in each of them.
//!
//! The texts are one typed table per language (`Texts`), so a text that is missing in one language does
//! not compile.

mod click;
mod count;
mod en;
mod ru;
mod state_text;
mod texts;

pub(crate) use click::ClickTexts;
pub(crate) use count::lasting;
pub(crate) use state_text::{ConnectionText, Tone, phase, tone};
pub(crate) use texts::{
    CallTexts, CardTexts, CompanyTexts, EmployeeTexts, ErrorTexts, FieldTexts, LinkTexts, LoginTexts, StateText,
    StateTexts, Texts,
};

/// A language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Russian.
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
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        [Self::Ru, Self::En].into_iter().find(|l| l.code().eq_ignore_ascii_case(primary))
    }

    /// The language to answer an `Accept-Language` header in: the best-loved one of ours; Russian when
    /// nothing is said, English for those who named only languages we do not have.
    pub fn accepted(header: Option<&str>) -> Self {
        let Some(header) = header.map(str::trim).filter(|h| !h.is_empty()) else {
            return Self::Ru;
        };
        let mut best: Option<(Self, f32)> = None;
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or_default();
            let weight = pieces
                .find_map(|p| p.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()))
                .unwrap_or(1.0);
            let lang = if tag.trim() == "*" { Some(Self::Ru) } else { Self::of_tag(tag) };
            if let Some(lang) = lang
                && weight > best.map_or(0.0, |(_, w)| w)
            {
                best = Some((lang, weight));
            }
        }
        best.map_or(Self::En, |(lang, _)| lang)
    }

    /// All texts in this language.
    pub(crate) const fn texts(self) -> &'static Texts {
        match self {
            Self::Ru => &ru::RU,
            Self::En => &en::EN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_comes_first_and_weights_count() {
        for (header, want) in [
            (None, Lang::Ru),
            (Some(""), Lang::Ru),
            (Some("*"), Lang::Ru),
            (Some("ru,en;q=0.9"), Lang::Ru),
            (Some("ru;q=0.5,en"), Lang::En),
            (Some("en-US,en;q=0.9,ru;q=0.8"), Lang::En),
            (Some("de-DE,de;q=0.9,ru;q=0.8,en;q=0.3"), Lang::Ru),
            (Some("de-DE,de"), Lang::En),
            (Some("RU_ru"), Lang::Ru),
            (Some("ru;q=0,en;q=0.1"), Lang::En),
            (Some("english"), Lang::En),
            (Some(";;q=x,"), Lang::En),
        ] {
            assert_eq!(Lang::accepted(header), want, "{header:?}");
        }
    }
}
