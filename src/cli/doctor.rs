//! `doctor`

use super::{Files, complain, complain_of, locale, print_line};
use crate::app::{DoctorReport, doctor, examine_portal};
use crate::config;
use crate::domain::checks::Severity;
use crate::domain::language::Lang;
use crate::regular_file;
use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use url::Url;

/// Bytes of a configuration; a portal's has some hundred thousand.
const LONGEST_CONFIGURATION: u64 = 16 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    /// One company only, by its id (member_id), as `company list` prints it
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// A portal "in a box" instead, as it is seen from outside, and what its administrator has to look at
    #[arg(long, value_name = "URL", conflicts_with = "company")]
    portal: Option<Url>,
    /// The output of `nginx -T` on the portal's server, to be judged as well
    #[arg(long, value_name = "FILE", requires = "portal")]
    portal_config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Language of the answer (default: by the locale)
    #[arg(long, value_name = "ru|en", value_parser = language)]
    lang: Option<Lang>,
    #[command(flatten)]
    files: Files,
}

fn language(text: &str) -> Result<Lang, String> {
    match text {
        "ru" => Ok(Lang::Ru),
        "en" => Ok(Lang::En),
        _ => Err("write ru or en".to_owned()),
    }
}

/// Comments of old configurations are in any encoding; what is judged is plain ASCII.
fn configuration(file: &Path) -> anyhow::Result<String> {
    let read = regular_file::read(file, LONGEST_CONFIGURATION).with_context(|| file.display().to_string())?;
    Ok(String::from_utf8_lossy(&read).into_owned())
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let loaded = match config::load(&self.files.sources()) {
            Ok(loaded) => loaded,
            Err(faults) => return Ok(complain_of(&faults)),
        };
        let doubts = loaded.warnings.iter().map(ToString::to_string).collect();
        let lang = self.lang.unwrap_or_else(locale::language);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        if let Some(portal) = &self.portal {
            ensure!(matches!(portal.scheme(), "http" | "https"), "{portal} is no address of a portal");
            let file = self.portal_config.as_deref();
            let text = file.map(configuration).transpose()?;
            let examined = runtime.block_on(examine_portal(&loaded.settings, portal, text.as_deref(), lang));
            let named = || file.map_or_else(|| portal.to_string(), |file| file.display().to_string());
            return self.told(&examined.with_context(named)?, lang);
        }
        let company = self.company.as_deref();
        let Some(report) = runtime.block_on(doctor(&loaded.settings, doubts, company, lang))? else {
            let id = company.unwrap_or_default();
            complain(&format!("there is no company {id}; `ecss-crm-server company list` prints the ids"));
            return Ok(ExitCode::FAILURE);
        };
        self.told(&report, lang)
    }

    fn told(&self, report: &DoctorReport, lang: Lang) -> anyhow::Result<ExitCode> {
        print_line(&if self.json { serde_json::to_string_pretty(report)? } else { sheet(report, lang) });
        Ok(ExitCode::from(report.worst.exit_code()))
    }
}

/// The report for a terminal.
fn sheet(report: &DoctorReport, lang: Lang) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let company = finding.company.as_deref().map_or_else(String::new, |company| format!(" [{company}]"));
        let _ = writeln!(text, "{} {}{company}: {}", mark(finding.severity, lang), finding.id, finding.sentence);
        for line in &finding.evidence {
            let _ = writeln!(text, "        {line}");
        }
        for line in &finding.remedy {
            let _ = writeln!(text, "      > {line}");
        }
        for line in &finding.copy {
            let _ = writeln!(text, "          {line}");
        }
    }
    text.trim_end().to_owned()
}

/// Of one width, so that the names stand below each other.
const fn mark(severity: Severity, lang: Lang) -> &'static str {
    match (severity, lang) {
        (Severity::Good, Lang::Ru) => "[ норма ]",
        (Severity::Unknown, Lang::Ru) => "[неизвестно]",
        (Severity::Warning, Lang::Ru) => "[внимание]",
        (Severity::Fault, Lang::Ru) => "[  СБОЙ  ]",
        (Severity::Good, Lang::En) => "[ good  ]",
        (Severity::Unknown, Lang::En) => "[unknown]",
        (Severity::Warning, Lang::En) => "[warning]",
        (Severity::Fault, Lang::En) => "[ FAULT ]",
    }
}
