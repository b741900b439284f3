//! The settings that open lines depend on, judged for the locations that serve their paths.

use super::blocks::{Directive, directives};
use super::locations::{Levels, UnjudgedLocation, levels_of, named_levels};
use super::redirects::{RedirectOutcome, redirect_of};
use super::servers::{ServerChoice, server_of};
use super::{ConfigurationFault, FaultKind, WebAddress, WebServerSetting, WebServerVerdict};

/// Where messengers and the portal's own network post to.
const POSTED_TO: [&str; 2] = ["/pub/imconnector/", "/pub/imbot.php"];

/// Judges the output of `nginx -T` for the portal at this address.
pub fn judge_configuration(
    text: &str,
    address: &WebAddress<'_>,
) -> Result<Vec<(WebServerSetting, WebServerVerdict)>, ConfigurationFault> {
    let main = directives(text)?;
    let block = server_of(&main, address).ok_or_else(|| FaultKind::NoServer.at(1))?;
    let outer = [block.http, block.server];
    let names: Vec<_> = block.server.inner.iter().filter(|inner| inner.name() == "server_name").collect();
    // `_` is nobody's name: such a block is meant for every host.
    let for_all = names.iter().all(|name| name.arguments().iter().all(|name| name == "_" || name.is_empty()));
    let evidence = std::iter::once(block.server.shown()).chain(names.iter().map(|name| name.shown())).collect();
    let server = match block.choice {
        ServerChoice::Default if !for_all => WebServerVerdict::Undecided(evidence),
        ServerChoice::Default | ServerChoice::ByName => WebServerVerdict::AsNeeded(evidence),
    };
    Ok(vec![
        (WebServerSetting::ServerBlock, server),
        (WebServerSetting::ProxyClientAbort, client_abort(&outer, "proxy_pass", "proxy_ignore_client_abort")),
        (WebServerSetting::FastcgiClientAbort, client_abort(&outer, "fastcgi_pass", "fastcgi_ignore_client_abort")),
        (WebServerSetting::LiveChatHeaders, live_chat_headers(&outer)),
        (WebServerSetting::ConnectorRedirects, connector_redirects(&outer, address)),
        (WebServerSetting::PushLocations, push_locations(&outer)),
    ])
}

/// What was seen of several paths, to be made one verdict.
#[derive(Default)]
struct SeenByPath {
    good: Vec<String>,
    wrong: Vec<String>,
    unjudged: Vec<String>,
}

impl SeenByPath {
    fn verdict(self) -> WebServerVerdict {
        match (self.wrong.is_empty(), self.unjudged.is_empty(), self.good.is_empty()) {
            (false, ..) => WebServerVerdict::Wrong(self.wrong),
            (true, false, _) => WebServerVerdict::Undecided(self.unjudged),
            (true, true, false) => WebServerVerdict::AsNeeded(self.good),
            (true, true, true) => WebServerVerdict::NotUsed,
        }
    }
}

fn shown(path: &str, levels: &Levels<'_>) -> String {
    format!("{path}: {}", levels.last().map_or_else(String::new, |level| level.shown()))
}

fn own<'a>(levels: &Levels<'a>, name: &str) -> Option<&'a Directive> {
    levels.last()?.inner.iter().find(|inner| inner.name() == name)
}

fn passes(levels: &Levels<'_>) -> bool {
    own(levels, "proxy_pass").or_else(|| own(levels, "fastcgi_pass")).is_some()
}

/// The levels that serve a path in the end: a folder is its index file's, and `try_files` may hand on to another
/// location.
fn serving<'a>(outer: &[&'a Directive], path: &str) -> Result<Levels<'a>, UnjudgedLocation<'a>> {
    let mut levels = levels_of(outer, path)?;
    if !passes(&levels) && path.ends_with('/') {
        let index = levels_of(outer, &format!("{path}index.php"))?;
        levels = if passes(&index) { index } else { levels };
    }
    if passes(&levels) {
        return Ok(levels);
    }
    let last = own(&levels, "try_files").and_then(|files| files.arguments().last()).map_or("", String::as_str);
    if last.starts_with('@') {
        return Ok(named_levels(outer, last).unwrap_or(levels));
    }
    if last.starts_with('/') {
        return levels_of(outer, last.split('?').next().unwrap_or_default());
    }
    Ok(levels)
}

fn client_abort(outer: &[&Directive], pass: &str, directive: &str) -> WebServerVerdict {
    let mut seen = SeenByPath::default();
    for path in POSTED_TO {
        match serving(outer, path) {
            Err(unjudged) => seen.unjudged.push(format!("{path}: {}", unjudged.0.shown())),
            Ok(levels) if own(&levels, pass).is_none() => {}
            Ok(levels) => {
                let inherited =
                    levels.iter().rev().find_map(|level| level.inner.iter().find(|inner| inner.name() == directive));
                let on = inherited.is_some_and(|found| found.arguments().first().is_some_and(|value| value == "on"));
                let evidence = std::iter::once(shown(path, &levels)).chain(inherited.map(Directive::shown));
                let list = if on { &mut seen.good } else { &mut seen.wrong };
                list.extend(evidence);
            }
        }
    }
    seen.verdict()
}

/// An inner level with a header of its own drops those of the outer ones.
fn live_chat_headers(outer: &[&Directive]) -> WebServerVerdict {
    let levels = match serving(outer, "/online/") {
        Err(unjudged) => return WebServerVerdict::Undecided(vec![unjudged.0.shown()]),
        Ok(levels) => levels,
    };
    let with_headers = levels.iter().rev().find(|level| level.inner.iter().any(|inner| inner.name() == "add_header"));
    let headers = with_headers.into_iter().flat_map(|level| &level.inner).filter(|inner| inner.name() == "add_header");
    let forbids = |header: &&Directive| match header.arguments() {
        [name, value, ..] if name.eq_ignore_ascii_case("x-frame-options") => !value.eq_ignore_ascii_case("sameorigin"),
        [name, value, ..] if name.eq_ignore_ascii_case("content-security-policy") => {
            value.to_ascii_lowercase().contains("frame-ancestors 'none'")
        }
        _ => false,
    };
    let wrong: Vec<_> = headers.filter(forbids).map(Directive::shown).collect();
    let place = shown("/online/", &levels);
    if wrong.is_empty() {
        WebServerVerdict::AsNeeded(vec![place])
    } else {
        WebServerVerdict::Wrong(std::iter::once(place).chain(wrong).collect())
    }
}

fn connector_redirects(outer: &[&Directive], address: &WebAddress<'_>) -> WebServerVerdict {
    let mut seen = SeenByPath::default();
    for path in ["/pub/imconnector/", "/pub/imconnector/index.php", "/pub/imbot.php"] {
        match levels_of(outer, path) {
            Err(unjudged) => seen.unjudged.push(format!("{path}: {}", unjudged.0.shown())),
            Ok(levels) => match redirect_of(&levels, path, address) {
                RedirectOutcome::None => seen.good.push(shown(path, &levels)),
                RedirectOutcome::Sure(by) => seen.wrong.push(format!("{path}: {by}")),
                RedirectOutcome::Possible(by) => seen.unjudged.push(format!("{path}: {by}")),
            },
        }
    }
    seen.verdict()
}

/// What is handed on like any other path may still find a push server behind the next proxy.
fn push_locations(outer: &[&Directive]) -> WebServerVerdict {
    let mut seen = SeenByPath::default();
    let usual = levels_of(outer, "/bitrix/");
    for path in ["/bitrix/pub/", "/bitrix/sub/"] {
        match levels_of(outer, path) {
            Err(unjudged) => seen.unjudged.push(format!("{path}: {}", unjudged.0.shown())),
            Ok(levels) => {
                let same =
                    usual.as_ref().is_ok_and(|usual| usual.last().map(|u| &u.place) == levels.last().map(|l| &l.place));
                match own(&levels, "proxy_pass") {
                    None => seen.wrong.push(shown(path, &levels)),
                    Some(_) if same => seen.unjudged.push(shown(path, &levels)),
                    Some(pass) => seen.good.extend([shown(path, &levels), pass.shown()]),
                }
            }
        }
    }
    seen.verdict()
}
