//! One company's connection to its switch: attempts, fail-over, back-off, and what the admin should know of it.

use super::noise::Noise;
use crate::clock::{Clock, Mark, random_unit};
use crate::domain::company::SwitchSettings;
use crate::domain::leg::{Capabilities, LegEvent, SwitchEvent};
use crate::domain::link::{LinkFault, LinkState, retry_delay};
use crate::domain::reach::Networks;
use crate::ecss::{self, Commander, Connection, Dialect, Heard};
use crate::http::{Trusted, tls_config};
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

/// A connection that has held this long starts its back-off anew when it breaks.
const STABLE: Duration = Duration::from_secs(10);

/// A switch that lets us in is not left alone for long when it drops us again, however often it does (seconds, not a
/// minute): calls pass unheard meanwhile.
const SHORT_LIVED: u32 = 4;

/// Bytes of news that may wait for the actor, beside the number of frames: with legs of half a kilobyte each, sixteen
/// seconds at 2,000 a second. Then the socket is not read until there is room, and TCP holds the switch back.
const MOST_WAITING: usize = 16 << 20;

/// What a piece of memory takes beside its contents, about.
const OVERHEAD: usize = 24;

/// About how many bytes a frame's legs take, never more than there is room for.
fn weight(legs: &[LegEvent]) -> u32 {
    let texts = |leg: &LegEvent| {
        let remote = leg.remote.as_ref().map(|number| number.as_str().len());
        let optional = [&leg.call_ref, &leg.display_name].into_iter().flatten().map(String::len);
        let always = [leg.leg.as_str().len(), leg.call.as_str().len(), leg.own.as_str().len()];
        always.into_iter().chain(remote).chain(optional).map(|length| length + OVERHEAD).sum::<usize>()
    };
    let legs: usize = legs.iter().map(|leg| size_of::<LegEvent>() + texts(leg)).sum();
    let bytes = size_of::<LinkNews>() + OVERHEAD + legs;
    u32::try_from(bytes.min(MOST_WAITING)).unwrap_or(u32::MAX)
}

/// What all connections share.
#[derive(Clone)]
pub struct LinkTools {
    /// How the switch spells things; replaced on reload, used from the next attempt on.
    pub dialect: Arc<ArcSwap<Dialect>>,
    /// How far the addresses of switches may lead.
    pub networks: Networks,
    /// CAs.
    pub trusted: Trusted,
    /// Zone of the switch's local times.
    pub zone: TimeZone,
    /// Time.
    pub clock: Clock,
}

/// What the actor hears.
#[derive(Debug)]
pub(super) enum LinkNews {
    /// Events flow from now on.
    Up {
        /// Since when.
        at: Mark,
        /// Takes commands for the switch.
        commander: Commander,
        /// Which of them it honours.
        can: Capabilities,
    },
    /// Legs of one frame.
    Legs {
        /// When the frame was read from the socket: calls are timed by that, however long it waits here.
        at: Mark,
        /// In the frame's order.
        legs: Vec<LegEvent>,
        /// The memory they take while they wait.
        room: OwnedSemaphorePermit,
    },
    /// Events may be missed from now on.
    Down {
        /// Since when.
        at: Mark,
    },
}

impl LinkNews {
    /// The moment it is about.
    pub const fn at(&self) -> Mark {
        match self {
            Self::Up { at, .. } | Self::Legs { at, .. } | Self::Down { at } => *at,
        }
    }
}

/// Keeps the connection until the actor goes away. Settings may change at any time.
pub(super) async fn run(
    tools: LinkTools,
    mut settings: watch::Receiver<Option<Arc<SwitchSettings>>>,
    news: mpsc::Sender<LinkNews>,
    state: watch::Sender<LinkState>,
) {
    let room = Arc::new(Semaphore::new(MOST_WAITING));
    loop {
        let current = settings.borrow_and_update().clone();
        let Some(current) = current else {
            state.send_replace(LinkState::NotConfigured);
            if settings.changed().await.is_err() {
                return;
            }
            continue;
        };
        let keeper = Keeper { tools: &tools, settings: &current, news: &news, room: &room, state: &state };
        tokio::select! {
            why = keeper.keep() => {
                let Some(why) = why else { return };
                tracing::warn!(%why, "no further attempts until the settings change");
                state.send_replace(LinkState::NeedsAdmin { since: tools.clock.now(), why });
                if settings.changed().await.is_err() {
                    return;
                }
            }
            changed = settings.changed() => {
                if changed.is_err() || news.send(LinkNews::Down { at: tools.clock.mark() }).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Tries the settings once, address by address, and closes again.
pub(super) async fn check(tools: &LinkTools, settings: &SwitchSettings) -> Result<(), LinkFault> {
    let mut last = LinkFault::Unreachable("no address is given".into());
    for address in &settings.addresses {
        match connect(tools, settings, address).await {
            Ok(connection) => {
                connection.close().await;
                return Ok(());
            }
            Err(why) => last = why,
        }
    }
    Err(last)
}

async fn connect(tools: &LinkTools, settings: &SwitchSettings, address: &str) -> Result<Connection, LinkFault> {
    let tls = tls_config(&tools.trusted, &settings.trust).map_err(|e| LinkFault::Protocol(e.to_string()))?;
    let dialect = tools.dialect.load_full();
    ecss::connect(settings, address, tools.networks, dialect, tls, tools.zone.clone(), tools.clock.clone()).await
}

struct Keeper<'a> {
    tools: &'a LinkTools,
    settings: &'a SwitchSettings,
    news: &'a mpsc::Sender<LinkNews>,
    room: &'a Arc<Semaphore>,
    state: &'a watch::Sender<LinkState>,
}

impl Keeper<'_> {
    /// Returns the fault only a person can mend, or `None` when the actor is gone.
    async fn keep(&self) -> Option<LinkFault> {
        let clock = &self.tools.clock;
        let (mut at, mut failures, mut hopeless) = (0, 0_u32, 0);
        let mut since = clock.now();
        loop {
            let address = &self.settings.addresses[at % self.settings.addresses.len()];
            self.state.send_replace(LinkState::Connecting { since: clock.now() });
            let why = match connect(self.tools, self.settings, address).await {
                Ok(connection) => {
                    let began = clock.now();
                    hopeless = 0;
                    let why = self.listen(connection, address).await?;
                    since = clock.now();
                    failures = if clock.now().since(began) >= STABLE { 0 } else { failures.min(SHORT_LIVED) };
                    // A node that has just worked is tried again before the next one.
                    why
                }
                Err(why) => {
                    at += 1;
                    hopeless = if why.may_retry() { 0 } else { hopeless + 1 };
                    why
                }
            };
            if hopeless >= self.settings.addresses.len() {
                return Some(why);
            }
            failures += 1;
            let delay = retry_delay(failures, random_unit());
            tracing::warn!(address, %why, delay_ms = delay.as_millis(), "the switch is not connected");
            self.state.send_replace(LinkState::Waiting { since, until: clock.now() + delay, why });
            tokio::time::sleep(delay).await;
        }
    }

    /// Passes events on until the connection breaks.
    async fn listen(&self, mut connection: Connection, address: &str) -> Option<LinkFault> {
        let clock = &self.tools.clock;
        tracing::info!(address, "connected to the switch");
        let up = LinkNews::Up { at: clock.mark(), commander: connection.commander(), can: connection.capabilities() };
        self.news.send(up).await.ok()?;
        self.state.send_replace(LinkState::Online { since: clock.now(), address: address.to_owned() });
        let mut noise = Noise::default();
        let why = loop {
            match connection.next().await {
                Ok(Heard { at, event: SwitchEvent::Legs(legs) }) => {
                    let room = self.room.clone().acquire_many_owned(weight(&legs)).await.ok()?;
                    self.news.send(LinkNews::Legs { at, legs, room }).await.ok()?;
                }
                Ok(Heard { event: SwitchEvent::Unknown(sample), .. }) => {
                    tracing::debug!(sample, "a frame nobody knows");
                    if let Some(frames) = noise.heard(clock.now()) {
                        tracing::info!(address, frames, "the switch has sent frames nobody knows");
                    }
                }
                Err(why) => break why,
            }
        };
        self.news.send(LinkNews::Down { at: clock.mark() }).await.ok()?;
        Some(why)
    }
}
