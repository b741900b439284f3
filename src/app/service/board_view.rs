//! A page's view of a company's calls.

use crate::domain::card::CallView;
use crate::domain::leg::Capabilities;
use crate::domain::{CallKey, CrmCallId, UserId};
use crate::session::CallBoardView;
use crate::web::service::Board;
use std::sync::Arc;
use tokio::sync::watch;

impl Board for CallBoardView {
    fn running(&self) -> Vec<Arc<CallView>> {
        self.running()
    }

    fn calls_of(&self, user: UserId, own: Option<&CrmCallId>) -> Vec<Arc<CallView>> {
        self.calls_of(user, own)
    }

    fn call(&self, name: &str) -> Option<Arc<CallView>> {
        self.call(&CallKey::new(name)).or_else(|| self.call_of_crm(&CrmCallId::new(name)))
    }

    fn can(&self) -> Capabilities {
        self.can()
    }

    fn online(&self) -> bool {
        self.online()
    }

    fn changes(&self, user: UserId) -> watch::Receiver<()> {
        self.changes(user)
    }
}
