//! A simulated ECSS-10: domains, phones, calls, and the faces through which a CRM server sees them.
//!
//! [`SwitchWorld`] is the whole installation: several nodes (listeners) of one switch, subscribers with
//! phones that can be picked up, integrations with keys and numbers. Tests and the sandbox drive it in the
//! users' words (`external_call`, `phone("1001").pick_up()`), a CRM server talks to it over real sockets,
//! and afterwards [`SwitchWorld::calls`] returns what truly happened.
//!
//! What the wire looks like follows field notes where there are any; where the field is unknown, the default
//! is one plausible reading and [`Quirks`] offers the others.

mod call;
mod callapi;
mod demo;
mod drive;
mod faults;
mod journal;
mod numbers;
mod options;
mod phones;
mod setup;
mod shown;
mod state;
#[cfg(test)]
mod tests;
mod truth;
mod wait;

pub use call::{CallId, Direction, LegId, LegStatus, Party, Refusal, ReleaseCause};
pub use drive::{DomainHandle, OldFrame, PhoneHandle};
pub use faults::{CommandFault, RegisterFault};
pub use journal::{Entry, ReceivedCommand, What};
pub use numbers::{BadNumbers, NumberSet};
pub use options::{
    Aliases, CauseStyle, Heartbeat, HeartbeatStyle, HiddenStyle, MakeStyle, Pace, PickUpStyle, Quirks, RemotePolicy,
};
pub use phones::{PhoneLeg, PhoneState, PhoneStatus};
pub use setup::{Forwarding, SetupError, Subscriber};
pub use shown::Shown;
pub use truth::{TrueCall, TrueLeg};
pub use wait::WaitedTooLong;

use crate::clock::Clock;
use crate::clock::random_bytes;
use call::{Timer, Turn};
use state::State;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The simulated switch. Clones are handles to one world; when the last one is dropped, its sockets close.
#[derive(Clone)]
pub struct SwitchWorld {
    core: Arc<Core>,
    _stops: Arc<DropGuard>,
}

/// What the world's tasks hold: the world without the handle that keeps it running.
struct Core {
    state: Mutex<State>,
    clock: Clock,
    /// Counts changes, so that waiting and live pages know when to look again.
    changed: watch::Sender<u64>,
    /// A socket has sent what was waiting for it.
    drained: Notify,
    /// Some socket's queue is more than half full.
    congested: AtomicBool,
    stop: CancellationToken,
}

impl fmt::Debug for SwitchWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwitchWorld").field("links", &self.links()).finish_non_exhaustive()
    }
}

impl SwitchWorld {
    /// An empty installation. `clock` gives the wall time in events and records; what happens after a time
    /// (see [`Pace`], [`Heartbeat`]) goes by the runtime's timer.
    pub fn new(clock: Clock) -> Self {
        let stop = CancellationToken::new();
        // Ids of different worlds differ, and look like those seen in the field: small high byte, random middle.
        let ids = (u64::from_le_bytes(random_bytes()) >> 5) & 0x07ff_ffff_fff0_0000;
        let core = Core {
            state: Mutex::new(State { ids, ..State::default() }),
            clock,
            changed: watch::Sender::new(0),
            drained: Notify::new(),
            congested: AtomicBool::new(false),
            stop: stop.clone(),
        };
        Self { core: Arc::new(core), _stops: Arc::new(stop.drop_guard()) }
    }

    /// Closes every socket and address for good; dropping the last handle does the same.
    pub fn shutdown(&self) {
        self.core.stop.cancel();
    }

    /// The world's clock.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// Fires after every change of any call, phone or link; the number counts changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.core.changed.subscribe()
    }

    /// Changes the peculiarities; events from now on follow the new ones.
    pub fn set_quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.core.lock().quirks);
    }

    /// Changes how sockets are kept alive; new sockets follow it.
    pub fn set_heartbeat(&self, heartbeat: Heartbeat) {
        self.core.lock().heartbeat = heartbeat;
    }

    /// Changes what happens by itself; calls from now on follow it.
    pub fn set_pace(&self, pace: Pace) {
        self.core.lock().pace = pace;
    }

    /// Changes what `call.make` does first.
    pub fn set_make_style(&self, style: MakeStyle) {
        self.core.lock().make = style;
    }

    /// What numbers outside do from now on, unless a domain says otherwise for one of them.
    pub fn set_remote_policy(&self, policy: RemotePolicy) {
        self.core.lock().remote = policy;
    }
}

impl Core {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one test thread must not hide its message behind others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Lets something happen: one instant of the world, shown to all who may see it before the next begins.
    fn turn<R>(self: &Arc<Self>, act: impl FnOnce(&mut Turn<'_>) -> R) -> R {
        let mut state = self.lock();
        let (result, frames, timers) = {
            let mut turn = Turn::new(&mut state, self.clock.now());
            let result = act(&mut turn);
            (result, turn.frames, turn.timers)
        };
        self.publish(&mut state, &frames);
        drop(state);
        self.arm(timers);
        self.touch();
        result
    }

    fn arm(self: &Arc<Self>, timers: Vec<(Duration, Timer)>) {
        for (after, timer) in timers {
            let core = Arc::downgrade(self);
            let stop = self.stop.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(after) => Self::fire(&core, timer),
                }
            });
        }
    }

    fn fire(core: &Weak<Self>, timer: Timer) {
        let Some(core) = core.upgrade() else { return };
        core.turn(|turn| {
            // What the timer was for may be over by now; then nothing happens.
            let _outcome = match timer {
                Timer::RingOut(leg) => match turn.live(leg) {
                    Ok(alive) if alive.rings() => turn.release(leg, ReleaseCause::NoAnswer),
                    _ => Ok(()),
                },
                Timer::Offer(call) => turn.offer(call, None).map(|_| ()),
                Timer::RemoteAnswers(leg) => turn.answer(leg),
            };
        });
    }

    /// Waits until sockets that lag behind have sent most of what they have; gives up on them after two seconds.
    async fn room(&self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        if !self.congested.load(Ordering::Acquire) {
            return;
        }
        let relieved = async {
            loop {
                let drained = self.drained.notified();
                if !self.any_congested() {
                    return;
                }
                drained.await;
            }
        };
        // Past the patience the queue overflows and the socket is dropped, as a real server would.
        let _relieved_in_time = tokio::time::timeout(PATIENCE, relieved).await;
    }
}
