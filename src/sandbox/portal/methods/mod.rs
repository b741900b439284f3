//! The REST methods: one table, one file per family.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all methods of the table have one signature, also those that never refuse"
)]

mod app;
mod batch;
mod events;
mod finish;
mod lines;
mod placements;
mod register;
mod statistics;
mod telephony;
mod users;

pub use batch::{Command, run as run_batch};

use super::answer::{Answer, Refusal};
use super::params::Params;
use super::state::Portal;
use crate::domain::Timestamp;

#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// All calls run as this employee.
    pub user: i64,
    /// An application's token, not a webhook.
    pub app: bool,
}

/// What a method works with.
pub struct Context<'a> {
    pub portal: &'a mut Portal,
    pub caller: Caller,
    pub params: &'a Params,
    pub now: Timestamp,
}

/// A method of the portal.
pub struct Method {
    /// Lower case.
    pub name: &'static str,
    /// What the application's form must have ticked; empty needs nothing.
    pub scope: &'static str,
    /// Works with an application's token only.
    pub app_only: bool,
    run: fn(&mut Context<'_>) -> Answer,
}

const fn method(name: &'static str, scope: &'static str, run: fn(&mut Context<'_>) -> Answer) -> Method {
    Method { name, scope, app_only: false, run }
}

const fn app_method(name: &'static str, scope: &'static str, run: fn(&mut Context<'_>) -> Answer) -> Method {
    Method { name, scope, app_only: true, run }
}

/// The method of a (lower-case) name.
pub fn find(name: &str) -> Option<&'static Method> {
    let families = [
        app::METHODS,
        events::METHODS,
        lines::METHODS,
        placements::METHODS,
        statistics::METHODS,
        telephony::METHODS,
        users::METHODS,
    ];
    families.into_iter().flatten().find(|m| m.name == name)
}

/// Checks rights and runs one method.
pub fn run(name: &str, context: &mut Context<'_>) -> Answer {
    let Some(method) = find(name) else {
        return Err(Refusal::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!").clients_fault());
    };
    if !granted(method.scope, context) {
        let text = "The request requires higher privileges than provided by the access token";
        return Err(Refusal::new(401, "insufficient_scope", text));
    }
    if method.app_only && !context.caller.app {
        let text = "Current authorization type is denied for this method Application context required";
        return Err(Refusal::new(403, "WRONG_AUTH_TYPE", text).clients_fault());
    }
    (method.run)(context)
}

/// Three scopes of different depth open the user methods.
fn granted(scope: &str, context: &Context<'_>) -> bool {
    let ticked = |wanted: &str| context.portal.app.scopes.iter().any(|s| s == wanted);
    match scope {
        "" => true,
        "user" => ["user", "user_basic", "user_brief"].into_iter().any(ticked),
        other => ticked(other),
    }
}

impl Context<'_> {
    /// Whether the calling employee administers the portal.
    pub fn is_admin(&self) -> bool {
        self.portal.user(self.caller.user).is_some_and(|u| u.admin)
    }

    /// Refuses a client's mistake with the telephony envelope.
    pub fn mistake(text: &str) -> Refusal {
        Refusal::business(text).clients_fault()
    }
}
