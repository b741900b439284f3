//! A page's view of a company's running calls.

use crate::domain::card::CallView;
use crate::domain::leg::Capabilities;
use crate::session::CallBoard;
use crate::web::service::{Board, Work};
use std::sync::Arc;
use tokio::sync::watch;

pub(super) struct BoardView {
    board: CallBoard,
    version: watch::Receiver<u64>,
}

impl BoardView {
    pub(super) fn new(board: CallBoard) -> Self {
        let version = board.watch();
        Self { board, version }
    }
}

impl Board for BoardView {
    fn calls(&self) -> Vec<Arc<CallView>> {
        self.board.calls()
    }

    fn can(&self) -> Capabilities {
        self.board.can()
    }

    fn online(&self) -> bool {
        self.board.online()
    }

    fn changed(&mut self) -> Work<'_, bool> {
        Box::pin(async { self.version.changed().await.is_ok() })
    }
}
