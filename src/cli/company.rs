//! `company list`, `company show`, `company forget`: for the server's administrator.

use super::{Files, complain, complain_of, print_line};
use crate::app::{self, CompanyEntry, CompanyStanding, Details, Forgotten};
use crate::config::{self, Settings};
use crate::domain::written::{on_one_line, visible};
use crate::domain::{CompanyId, Timestamp};
use anyhow::Context as _;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum CompanyCommand {
    /// Print all companies in the database: id, portal, state, since when, name.
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        files: Files,
    },
    /// Print everything about one company that is no secret.
    Show {
        /// Its id (member_id), as `company list` prints it
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        files: Files,
    },
    /// Delete one company with everything of it: secrets at once, then employees, calls and traces. Also while the
    /// service runs, which stops serving the company within seconds. Copies made by `backup` are not touched.
    Forget {
        /// Its id (member_id), as `company list` prints it
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        files: Files,
    },
}

impl CompanyCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (Self::List { files, .. } | Self::Show { files, .. } | Self::Forget { files, .. }) = &self;
        let settings = match config::load(&files.sources()) {
            Ok(loaded) => loaded.settings,
            Err(faults) => return Ok(complain_of(&faults)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match &self {
                Self::List { json, .. } => list(&settings, *json).await,
                Self::Show { id, json, .. } => show(&settings, &CompanyId::from(id.as_str()), *json).await,
                Self::Forget { id, yes, json, .. } => {
                    forget(&settings, &CompanyId::from(id.as_str()), *yes, *json).await
                }
            }
        })
    }
}

async fn list(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let all = app::list_companies(settings).await?;
    if json {
        print_line(&readable(&serde_json::to_string_pretty(&all)?));
    } else {
        for entry in &all {
            print_line(&line(entry));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(settings: &Settings, id: &CompanyId, json: bool) -> anyhow::Result<ExitCode> {
    let Some(found) = app::show_company(settings, id).await? else { return Ok(unknown(id)) };
    print_line(&if json { readable(&serde_json::to_string_pretty(&found)?) } else { sheet(&found) });
    Ok(ExitCode::SUCCESS)
}

async fn forget(settings: &Settings, id: &CompanyId, yes: bool, json: bool) -> anyhow::Result<ExitCode> {
    let Some(found) = app::show_company(settings, id).await? else { return Ok(unknown(id)) };
    if !yes && !agreed(&found)? {
        complain("nothing was deleted");
        return Ok(ExitCode::FAILURE);
    }
    let (state, text, code) = match app::forget_company(settings, id).await? {
        Forgotten::Unknown => return Ok(unknown(id)),
        Forgotten::Deleted => ("deleted", format!("{id} was deleted with everything of it"), ExitCode::SUCCESS),
        Forgotten::ByTheService => (
            "being_deleted",
            format!(
                "the secrets of {id} are deleted; the running service deletes the rest, its log says when it is done"
            ),
            ExitCode::SUCCESS,
        ),
        Forgotten::AtTheNextStart(error) => (
            "being_deleted",
            format!("the secrets of {id} are deleted; the rest is deleted when the service starts next ({error})"),
            ExitCode::SUCCESS,
        ),
    };
    print_line(&if json { json!({ "id": id.as_str(), "state": state }).to_string() } else { text });
    Ok(code)
}

fn unknown(id: &CompanyId) -> ExitCode {
    complain(&format!("there is no company {id}; `ecss-crm-server company list` prints the ids"));
    ExitCode::FAILURE
}

/// Whether a person agrees; where nobody can be asked, it has to be said with the command.
#[expect(clippy::print_stderr, reason = "a question is not output")]
fn agreed(found: &Details) -> anyhow::Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        complain("nobody can be asked here: add --yes");
        return Ok(false);
    }
    eprint!(
        "Delete the company {} ({}) with {} employees and {} calls? This cannot be undone. Type yes: ",
        on_one_line(&found.entry.id),
        on_one_line(&found.entry.domain),
        found.employees,
        found.calls
    );
    io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "yes" | "да"))
}

const fn word(state: CompanyStanding) -> &'static str {
    match state {
        CompanyStanding::Registered => "registered",
        CompanyStanding::NeedsLogin => "needs log-in",
        CompanyStanding::Uninstalled => "uninstalled",
        CompanyStanding::BeingDeleted => "being deleted",
    }
}

/// One line, its parts parted by tabs.
fn line(entry: &CompanyEntry) -> String {
    let (id, domain, name) = (on_one_line(&entry.id), on_one_line(&entry.domain), on_one_line(&entry.name));
    format!("{id}\t{domain}\t{}\t{}\t{name}", word(entry.state), moment(entry.since))
}

/// One value a line.
fn sheet(found: &Details) -> String {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| lines.push(format!("{name:<20} {}", on_one_line(&value)));
    let entry = &found.entry;
    add("id", entry.id.clone());
    add("portal", entry.domain.clone());
    add("name", entry.name.clone());
    add("state", format!("{} since {}", word(entry.state), moment(entry.since)));
    add("with us since", moment(found.created_at));
    add("last log-in", moment(found.registered_at));
    add("portal's REST", found.client_endpoint.clone());
    add("application", found.client_id.clone());
    add("events are proved", if found.application_token_known { "yes" } else { "no" }.to_owned());
    add("tokens of user", found.token_user.map_or_else(|| "-".to_owned(), |user| user.to_string()));
    add("tokens renewed", found.refresh_obtained_at.map_or_else(|| "-".to_owned(), moment));
    add("rights", found.token_scope.as_deref().unwrap_or("-").to_owned());
    add("switch", found.switch.as_ref().map_or_else(|| "not configured".to_owned(), Value::to_string));
    add("calls are", found.call_settings.to_string());
    let numbers = format!("{}, {} active, {} numbers", found.employees, found.active_employees, found.numbers);
    add("employees", numbers);
    add("calls", format!("{}, {} not over", found.calls, found.open_calls));
    add("last call", found.last_call_at.map_or_else(|| "-".to_owned(), moment));
    add("waiting for portal", found.waiting_requests.to_string());
    add("admin sessions", found.admin_sessions.to_string());
    lines.join("\n")
}

/// JSON that a terminal shows as it is: what cannot be seen or turns the direction of writing stands escaped.
fn readable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || visible(c) == Some(c) {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"));
        }
    }
    out
}

/// In this machine's time zone.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(
        |_| "-".to_owned(),
        |instant| instant.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRICKY: &str = "Ро\u{202e}машка\u{200b}\t\u{1b}[2J\nдва \u{e0041}";

    #[test]
    fn a_name_of_others_stays_on_its_line_and_turns_no_direction() {
        let text = |text: &str| text.to_owned();
        let entry = CompanyEntry {
            id: text("m\u{2066}1"),
            domain: text("\u{feff}one.example"),
            name: text(TRICKY),
            state: CompanyStanding::Registered,
            since: Timestamp(0),
        };
        let shown = line(&entry);
        let parts: Vec<&str> = shown.split('\t').collect();
        assert_eq!((parts[0], parts[1], parts[4]), ("m1", "one.example", "Ромашка  [2J два"));
        let found = Details {
            entry,
            created_at: Timestamp(0),
            registered_at: Timestamp(0),
            client_endpoint: text(TRICKY),
            client_id: text(TRICKY),
            application_token_known: true,
            token_user: None,
            token_scope: Some(text(TRICKY)),
            refresh_obtained_at: None,
            switch: Some(json!({ "domain": TRICKY })),
            call_settings: json!({ "lines": [TRICKY] }),
            employees: 0,
            active_employees: 0,
            numbers: 0,
            calls: 0,
            open_calls: 0,
            last_call_at: None,
            waiting_requests: 0,
            admin_sessions: 0,
        };
        let sheet = sheet(&found);
        assert_eq!(sheet.lines().count(), 19);
        let json = readable(&serde_json::to_string_pretty(&found).unwrap());
        for shown in [shown.replace('\t', " "), sheet, json.clone()] {
            assert!(shown.chars().all(|c| c == '\n' || visible(c) == Some(c)), "{shown:?}");
        }
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["name"], TRICKY, "a script gets it to the letter");
    }
}
