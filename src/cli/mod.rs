//! The command line: what was asked, in which order things happen, what the exit codes mean.

mod backup;
mod check;
mod company;
mod config;
mod doctor;
mod export;
mod gen_cert;
mod locale;
mod replay;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod support_bundle;

use crate::config::{Fault, Sources};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// `EX_CONFIG` of sysexits.h: the settings are faulty; starting again does not help.
const CONFIG: u8 = 78;

/// Links the ECSS-10 softswitch with Bitrix24.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve in the foreground until SIGTERM; SIGHUP re-reads certificate, log level and dialect.
    Run(Files),
    /// Read all settings, report every fault with file, line and remedy, and exit with 78 if there is one.
    CheckConfig(Files),
    /// Copy the database, also while the daemon runs. To restore: stop the daemon, put the copy in place of store.db in
    /// the state directory, delete store.db-wal and store.db-shm there, start.
    Backup(backup::BackupArguments),
    /// List, show or delete the companies of this server.
    #[command(subcommand)]
    Company(company::CompanyCommand),
    /// Read or change one setting.
    #[command(subcommand)]
    Config(config::Config),
    /// Look at everything that calls need on their way: this machine, the gateway, the switch, Bitrix24. Says what is
    /// wrong and what to do, the worst first; exits with 0 (good), 1 (warning), 2 (fault) or 3 (not known).
    Doctor(doctor::Doctor),
    /// Print the settings in force as a settings.js of the former Node.js package, for going back to it.
    ExportSettings(export::Export),
    /// Make a self-signed certificate and its key; existing files are only replaced with --force.
    GenCert(gen_cert::GenCert),
    /// Turn a capture or single frames of the switch into neutral events, one JSON object per line.
    Replay(replay::Replay),
    /// Write one text file for whoever helps from afar: versions, settings without secrets, what `doctor` says, the
    /// companies, the last lines of the log. Numbers are masked.
    SupportBundle(support_bundle::SupportBundle),
    /// Try everything without an installation: a simulated portal and switch, and the real daemon between them.
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Sandbox),
}

/// Where the settings are.
#[derive(Debug, clap::Args)]
struct Files {
    /// config.toml (default: /etc/ecss/ecss-crm-server/config.toml, if it is there)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// settings.js (default: /usr/share/ecss/ecss-crm-server/src/settings.js, if it is there)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Files {
    fn sources(&self) -> Sources {
        Sources::locate(self.config.clone(), self.settings.clone(), environment())
    }
}

fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(files) => run::run(&files),
        Command::CheckConfig(files) => Ok(check::check(&files)),
        Command::Backup(backup) => backup.run(),
        Command::Company(company) => company.run(),
        Command::Config(config) => Ok(config.run()),
        Command::Doctor(doctor) => doctor.run(),
        Command::ExportSettings(export) => Ok(export.run()),
        Command::GenCert(gen_cert) => gen_cert.run(),
        Command::Replay(replay) => replay.run(),
        Command::SupportBundle(bundle) => bundle.run(),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(sandbox) => sandbox.run(),
    };
    done.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

#[expect(clippy::print_stderr, reason = "this is where a program talks to the person who started it")]
fn complain(text: &str) {
    eprintln!("ecss-crm-server: {text}");
}

#[expect(clippy::print_stdout, reason = "this is what the command was called for")]
fn print_line(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stdout, reason = "this is what the command was called for")]
fn print(text: &str) {
    print!("{text}");
}

/// Prints all faults, one per line.
fn complain_of(faults: &[Fault]) -> ExitCode {
    for fault in faults {
        complain(&fault.to_string());
    }
    complain(&format!("{} fault(s) in the settings; nothing was started", faults.len()));
    ExitCode::from(CONFIG)
}

#[cfg(test)]
mod tests;
