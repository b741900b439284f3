//! `telephony.externalCall.show` and `…hide`

use super::{HIDE, SHOW};
use crate::bitrix::answer::RestAnswer;
use crate::bitrix::batch::BatchCommand;
use crate::bitrix::lenient;
use crate::domain::{CrmCallId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Opens or closes the card of one call for some users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cards {
    pub call: CrmCallId,
    /// Never empty.
    pub users: Vec<UserId>,
}

impl Cards {
    /// Opens the card. The portal answers `false` if it does not know the call; `true` does not prove that a card is
    /// visible.
    pub fn show(&self) -> BatchCommand {
        BatchCommand::new(SHOW, self.params())
    }

    /// Closes the card. After the finish of the call it does nothing and is answered with `false`.
    pub fn hide(&self) -> BatchCommand {
        BatchCommand::new(HIDE, self.params())
    }

    /// What the portal has answered.
    pub fn read(answer: &RestAnswer) -> bool {
        lenient::flag(&answer.result).unwrap_or(false)
    }

    /// Parameters as the portal wants them: one user as a number, several as an array.
    fn params(&self) -> Value {
        let users = match self.users.as_slice() {
            [one] => json!(one),
            many => json!(many),
        };
        json!({ "CALL_ID": self.call, "USER_ID": users })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_is_a_number_and_several_are_an_array() {
        let cards = |users: &[i64]| Cards { call: "c".into(), users: users.iter().copied().map(UserId).collect() };
        assert_eq!(cards(&[7]).params(), json!({"CALL_ID": "c", "USER_ID": 7}));
        assert_eq!(cards(&[7, 8]).params(), json!({"CALL_ID": "c", "USER_ID": [7, 8]}));
    }
}
