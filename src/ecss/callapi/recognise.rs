//! What an unexpected answer is, in words of ours.
//!
//! Who tries an address is the administrator of a company, and at the address may be anything that this server can
//! reach. They are told what kind of thing answers there and never what it says: that goes to the log at `debug` and to
//! a tap, both of which belong to the people who run the server.

use crate::ecss::capture::FrameListener;

/// Longest kind of content that is shown.
const LONGEST_KIND: usize = 60;

/// Status, kind of content and length of an answer; its text goes to the log.
pub(super) fn recognised(status: u16, content_type: Option<&str>, body: &[u8], listener: &FrameListener) -> String {
    let text = String::from_utf8_lossy(body);
    tracing::debug!(status, answer = listener.masker.sample(text.trim()), "what answers is not taken for a Call API");
    let what = match (content_type.and_then(kind), body.len()) {
        (_, 0) => "nothing in it".to_owned(),
        (Some(kind), _) => kind,
        (None, _) => looks_like(&text).to_owned(),
    };
    format!("HTTP {status}, {what}")
}

/// `text/html` of `text/html; charset=utf-8`, if it is one.
fn kind(content_type: &str) -> Option<String> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"/+.-".contains(&b));
    (plain && kind.contains('/') && kind.len() <= LONGEST_KIND).then_some(kind)
}

fn looks_like(text: &str) -> &'static str {
    match text.trim_start().chars().next() {
        Some('<') => "a page",
        Some('{' | '[') => "JSON",
        _ => "content of an unknown kind",
    }
}

/// Scheme, host and port of a redirect's target: its path may carry what is nobody's business.
pub(super) fn origin(location: &str) -> String {
    match url::Url::parse(location) {
        Ok(url) if url.has_host() => url.origin().ascii_serialization(),
        _ => "another page".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::domain::Timestamp;
    use crate::ecss::capture::Masker;

    #[test]
    fn an_answer_is_named_and_never_told() {
        let listener = FrameListener {
            tap: None,
            clock: Clock::manual(Timestamp(0)),
            masker: Masker::default(),
            owner: "".into(),
        };
        let long = format!("a/{}", "b".repeat(100));
        for (kind, body, want) in [
            (Some("text/html; charset=utf-8"), "<html>hush</html>", "HTTP 200, text/html"),
            (Some("application/problem+json"), "{\"hush\":1}", "HTTP 200, application/problem+json"),
            (Some("text/html"), "", "HTTP 200, nothing in it"),
            (Some("hush/<b>"), "<b>", "HTTP 200, a page"),
            (Some(long.as_str()), " {", "HTTP 200, JSON"),
            (None, "hush", "HTTP 200, content of an unknown kind"),
        ] {
            assert_eq!(recognised(200, kind, body.as_bytes(), &listener), want);
        }
    }

    #[test]
    fn of_a_redirect_only_the_host_is_told() {
        for (location, want) in [
            ("https://elsewhere.example/hush?token=hush", "https://elsewhere.example"),
            ("http://user:hush@elsewhere.example:81/", "http://elsewhere.example:81"),
            ("/hush", "another page"),
            ("data:text/plain,hush", "another page"),
            ("", "another page"),
        ] {
            assert_eq!(origin(location), want);
        }
    }
}
