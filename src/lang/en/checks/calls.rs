//! Cards that did not open, in English.

use crate::domain::card_outcomes::CardOutcome;
use crate::domain::checks::calls::CallsFinding;
use crate::lang::checks::FindingText;

pub(in crate::lang) fn text(finding: &CallsFinding) -> FindingText {
    let CallsFinding::Cards { outcomes } = finding;
    let asked = outcomes.get(&CardOutcome::Asked).copied().unwrap_or_default();
    if outcomes.is_empty() {
        return FindingText::new("No card was needed in the last day, or the service was started lately.");
    }
    let text = FindingText::new(if outcomes.keys().all(|outcome| *outcome == CardOutcome::Asked) {
        "The portal has taken on all cards of the last day."
    } else {
        "Some cards of the last day did not open."
    });
    let mut text = text.seen(format!("Opened by the portal: {asked}."));
    for (outcome, times) in outcomes {
        let (seen, todo) = match outcome {
            CardOutcome::Asked => continue,
            CardOutcome::NobodysNumber => {
                ("The number belongs to nobody", "Give the numbers to employees on the tab “Users”.")
            }
            CardOutcome::TooLate => (
                "The portal was told after the call had ended",
                "The call's story says when the portal did not answer or limited requests.",
            ),
            CardOutcome::Refused => ("The portal did not take the call", "Its answer stands in the call's story."),
            CardOutcome::NotRecorded => {
                ("Too many calls waited for the portal", "See to it that the portal takes requests again.")
            }
        };
        text = text.seen(format!("{seen}: {times}.")).todo(todo);
    }
    text
}
