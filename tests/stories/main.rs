//! Stories of the whole daemon, told through its public doors: telephones ring at a simulated switch, browsers and
//! portals speak HTTP, and a verdict is passed at the end of each on what the portal and the switch have seen.

mod bad_input;
mod budget;
mod busy;
mod choices;
mod click;
mod clicked;
mod clock;
mod codes;
mod disk;
mod encryption;
mod forgotten;
mod heavy;
mod impostors;
mod incoming;
mod isolation;
mod late_news;
mod link;
mod many;
mod moved;
mod numbers;
mod outage;
mod outgoing;
mod ownership;
mod portal_setup;
mod quirks;
mod reach;
mod registration;
mod renumbered;
mod restart;
mod support;
mod tokens;
mod transfers;
mod two_companies;
mod uninstall;
mod withheld;
