//! Stories of the whole daemon, told through its public doors: telephones ring at a simulated switch, browsers and
//! portals speak HTTP, and a verdict is passed at the end of each on what the portal and the switch have seen.

mod bad_input;
mod budget;
mod choices;
mod click;
mod clock;
mod disk;
mod incoming;
mod isolation;
mod link;
mod many;
mod numbers;
mod outage;
mod outgoing;
mod ownership;
mod portal_setup;
mod quirks;
mod registration;
mod restart;
mod support;
mod tokens;
mod transfers;
mod two_firms;
mod withheld;
