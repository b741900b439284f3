//! Bodies that notify their connection when they end: only so is it known what goes on in it.

use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body, and what is done once when it has ended or nobody wants it any more.
pub struct Watched<B, F: FnOnce()> {
    body: B,
    at_end: Option<F>,
}

impl<B, F: FnOnce()> Watched<B, F> {
    pub const fn new(body: B, at_end: F) -> Self {
        Self { body, at_end: Some(at_end) }
    }

    fn end(&mut self) {
        if let Some(at_end) = self.at_end.take() {
            at_end();
        }
    }
}

impl<B: Body + Unpin, F: FnOnce() + Unpin> Body for Watched<B, F> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B, F: FnOnce()> Drop for Watched<B, F> {
    fn drop(&mut self) {
        self.end();
    }
}
