//! The language of what the program says to a person at a terminal.

use crate::domain::language::Lang;

/// By the environment, as POSIX orders it.
pub(super) fn language() -> Lang {
    of(|name| std::env::var(name).ok())
}

/// The first variable that is set and not empty decides; `C`, `POSIX` and none at all mean English.
fn of(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    // ru_RU.UTF-8, ru_RU@variant, ru
    let name = locale.as_deref().and_then(|locale| locale.split(['.', '@']).next()).unwrap_or("C");
    Lang::of_portal(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language_of(set: &[(&str, &str)]) -> Lang {
        of(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_locale_names_the_language_and_none_is_english() {
        for (locale, language) in [
            ("ru_RU.UTF-8", Lang::Ru),
            ("ru", Lang::Ru),
            ("ru_UA@variant", Lang::Ru),
            ("en_GB.UTF-8", Lang::En),
            ("de_DE", Lang::En),
            ("C", Lang::En),
            ("C.UTF-8", Lang::En),
            ("POSIX", Lang::En),
        ] {
            assert_eq!(language_of(&[("LANG", locale)]), language, "{locale}");
        }
        assert_eq!(language_of(&[]), Lang::En);
    }

    #[test]
    fn the_first_variable_that_says_something_decides() {
        let (russian, english) = ("ru_RU.UTF-8", "en_US.UTF-8");
        assert_eq!(language_of(&[("LC_MESSAGES", english), ("LANG", russian)]), Lang::En);
        assert_eq!(language_of(&[("LC_ALL", russian), ("LC_MESSAGES", english)]), Lang::Ru);
        assert_eq!(language_of(&[("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", russian)]), Lang::Ru);
        assert_eq!(language_of(&[("LC_ALL", "C"), ("LANG", russian)]), Lang::En);
    }
}
