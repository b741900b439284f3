//! The language of what the program says to a person at a terminal.

use crate::domain::language::Language;

/// By the environment, as POSIX orders it.
pub(super) fn language() -> Language {
    of(|name| std::env::var(name).ok())
}

/// The first variable that is set and not empty decides; `C`, `POSIX` and none at all mean English.
fn of(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    // ru_RU.UTF-8, ru_RU@variant, ru
    let name = locale.as_deref().and_then(|locale| locale.split(['.', '@']).next()).unwrap_or("C");
    Language::of_code(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language_of(set: &[(&str, &str)]) -> Language {
        of(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_locale_names_the_language_and_none_is_english() {
        for (locale, language) in [
            ("ru_RU.UTF-8", Language::Russian),
            ("ru", Language::Russian),
            ("ru_UA@variant", Language::Russian),
            ("en_GB.UTF-8", Language::English),
            ("de_DE", Language::English),
            ("C", Language::English),
            ("C.UTF-8", Language::English),
            ("POSIX", Language::English),
        ] {
            assert_eq!(language_of(&[("LANG", locale)]), language, "{locale}");
        }
        assert_eq!(language_of(&[]), Language::English);
    }

    #[test]
    fn the_first_variable_that_says_something_decides() {
        let (russian, english) = ("ru_RU.UTF-8", "en_US.UTF-8");
        assert_eq!(language_of(&[("LC_MESSAGES", english), ("LANG", russian)]), Language::English);
        assert_eq!(language_of(&[("LC_ALL", russian), ("LC_MESSAGES", english)]), Language::Russian);
        assert_eq!(language_of(&[("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", russian)]), Language::Russian);
        assert_eq!(language_of(&[("LC_ALL", "C"), ("LANG", russian)]), Language::English);
    }
}
