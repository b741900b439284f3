//! What answers at a portal's path, and whether it is what should.

/// A path of the portal that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalPage {
    Connector,
    ChatBot,
    LiveChat,
    PushPublish,
    PushSubscribe,
    Rest,
}

/// How a path answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAnswer {
    /// As it should.
    Expected,
    /// Nobody was asked, as no connection came about.
    NotAsked,
    /// The connection failed at this path; in the library's words.
    NoAnswer(String),
    /// Elsewhere: often to the log-in.
    Redirected { status: u16, location: String },
    /// Log-in or another address is asked for.
    Closed { status: u16 },
    /// There is nothing.
    Missing,
    /// The server behind the proxy does not answer.
    BehindIsDown { status: u16 },
    /// A status that says nothing of the above.
    OtherStatus { status: u16 },
    /// The right status, but not what answers there.
    OtherContent,
    /// The module that should answer is not installed.
    ModuleAbsent,
    /// A header forbids that other pages show this one.
    FramesForbidden { header: String },
}

/// What was seen of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAnswer {
    /// HTTP status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// What the body is.
    pub body: SeenBody,
    /// The header that forbids frames everywhere, as it came.
    pub forbids_frames: Option<String>,
}

/// What an answer's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBody {
    /// The answer that the portal's scripts give to a stranger.
    Refusal,
    /// The portal says that a module is not installed.
    ModuleAbsent,
    /// A page for people.
    Html,
    /// Anything else.
    Other,
}

/// Judges what a path has answered.
pub fn judge_answer(page: PortalPage, seen: SeenAnswer) -> PageAnswer {
    let push = matches!(page, PortalPage::PushPublish | PortalPage::PushSubscribe);
    let status = seen.status;
    match (status, page, seen.body) {
        (300..=399, _, _) => PageAnswer::Redirected { status, location: seen.location.unwrap_or_default() },
        (502..=504, _, _) => PageAnswer::BehindIsDown { status },
        (404, _, _) => PageAnswer::Missing,
        (_, _, SeenBody::ModuleAbsent) => PageAnswer::ModuleAbsent,
        (401, PortalPage::Rest, SeenBody::Refusal) => PageAnswer::Expected,
        (200 | 400..=499, _, SeenBody::Html) if push => PageAnswer::OtherContent,
        (200 | 400..=499, _, _) if push => PageAnswer::Expected,
        (401 | 403, _, _) => PageAnswer::Closed { status },
        (200, PortalPage::Connector | PortalPage::ChatBot, SeenBody::Refusal) => PageAnswer::Expected,
        (200, PortalPage::LiveChat, SeenBody::Html) => match seen.forbids_frames {
            Some(header) => PageAnswer::FramesForbidden { header },
            None => PageAnswer::Expected,
        },
        (200, _, _) => PageAnswer::OtherContent,
        _ => PageAnswer::OtherStatus { status },
    }
}

#[cfg(test)]
mod tests {
    use super::{PageAnswer, PortalPage, SeenAnswer, SeenBody, judge_answer};

    fn judged(page: PortalPage, status: u16, body: SeenBody) -> PageAnswer {
        judge_answer(page, SeenAnswer { status, location: Some("/auth/".to_owned()), body, forbids_frames: None })
    }

    #[test]
    fn each_page_is_well_only_with_its_own_answer() {
        use PortalPage::{ChatBot, Connector, LiveChat, PushPublish, PushSubscribe, Rest};
        use SeenBody::{Html, Other, Refusal};
        for (page, status, body) in [
            (Connector, 200, Refusal),
            (ChatBot, 200, Refusal),
            (LiveChat, 200, Html),
            (PushPublish, 400, Other),
            (PushSubscribe, 200, Other),
            (Rest, 401, Refusal),
        ] {
            assert_eq!(judged(page, status, body), PageAnswer::Expected, "{page:?}");
            assert_eq!(judged(page, 404, Html), PageAnswer::Missing, "{page:?}");
            assert_eq!(judged(page, 502, Html), PageAnswer::BehindIsDown { status: 502 }, "{page:?}");
            let redirected = PageAnswer::Redirected { status: 302, location: "/auth/".to_owned() };
            assert_eq!(judged(page, 302, Html), redirected, "{page:?}");
        }
        for page in [Connector, ChatBot, PushPublish, Rest] {
            assert_eq!(judged(page, 200, Html), PageAnswer::OtherContent, "{page:?}");
        }
        for page in [Connector, ChatBot, LiveChat, Rest] {
            assert_eq!(judged(page, 403, Html), PageAnswer::Closed { status: 403 }, "{page:?}");
        }
        assert_eq!(judged(Connector, 200, SeenBody::ModuleAbsent), PageAnswer::ModuleAbsent);
    }

    #[test]
    fn a_live_chat_that_may_not_be_shown_in_a_frame_is_told() {
        let header = "X-Frame-Options: DENY".to_owned();
        let seen =
            SeenAnswer { status: 200, location: None, body: SeenBody::Html, forbids_frames: Some(header.clone()) };
        assert_eq!(judge_answer(PortalPage::LiveChat, seen), PageAnswer::FramesForbidden { header });
    }
}
