//! The call as people see it.

use super::leg::Leg;
use super::state::Call;
use crate::domain::card::{CallView, ClickView, LegView, Phase};
use crate::domain::leg::Direction;
use crate::domain::numbers::Party;

impl Call {
    /// What cards and the list of active calls show.
    pub fn view(&self) -> CallView {
        let employees = || self.legs.iter().filter(|l| l.owner.is_some());
        let mut legs: Vec<LegView> = self.legs.iter().map(leg_view).collect();
        if legs.is_empty()
            && let Some(click) = &self.click
            && let Some(from) = click.dialling.from()
        {
            // Between the click and the phone's first ring there is no leg yet, but there is something to see.
            legs.push(LegView {
                leg: None,
                owner: Some(click.user),
                own: from.clone(),
                remote: click.dialling.to().cloned(),
                party: Party::Client,
                display_name: None,
                direction: Direction::Out,
                phase: if self.is_over() { Phase::Ended } else { Phase::Dialing },
                answered_at: None,
            });
        }
        CallView {
            key: self.key.clone(),
            crm: self.crm.iter().filter_map(|c| c.crm.clone()).collect(),
            started_at: self.started_at,
            internal: employees().next().is_some() && employees().all(|l| l.party.colleague().is_some()),
            ended: legs.iter().all(|l| l.phase == Phase::Ended),
            legs,
            click: self.click.as_ref().map(|c| ClickView { user: c.user, facts: c.facts.clone() }),
        }
    }
}

fn leg_view(leg: &Leg) -> LegView {
    LegView {
        leg: Some(leg.id.clone()),
        owner: leg.owner,
        own: leg.own.clone(),
        remote: leg.remote.clone(),
        party: leg.party,
        display_name: leg.display_name.clone(),
        direction: leg.direction,
        phase: leg.state().into(),
        answered_at: leg.answered_at(),
    }
}
