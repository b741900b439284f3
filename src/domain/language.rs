//! The language a portal shows its people.

/// A language that texts for a portal are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Also where it is not known: the product's users read it.
    #[default]
    Russian,
    /// For all the others.
    English,
}

impl Language {
    /// By the portal's code (`ru`, `kz`, `by`, `en`, `de`, …) in any case.
    pub fn of_code(code: &str) -> Self {
        match code.trim().to_ascii_lowercase().split(['-', '_']).next().unwrap_or_default() {
            "" | "ru" | "kz" | "by" | "be" => Self::Russian,
            _ => Self::English,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_a_language_and_nothing_is_russian() {
        for (code, language) in [
            ("ru", Language::Russian),
            ("RU-ru", Language::Russian),
            ("kz", Language::Russian),
            ("", Language::Russian),
            ("en", Language::English),
            ("de", Language::English),
        ] {
            assert_eq!(Language::of_code(code), language, "{code}");
        }
    }
}
