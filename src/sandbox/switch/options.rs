//! How the simulated switch behaves where the field differs or is unknown.

use jiff::tz::TimeZone;
use std::time::Duration;

/// Peculiarities of one installation. The default is the plainest switch that fits what was seen in the field.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// `data` is one leg object instead of a list; a frame is sent per leg.
    pub single_object: bool,
    /// `data` is a string that holds the JSON.
    pub string_payload: bool,
    /// Other spellings of the same things.
    pub aliases: Aliases,
    /// Events leave this much later than the call changed; answers to commands do not wait.
    pub late_events: Option<Duration>,
    /// Every event frame is sent twice.
    pub duplicate_events: bool,
    /// Neighbouring event frames change places, as do the legs within a frame.
    pub reorder: bool,
    /// No `connection_state` after the socket opened.
    pub no_open_message: bool,
    /// A new socket is first told of the calls that exist. Unknown in the field, so off by default.
    pub replay_on_connect: bool,
    /// Zone in which `answer_time` is written (default: the host's).
    pub answer_zone: TimeZone,
    /// How far the switch's clock is ahead of ours, in milliseconds; seen in `answer_time` only.
    pub answer_skew_ms: i64,
    /// Whether and how a released leg says why.
    pub cause: CauseStyle,
    /// Legs carry `has_answer_time`.
    pub has_answer_time: bool,
    /// Numbers keep a leading `+`; by default the switch shows bare digits.
    pub keep_plus: bool,
    /// Of a call that cannot be set up (busy, wrong number) only the released leg is ever seen.
    pub fail_unseen: bool,
    /// The events that a command causes leave before its answer.
    pub events_before_answer: bool,
    /// On a transfer old legs end before the new ones appear; by default the new ones appear first.
    pub transfer_releases_first: bool,
    /// On a transfer the staying party keeps its leg; by default it gets a new `id` and `call_ref`.
    pub transfer_keeps_leg: bool,
    /// A blind transfer that nobody takes rings again at the phone that made it. Unknown in the field, so off by
    /// default: then the call ends.
    pub transfer_recalls: bool,
    /// A second socket of one integration closes the first.
    pub evict_older: bool,
    /// Joining two calls moves the consulted leg into the first call, `id` and all; by default it gets a new one.
    pub join_moves_legs: bool,
    /// A parked leg is reported to talk in the parking call before it is released there; by default it is only
    /// released.
    pub park_tells_talking: bool,
    /// What picking up with a code looks like.
    pub pick_up: PickUpStyle,
    /// A leg that dialled a code and then talks with a client goes on as `out`; by default it turns to `in`.
    pub code_stays_out: bool,
    /// How the number of a caller who hides it is written.
    pub hidden: HiddenStyle,
    /// CSTA is not enabled: nothing is told of calls that were not begun by a command (the product's manual names this as
    /// the first prerequisite).
    pub csta_off: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            single_object: false,
            string_payload: false,
            aliases: Aliases::default(),
            late_events: None,
            duplicate_events: false,
            reorder: false,
            no_open_message: false,
            replay_on_connect: false,
            answer_zone: TimeZone::system(),
            answer_skew_ms: 0,
            cause: CauseStyle::Absent,
            has_answer_time: false,
            keep_plus: false,
            fail_unseen: false,
            events_before_answer: false,
            transfer_releases_first: false,
            transfer_keeps_leg: false,
            transfer_recalls: false,
            evict_older: false,
            join_moves_legs: false,
            park_tells_talking: false,
            pick_up: PickUpStyle::default(),
            code_stays_out: false,
            hidden: HiddenStyle::default(),
            csta_off: false,
        }
    }
}

/// Which spellings differ from the default ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aliases {
    /// `callId`, `remoteDigits`, `answerTime` … instead of snake case.
    pub fields: bool,
    /// `ringing`, `connected`, `held`, `terminated` instead of `alerting`, `talking`, `hold`, `released`.
    pub statuses: bool,
    /// `{"type":…,"payload":…}` instead of `{"event":…,"data":…}`.
    pub envelope: bool,
    /// Register answers `{"data":{"accessToken":…}}` instead of `{"token":…}`.
    pub token: bool,
}

impl Aliases {
    /// All of them at once.
    pub const fn all() -> Self {
        Self { fields: true, statuses: true, envelope: true, token: true }
    }
}

/// How a released leg names its cause, in the field `cause`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CauseStyle {
    /// Not at all, as seen in the field.
    #[default]
    Absent,
    /// In words, as the CDR writes them (`unassignedNumber`).
    Words,
    /// As a SIP status number.
    Sip,
}

/// What picking up a colleague's call with a code looks like. Unknown in the field; public reports have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PickUpStyle {
    /// The leg that dialled the code goes on, under the same `id`, in the call that it takes.
    #[default]
    Moves,
    /// It stays in its own call, where it shows the client's number from then on.
    OwnCall,
}

/// How `remote_digits` is written where the other side hides its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenStyle {
    /// `null`
    #[default]
    Null,
    /// An empty text.
    Empty,
    /// `anonymous`
    Word,
}

/// How sockets are kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Interval between pings; `None` sends none.
    pub every: Option<Duration>,
    /// What a ping looks like.
    pub style: HeartbeatStyle,
    /// The socket is closed when a ping is due and this many have not been answered.
    pub misses: u32,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { every: Some(Duration::from_secs(15)), style: HeartbeatStyle::Control, misses: 3 }
    }
}

/// What a ping looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeartbeatStyle {
    /// WebSocket control frames.
    #[default]
    Control,
    /// `{"event":"ping"}`, answered by `{"event":"pong"}`.
    Text,
    /// Both; both must be answered.
    Both,
}

impl HeartbeatStyle {
    pub(super) const fn control(self) -> bool {
        matches!(self, Self::Control | Self::Both)
    }

    pub(super) const fn text(self) -> bool {
        matches!(self, Self::Text | Self::Both)
    }
}

/// What the switch does by itself after some time. `None` means: never, the driver decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// A phone that rings this long without being picked up stops.
    pub ring_timeout: Option<Duration>,
    /// A hunted phone that rings this long is given up for the next one.
    pub hunt_step: Option<Duration>,
    /// A waiting caller is offered to the next free operator of the queue.
    pub queue_offer: Option<Duration>,
}

impl Pace {
    /// Nothing happens unless the driver says so; for tests.
    pub const fn manual() -> Self {
        Self { ring_timeout: None, hunt_step: None, queue_offer: None }
    }

    /// As people know it; for playing with the sandbox.
    pub const fn lifelike() -> Self {
        Self {
            ring_timeout: Some(Duration::from_secs(60)),
            hunt_step: Some(Duration::from_secs(15)),
            queue_offer: Some(Duration::from_secs(2)),
        }
    }
}

/// What `call.make` does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MakeStyle {
    /// The own phone rings; the number is dialled when it is picked up.
    #[default]
    OwnPhoneFirst,
    /// The number is dialled at once, as if the own phone had been off hook.
    DirectOut,
}

/// What a number outside of the switch does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RemotePolicy {
    /// Rings until the driver decides.
    #[default]
    Manual,
    /// Picks up after this time.
    AnswerAfter(Duration),
    Busy,
    /// Rings until [`Pace::ring_timeout`] or until the caller gives up.
    NoAnswer,
    /// Does not exist.
    WrongNumber,
    /// Cannot be reached for now.
    Unavailable,
}
