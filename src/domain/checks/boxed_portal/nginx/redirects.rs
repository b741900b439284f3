//! Whether a request is redirected before it is served: `return` and `rewrite` of the server and of the location.

use super::WebAddress;
use super::blocks::Directive;
use super::locations::Levels;
use super::pattern::found_in;

/// How the directives of a level treat a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RedirectOutcome {
    None,
    /// The directive that redirects.
    Sure(String),
    /// One that does so under a condition that is not judged here.
    Possible(String),
}

/// Looks through the server and the innermost location: these directives are not inherited.
pub(super) fn redirect_of(levels: &Levels<'_>, path: &str, address: &WebAddress<'_>) -> RedirectOutcome {
    let server = levels.get(1).copied();
    let location = levels.last().copied().filter(|_| levels.len() > 2);
    let mut doubt = RedirectOutcome::None;
    for directive in server.into_iter().chain(location).flat_map(|level| &level.inner) {
        match of_directive(directive, path, address) {
            RedirectOutcome::None => {}
            sure @ RedirectOutcome::Sure(_) => return sure,
            possible @ RedirectOutcome::Possible(_) => doubt = possible,
        }
    }
    doubt
}

fn of_directive(directive: &Directive, path: &str, address: &WebAddress<'_>) -> RedirectOutcome {
    let redirects = match (directive.name(), directive.arguments()) {
        ("return", [to]) => Some(is_address(to)),
        ("return", [status, _]) => Some(matches!(status.as_str(), "301" | "302" | "303" | "307" | "308")),
        ("rewrite", [pattern, to, flag @ ..]) => {
            let flagged = flag.first().is_some_and(|flag| flag == "redirect" || flag == "permanent");
            if flagged || is_address(to) { found_in(pattern, false, path) } else { Some(false) }
        }
        ("if", condition) => {
            let inner = directive.inner.iter().map(|inner| (inner, of_directive(inner, path, address)));
            let Some((within, outcome)) = inner.into_iter().find(|(_, outcome)| *outcome != RedirectOutcome::None)
            else {
                return RedirectOutcome::None;
            };
            let shown = format!("{}: {}", directive.shown(), within.words.join(" "));
            return match (holds(condition, path, address), outcome) {
                (Some(false), _) | (_, RedirectOutcome::None) => RedirectOutcome::None,
                (Some(true), RedirectOutcome::Sure(_)) => RedirectOutcome::Sure(shown),
                (Some(true), RedirectOutcome::Possible(_)) | (None, _) => RedirectOutcome::Possible(shown),
            };
        }
        _ => Some(false),
    };
    match redirects {
        Some(true) => RedirectOutcome::Sure(directive.shown()),
        Some(false) => RedirectOutcome::None,
        None => RedirectOutcome::Possible(directive.shown()),
    }
}

fn is_address(to: &str) -> bool {
    ["http://", "https://", "$scheme"].iter().any(|start| to.starts_with(start))
}

/// Whether the condition of an `if` holds; `None` where it is about something else than the address.
fn holds(condition: &[String], path: &str, address: &WebAddress<'_>) -> Option<bool> {
    let whole = condition.join(" ");
    let whole = whole.strip_prefix('(')?.strip_suffix(')')?.trim();
    let mut words = whole.splitn(3, ' ');
    let value = match words.next()? {
        "$request_uri" | "$uri" | "$document_uri" => path,
        "$scheme" => address.scheme,
        "$host" | "$http_host" | "$server_name" => address.host,
        _ => return None,
    };
    let (sign, wanted) = (words.next()?, words.next()?);
    match sign {
        "=" => Some(value == wanted),
        "!=" => Some(value != wanted),
        "~" | "~*" => found_in(wanted, sign == "~*", value),
        "!~" | "!~*" => found_in(wanted, sign == "!~*", value).map(|found| !found),
        _ => None,
    }
}
