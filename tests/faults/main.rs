//! Whole-daemon fault stories: nothing is lost, nothing is recorded twice, whatever happens to the portal, the switch or
//! the process itself.
//!
//! The daemon is a process of its own, the real program. A simulated switch carries random but repeatable traffic, the
//! simulated portal sees what the CRM would see, and the judge compares the two: what was recorded with what truly
//! happened, as far as the daemon could know it. Each story ends with one line:
//!
//! ```text
//! NAME calls=… records=… lost=0 doubled=0 wrong=0 cards_left=0 stray=0 req/call=… refused=… drain=…s card_p50=…ms …
//! ```
//!
//! The stories run shortened by default. In full length, with their lines collected in a file:
//!
//! ```sh
//! ECSS_CRM_FULL=1 ECSS_CRM_VERDICTS=/tmp/verdicts cargo nextest run --locked --profile full --test faults
//! ```
//!
//! Without cargo-nextest: the same variables and `cargo test --locked --test faults -- --test-threads=1`.
//! `ECSS_CRM_SEED=7` rolls other dice (the seed stands in every line), `ECSS_CRM_LOG=debug` lets the daemon say more;
//! a story that fails keeps its folder, with the daemon's log, and names it.

mod attacks;
mod backlog;
mod bucket;
mod clicks;
mod company;
mod dice;
mod drops;
mod everything;
mod expect;
mod field;
mod figures;
mod isolation;
mod judge;
mod kills;
mod many;
mod outage;
mod people;
mod process;
mod rogue;
mod scale;
mod script;
mod slow;
mod stage;
mod strangers;
mod tangle;
mod tangled;
mod tokens;
mod traffic;
mod visitors;
mod watch;
