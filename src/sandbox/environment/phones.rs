//! The simulated telephones on the simulated portal's page.

use super::SimulatedCompany;
use crate::sandbox::portal::{PhoneActions, PhoneError, PhoneFuture, PhoneMode, PhoneState};
use crate::sandbox::switch::{DomainHandle, PhoneStatus, Refusal, SwitchWorld};
use std::sync::Arc;
use tokio::sync::watch;

/// Numbers that ring several telephones, with what they are.
const SHARED: [(&str, &str); 3] =
    [("600", "группа · group"), ("601", "по очереди · hunt"), ("112", "очередь с IVR · queue")];

pub(super) struct Desk {
    switch: SwitchWorld,
    domain: DomainHandle,
}

impl Desk {
    pub(super) fn new(switch: SwitchWorld, company: &SimulatedCompany) -> Arc<Self> {
        let domain = switch.domain(&company.domain);
        Arc::new(Self { switch, domain })
    }
}

fn refused(refusal: &Refusal) -> PhoneError {
    PhoneError(refusal.to_string())
}

impl PhoneActions for Desk {
    fn ring<'a>(&'a self, number: &'a str, from: &'a str) -> PhoneFuture<'a> {
        Box::pin(async move {
            self.domain.external_call(from, number).await;
            Ok(())
        })
    }

    fn pick_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        Box::pin(async move { self.domain.phone(number).pick_up().await.map_err(|r| refused(&r)) })
    }

    fn hang_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        Box::pin(async move { self.domain.phone(number).hang_up().await.map_err(|r| refused(&r)) })
    }

    fn dial<'a>(&'a self, from: &'a str, to: &'a str) -> PhoneFuture<'a> {
        Box::pin(async move { self.domain.phone(from).dial(to).await.map(drop).map_err(|r| refused(&r)) })
    }

    fn remote_answer<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        Box::pin(async move {
            let call = self.domain.phone(number).state().and_then(|p| p.call);
            let call = call.ok_or_else(|| PhoneError("the telephone is in no call".into()))?;
            self.switch.remote_answers(call).await.map_err(|r| refused(&r))
        })
    }

    fn phones(&self) -> Vec<PhoneState> {
        let own = self.domain.phones().into_iter().map(|phone| PhoneState {
            number: phone.number,
            label: phone.name.unwrap_or_default(),
            state: match phone.status {
                PhoneStatus::Idle => PhoneMode::Idle,
                PhoneStatus::Ringing => PhoneMode::Ringing,
                PhoneStatus::Dialing => PhoneMode::Dialing,
                PhoneStatus::Talking => PhoneMode::Talking,
                PhoneStatus::Held => PhoneMode::Held,
            },
            remote: phone.remote,
            group: false,
        });
        let shared = SHARED.into_iter().map(|(number, label)| PhoneState {
            number: number.to_owned(),
            label: label.to_owned(),
            state: PhoneMode::Idle,
            remote: None,
            group: true,
        });
        own.chain(shared).collect()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.switch.subscribe()
    }
}
