//! What people see and press, in a real browser: the simulated portal's page with our card in it, and our own pages.
//! Needs Chromium and its driver; their absence is a failure, because nobody would notice silence.
#![cfg(feature = "sandbox")]

mod cards;
mod eyes;
mod keyboard;
mod registration;
mod sandbox;
mod scene;
mod settings;
mod setup;
mod trouble;
mod views;
mod webdriver;
