//! The sentences a manager reads in the portal's list of calls, in the portal's language.

mod en;
mod ru;

use crate::domain::call::Reason;
use crate::domain::language::Language;

/// Why a call ended so, where the status alone says too little.
pub(super) const fn text(language: Language, reason: Reason) -> &'static str {
    match language {
        Language::Russian => ru::text(reason),
        Language::English => en::text(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::DialFailure;

    #[test]
    fn each_reason_has_a_sentence_in_each_language() {
        for reason in [Reason::EndUnknown, Reason::NoLeg, Reason::Dial(DialFailure::Busy)] {
            let (russian, english) = (text(Language::Russian, reason), text(Language::English, reason));
            assert!(russian.chars().any(|c| ('а'..='я').contains(&c)), "{russian}");
            assert!(english.is_ascii() && !english.is_empty(), "{english}");
        }
    }
}
