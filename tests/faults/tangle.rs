//! What people and switches do in calls that are hard to follow.

use super::script::{Actor, Kind, pause};
use super::traffic::Seat;
use ecss_crm_server::sandbox::switch::{CallId, Refusal};

/// Seconds more for each of two who talk one after the other: a number that is shown for a moment is nobody's.
const LASTS: f64 = 2.5;

/// What a switch shows before it knows who calls.
const TECHNICAL: [&str; 2] = ["91201", ""];

impl Actor {
    /// Plays such a call to its end.
    pub(super) async fn tangle(&mut self, kind: Kind, seats: &[Seat]) -> Result<(), Refusal> {
        let phone = self.domain.phone(&seats[0].number);
        let client = self.number.clone();
        match kind {
            Kind::Moved => {
                let mut call = self.answered(&client, &seats[0]).await?;
                for _ in 0..=self.dice.below(3) {
                    self.talk().await;
                    call = self.switch.move_call(call, self.dice.coin())?;
                }
                self.talk_and_end(call, &seats[0]).await
            }
            Kind::MovedRinging => {
                let call = self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                let call = self.switch.move_call(call, self.dice.coin())?;
                self.ring().await;
                phone.pick_up().await?;
                self.talk_and_end(call, &seats[0]).await
            }
            Kind::Parked => {
                self.answered(&client, &seats[0]).await?;
                self.talk().await;
                let parking = phone.park().await?;
                self.ring().await;
                self.domain.phone(&seats[1].number).take_back("*69", parking).await?;
                self.talk_and_end(parking, &seats[1]).await
            }
            Kind::PickedUp => {
                self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                let call = self.domain.phone(&seats[1].number).dial(&format!("*8{}", seats[0].number)).await?;
                self.talk_and_end(call, &seats[1]).await
            }
            Kind::Joined => {
                let call = self.answered(&client, &seats[0]).await?;
                self.talk().await;
                phone.dial(&seats[1].number).await?;
                self.ring().await;
                self.domain.phone(&seats[1].number).pick_up().await?;
                self.talk().await;
                phone.transfer(&seats[1].number).await?;
                self.talk_and_end(call, &seats[1]).await
            }
            Kind::Technical => {
                let first = TECHNICAL[self.dice.below(TECHNICAL.len())];
                let call = self.domain.external_call(first, &seats[0].number).await;
                self.ring().await;
                if self.dice.coin() {
                    phone.remote_becomes(&client)?;
                    self.ring().await;
                } else {
                    phone.remote_will_be(&client)?;
                }
                phone.pick_up().await?;
                self.talk_and_end(call, &seats[0]).await
            }
            Kind::HandedOver => {
                let call = self.answered(&client, &seats[0]).await?;
                self.talk().await;
                pause(LASTS).await;
                // Another number of the same series, with another end.
                phone.remote_becomes(&format!("+78{}", client.trim_start_matches("+79").replace('0', "5")))?;
                pause(LASTS).await;
                self.talk_and_end(call, &seats[0]).await
            }
            Kind::Code => {
                phone.dial(&format!("*21*{}#", client.trim_start_matches('+'))).await?;
                self.ring().await;
                phone.hang_up().await
            }
            Kind::Forgotten => {
                let call = if self.dice.below(3) == 0 {
                    self.domain.external_call(&client, &seats[0].number).await
                } else {
                    self.answered(&client, &seats[0]).await?
                };
                self.talk().await;
                self.switch.forget_call(call)?;
                self.switch.remote_hangs_up(call).await
            }
            other => unreachable!("{other:?} is easy to follow"),
        }
    }

    async fn answered(&mut self, client: &str, seat: &Seat) -> Result<CallId, Refusal> {
        let call = self.domain.external_call(client, &seat.number).await;
        self.ring().await;
        self.domain.phone(&seat.number).pick_up().await?;
        Ok(call)
    }
}
