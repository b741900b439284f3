//! Simulated counterparts of the daemon, built from descriptions of the real ones and from nothing of ours:
//! a witness that shared our code would share our mistakes.

pub mod switch;
