//! `company list`, `company show`, `company forget`: for the server's administrator.

use super::{Files, complain, complain_of, say};
use crate::app::{self, Details, Entry, Forgotten, Standing};
use crate::config::{self, Settings};
use crate::domain::{CompanyId, Timestamp};
use anyhow::Context as _;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Company {
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

impl Company {
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
        say(&serde_json::to_string_pretty(&all)?);
    } else {
        for entry in &all {
            say(&line(entry));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(settings: &Settings, id: &CompanyId, json: bool) -> anyhow::Result<ExitCode> {
    let Some(found) = app::show_company(settings, id).await? else { return Ok(unknown(id)) };
    say(&if json { serde_json::to_string_pretty(&found)? } else { sheet(&found) });
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
    say(&if json { json!({ "id": id.as_str(), "state": state }).to_string() } else { text });
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
        found.entry.id, found.entry.domain, found.employees, found.calls
    );
    io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "yes" | "да"))
}

const fn word(state: Standing) -> &'static str {
    match state {
        Standing::Registered => "registered",
        Standing::NeedsLogin => "needs log-in",
        Standing::Uninstalled => "uninstalled",
        Standing::BeingDeleted => "being deleted",
    }
}

/// One line, its parts parted by tabs.
fn line(entry: &Entry) -> String {
    let (id, domain, name) = (plain(&entry.id), plain(&entry.domain), plain(&entry.name));
    format!("{id}\t{domain}\t{}\t{}\t{name}", word(entry.state), moment(entry.since))
}

/// One value a line.
fn sheet(found: &Details) -> String {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| lines.push(format!("{name:<20} {value}"));
    let entry = &found.entry;
    add("id", plain(&entry.id));
    add("portal", plain(&entry.domain));
    add("name", plain(&entry.name));
    add("state", format!("{} since {}", word(entry.state), moment(entry.since)));
    add("with us since", moment(found.created_at));
    add("last log-in", moment(found.registered_at));
    add("portal's REST", plain(&found.client_endpoint));
    add("application", plain(&found.client_id));
    add("events are proved", if found.application_token_known { "yes" } else { "no" }.to_owned());
    add("tokens of user", found.token_user.map_or_else(|| "-".to_owned(), |user| user.to_string()));
    add("tokens renewed", found.refresh_obtained_at.map_or_else(|| "-".to_owned(), moment));
    add("rights", found.token_scope.as_deref().map_or_else(|| "-".to_owned(), plain));
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

/// Text of others without what would move a terminal's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// In this machine's time zone.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(
        |_| "-".to_owned(),
        |instant| instant.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
    )
}
