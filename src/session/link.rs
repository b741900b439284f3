//! One company's connection to its switch: attempts, fail-over, back-off, and what the admin should know of it.

use super::log_limiter::LogLimiter;
use crate::clock::{Clock, Mark, random_unit};
use crate::domain::Timestamp;
use crate::domain::company::{SwitchSettings, Unprotected};
use crate::domain::connect_pace::ConnectPace;
use crate::domain::leg::{Capabilities, LegEvent, SwitchEvent};
use crate::domain::link::{LinkFault, LinkState, reconnect_delay};
use crate::domain::reach::Networks;
use crate::ecss::{self, Commander, Connection, Dialect, TimedEvent};
use crate::http::TlsConfigs;
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

/// A connection that has held this long starts its back-off again when it breaks.
const STABLE: Duration = Duration::from_secs(10);

/// Bytes of news that may wait for the actor, beside the number of frames: with legs of half a kilobyte each, sixteen
/// seconds at 2,000 a second. Then the socket is not read until there is room, and TCP holds the switch back.
const MOST_WAITING: usize = 16 << 20;

const UNENCRYPTED: &str = "the connection to the switch is not encrypted: whoever stands between can read its key and change what it says; write its address with https:// on the company's page";
const UNCHECKED: &str = "the certificate of the switch is not checked: whoever stands between can pretend to be the switch; choose another check on the company's page";
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
    let bytes = size_of::<LinkEvent>() + OVERHEAD + legs;
    u32::try_from(bytes.min(MOST_WAITING)).unwrap_or(u32::MAX)
}

/// What all connections share.
#[derive(Clone)]
pub struct LinkTools {
    /// How the switch spells things; replaced on reload, used from the next attempt on.
    pub dialect: Arc<ArcSwap<Dialect>>,
    /// How far the addresses of switches may lead.
    pub networks: Networks,
    /// Whom TLS trusts.
    pub tls: Arc<TlsConfigs>,
    /// When those may try again who have lost their switch.
    pub returns: Arc<ReturnQueue>,
    /// Zone of the switch's local times.
    pub zone: TimeZone,
    pub clock: Clock,
}

/// All companies' way back to their switches, one after the other: a switch that returns, and the calls of those whose
/// switch was never away, are not overrun.
#[derive(Debug)]
pub struct ReturnQueue {
    pace: Mutex<ConnectPace>,
    since: Instant,
}

impl Default for ReturnQueue {
    fn default() -> Self {
        Self { pace: Mutex::default(), since: Instant::now() }
    }
}

impl ReturnQueue {
    /// Waits for the company's turn. Who gives up waiting leaves a gap, no more.
    async fn turn(&self) {
        let wait = self.pace.lock().unwrap_or_else(PoisonError::into_inner).enter(self.since.elapsed());
        tokio::time::sleep(wait).await;
    }
}

/// What the actor hears.
#[derive(Debug)]
pub(super) enum LinkEvent {
    /// Events flow from now on.
    Up {
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
    Down { at: Mark },
}

impl LinkEvent {
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
    events: mpsc::Sender<LinkEvent>,
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
        let keeper = Keeper { tools: &tools, settings: &current, events: &events, room: &room, state: &state };
        tokio::select! {
            why = keeper.keep() => {
                let Some(why) = why else { return };
                match why.look_again() {
                    None => tracing::warn!(%why, "no further attempts until the settings change"),
                    Some(_) => tracing::warn!(%why, "nothing is sent until that has changed"),
                }
                let again = why.look_again();
                state.send_modify(|state| needs_admin(state, why, tools.clock.now()));
                let changed = async {
                    match again {
                        Some(pause) => tokio::time::timeout(pause, settings.changed()).await.ok(),
                        None => Some(settings.changed().await),
                    }
                };
                match changed.await {
                    None => {}
                    Some(Ok(())) => drop(state.send_replace(LinkState::Connecting { since: tools.clock.now() })),
                    Some(Err(_)) => return,
                }
            }
            changed = settings.changed() => {
                if changed.is_err() || events.send(LinkEvent::Down { at: tools.clock.mark() }).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A fault that lasts keeps its beginning.
fn needs_admin(state: &mut LinkState, why: LinkFault, now: Timestamp) {
    let since = if let LinkState::NeedsAdmin { since, .. } = state { *since } else { now };
    *state = LinkState::NeedsAdmin { since, why };
}

/// What an administrator has to mend is shown until something else is known: looking whether he has does not end it.
fn show(state: &watch::Sender<LinkState>, next: LinkState) {
    let known = match &next {
        LinkState::Connecting { .. } => false,
        LinkState::Waiting { why, .. } => why.may_retry(),
        _ => true,
    };
    state.send_if_modified(|state| {
        let shown = known || !matches!(state, LinkState::NeedsAdmin { .. });
        if shown {
            *state = next;
        }
        shown
    });
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
    // Said at each attempt, so that no log is silent about it for long; equal lines are merged.
    match Unprotected::of(&[address.to_owned()], &settings.trust) {
        Some(Unprotected::Unencrypted) => tracing::warn!(address, "{UNENCRYPTED}"),
        Some(Unprotected::Unchecked { .. }) => tracing::warn!(address, "{UNCHECKED}"),
        None => {}
    }
    let tls = tools.tls.of(&settings.trust).map_err(|e| LinkFault::Protocol(e.to_string()))?;
    let dialect = tools.dialect.load_full();
    ecss::connect(settings, address, tools.networks, dialect, tls, tools.zone.clone(), tools.clock.clone()).await
}

/// Passes legs on, as soon as there is room for them; `None` when nobody listens any more.
async fn pass_on(room: &Arc<Semaphore>, events: &mpsc::Sender<LinkEvent>, at: Mark, legs: Vec<LegEvent>) -> Option<()> {
    let room = room.clone().acquire_many_owned(weight(&legs)).await.ok()?;
    events.send(LinkEvent::Legs { at, legs, room }).await.ok()
}

struct Keeper<'a> {
    tools: &'a LinkTools,
    settings: &'a SwitchSettings,
    events: &'a mpsc::Sender<LinkEvent>,
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
            show(self.state, LinkState::Connecting { since: clock.now() });
            // In a box, as it is needed for a moment only and each company keeps what its task may need.
            let why = match Box::pin(connect(self.tools, self.settings, address)).await {
                Ok(connection) => {
                    let began = clock.now();
                    hopeless = 0;
                    let why = self.listen(connection, address).await?;
                    since = clock.now();
                    failures = if clock.now().since(began) >= STABLE { 0 } else { failures + 1 };
                    // A node that has just worked is tried again before the next one.
                    why
                }
                Err(why) => {
                    at += 1;
                    failures += 1;
                    hopeless = if why.may_retry() { 0 } else { hopeless + 1 };
                    why
                }
            };
            if hopeless >= self.settings.addresses.len() {
                return Some(why);
            }
            let delay = reconnect_delay(failures, random_unit());
            tracing::warn!(address, %why, delay_ms = delay.as_millis(), "the switch is not connected");
            show(self.state, LinkState::Waiting { since, until: clock.now() + delay, why });
            tokio::time::sleep(delay).await;
            self.tools.returns.turn().await;
        }
    }

    /// Passes events on until the connection breaks.
    async fn listen(&self, mut connection: Connection, address: &str) -> Option<LinkFault> {
        let clock = &self.tools.clock;
        tracing::info!(address, "connected to the switch");
        let up = LinkEvent::Up { at: clock.mark(), commander: connection.commander(), can: connection.capabilities() };
        self.events.send(up).await.ok()?;
        self.state.send_replace(LinkState::Online { since: clock.now(), address: address.to_owned() });
        let mut log_limiter = LogLimiter::default();
        let why = loop {
            match connection.next().await {
                Ok(TimedEvent { at, event: SwitchEvent::Legs(legs) }) => {
                    pass_on(self.room, self.events, at, legs).await?;
                }
                Ok(TimedEvent { event: SwitchEvent::Unknown(sample), .. }) => {
                    tracing::debug!(sample, "a frame nobody knows");
                    if let Some(frames) = log_limiter.count_one(clock.now()) {
                        tracing::info!(address, frames, "the switch has sent frames nobody knows");
                    }
                }
                Err(why) => break why,
            }
        };
        self.events.send(LinkEvent::Down { at: clock.mark() }).await.ok()?;
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;
    use crate::domain::company::{Backend, Trust};
    use crate::domain::leg::{Direction, LegState};
    use crate::domain::link::Distrust;
    use crate::http::Trusted;
    use crate::telemetry::{LogLevel, company_span, logged};
    use futures_util::FutureExt as _;
    use tracing::Instrument as _;

    /// A frame of legs that takes about so many bytes.
    fn frame(bytes: usize) -> Vec<LegEvent> {
        vec![LegEvent {
            leg: "leg".into(),
            call: "call".into(),
            call_ref: None,
            own: Phone::parse("1001").expect("a number"),
            remote: None,
            remote_unreadable: false,
            direction: Direction::In,
            state: LegState::Talking,
            answered_at: None,
            display_name: Some("x".repeat(bytes - size_of::<LegEvent>())),
            cause: None,
        }]
    }

    #[test]
    fn frames_that_wait_for_the_actor_take_sixteen_mebibytes_and_then_the_socket_waits() {
        let (room, (events, mut inbox)) = (Arc::new(Semaphore::new(MOST_WAITING)), mpsc::channel(1 << 16));
        let at = Clock::manual(Timestamp(0)).mark();
        let pass = |bytes| pass_on(&room, &events, at, frame(bytes)).now_or_never();
        let mut passed = 0;
        while pass(64 * 1024).is_some() {
            passed += 1;
        }
        assert!((200..=256).contains(&passed), "{passed} frames of 64 KiB");
        assert!(pass(64 * 1024).is_none(), "they wait for room, not for a place");
        let taken = inbox.try_recv().expect("the first one");
        assert!(pass(64 * 1024).is_none(), "the actor is still at it");
        drop(taken);
        assert!(pass(64 * 1024).is_some());
        drop(inbox);
        assert_eq!(
            pass_on(&Arc::new(Semaphore::new(MOST_WAITING)), &events, at, frame(1024)).now_or_never(),
            Some(None)
        );
    }

    fn nobody_listens() -> (LinkTools, SwitchSettings) {
        let tools = LinkTools {
            dialect: Arc::new(ArcSwap::new(Dialect::default())),
            networks: Networks::Local,
            tls: Arc::new(TlsConfigs::new(Trusted::load(None).expect("CAs")).expect("TLS")),
            returns: Arc::default(),
            zone: TimeZone::UTC,
            clock: Clock::system(),
        };
        let settings = SwitchSettings {
            backend: Backend::CallApi,
            client_id: "crm".to_owned(),
            api_key: "key".to_owned().into(),
            // What is not encrypted is complained about.
            addresses: vec!["http://127.0.0.1:1".to_owned()],
            domain: "firma".to_owned(),
            trust: Trust::System,
        };
        (tools, settings)
    }

    #[tokio::test(start_paused = true)]
    async fn a_switch_that_is_away_is_asked_at_least_every_twelve_seconds_and_never_twice_in_one() {
        let (tools, settings) = nobody_listens();
        let (_settings, current) = watch::channel(Some(Arc::new(settings)));
        let (events, _inbox) = mpsc::channel(1);
        let state = watch::Sender::new(LinkState::NotConfigured);
        let mut seen = state.subscribe();
        let mut asked = Vec::new();
        let observed = async {
            while seen.changed().await.is_ok() {
                if matches!(*seen.borrow_and_update(), LinkState::Waiting { .. }) {
                    asked.push(Instant::now());
                }
            }
        };
        let both = async { tokio::join!(run(tools, current, events, state), observed) };
        assert!(tokio::time::timeout(Duration::from_secs(600), both).await.is_err(), "it tries for ever");
        assert!(asked.len() >= 48, "{} attempts in ten minutes", asked.len());
        for pair in asked.windows(2) {
            let apart = pair[1] - pair[0];
            assert!(apart >= Duration::from_secs(1) && apart <= Duration::from_secs(13), "{apart:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn companies_that_lost_their_switch_together_return_one_after_the_other() {
        let (queue, began) = (Arc::new(ReturnQueue::default()), Instant::now());
        let mut companies = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let queue = queue.clone();
            companies.spawn(async move {
                queue.turn().await;
                began.elapsed().as_secs()
            });
        }
        let mut in_second = [0; 5];
        while let Some(second) = companies.join_next().await {
            in_second[usize::try_from(second.expect("it waits")).expect("a few seconds")] += 1;
        }
        assert!(in_second.iter().all(|begun| *begun <= 260), "{in_second:?}");
        assert!(in_second[..3].iter().all(|begun| *begun >= 249), "{in_second:?}");
    }

    #[test]
    fn whatever_the_connection_of_a_company_to_its_switch_says_names_the_company() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let (lines, _) = logged(LogLevel::Silly, |_| {
            let (tools, settings) = nobody_listens();
            let (_settings, current) = watch::channel(Some(Arc::new(settings)));
            let (events, _inbox) = mpsc::channel(1);
            let work = run(tools, current, events, watch::Sender::new(LinkState::NotConfigured));
            let work = work.instrument(company_span(&"7".into()));
            let work = async { tokio::time::timeout(Duration::from_secs(10), work).await };
            assert!(runtime.block_on(work).is_err(), "it tries for ever");
        });
        let of_link: Vec<_> = lines.iter().filter(|line| line.contains(" session ")).collect();
        assert!(
            of_link.iter().any(|line| line.contains("the switch is not connected company=7 address=")),
            "{lines:#?}"
        );
        assert!(of_link.iter().all(|line| line.matches("company=7").count() == 1), "{lines:#?}");
    }

    #[test]
    fn a_frame_larger_than_all_room_passes_alone() {
        let (room, (events, mut inbox)) = (Arc::new(Semaphore::new(MOST_WAITING)), mpsc::channel(8));
        let at = Clock::manual(Timestamp(0)).mark();
        assert_eq!(pass_on(&room, &events, at, frame(2 * MOST_WAITING)).now_or_never(), Some(Some(())));
        assert_eq!(pass_on(&room, &events, at, frame(1024)).now_or_never(), None);
        drop(inbox.try_recv());
        assert_eq!(pass_on(&room, &events, at, frame(1024)).now_or_never(), Some(Some(())));
    }

    #[test]
    fn what_an_administrator_has_to_mend_is_shown_until_something_else_is_known() {
        let (since, later) = (Timestamp(1), Timestamp(2));
        let untrusted =
            || LinkFault::Untrusted { why: Distrust::Expired, reason: String::new(), sha256: String::new() };
        let state = watch::Sender::new(LinkState::Connecting { since });
        state.send_modify(|state| needs_admin(state, untrusted(), since));
        show(&state, LinkState::Connecting { since: later });
        show(&state, LinkState::Waiting { since: later, until: later, why: untrusted() });
        state.send_modify(|state| needs_admin(state, untrusted(), later));
        assert_eq!(*state.borrow(), LinkState::NeedsAdmin { since, why: untrusted() });
        let lost = LinkState::Waiting { since: later, until: later, why: LinkFault::Lost(String::new()) };
        show(&state, lost.clone());
        assert_eq!(*state.borrow(), lost);
    }
}
