//! The sentences a manager reads in the portal's list of calls, in the portal's language.

use super::{Lang, en, ru};
use crate::domain::call::Reason;

/// Why a call ended so, where the status alone says too little.
pub(crate) const fn reason(lang: Lang, reason: Reason) -> &'static str {
    match lang {
        Lang::Ru => ru::reasons::text(reason),
        Lang::En => en::reasons::text(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, Reason};
    use crate::domain::call::DialFailure;

    #[test]
    fn each_reason_has_a_sentence_in_each_language() {
        for reason in [Reason::EndUnknown, Reason::NoLeg, Reason::Dial(DialFailure::Busy)] {
            let (russian, english) = (super::reason(Lang::Ru, reason), super::reason(Lang::En, reason));
            assert!(russian.chars().any(|c| ('а'..='я').contains(&c)), "{russian}");
            assert!(english.is_ascii() && !english.is_empty(), "{english}");
        }
    }
}
