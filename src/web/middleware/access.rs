//! Gives each request its id and its line in the log.

use super::prefix::AsCame;
use super::request_context::RequestContext;
use crate::clock::random_bytes;
use crate::web::WebState;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use std::fmt::Write as _;

/// Header that names a request.
const REQUEST_ID: &str = "x-request-id";

/// Outermost layer: everything further in can rely on a [`RequestContext`].
///
/// The line has no query string: authorization codes and tickets travel there.
pub(crate) async fn log(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let id = fresh_id();
    let context = RequestContext::of(&request, id.clone());
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<AsCame>()
        .map_or_else(|| request.uri().path().to_owned(), |AsCame(uri)| uri.path().to_owned());
    request.extensions_mut().insert(context);
    let began = state.clock.now();
    let mut response = next.run(request).await;
    let ms = state.clock.now().since(began).as_millis();
    let status = response.status().as_u16();
    tracing::info!(target: "http", %method, path, status, ms, request = id, "{method} {path} {status} {ms} ms");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Twelve hexadecimal digits: short enough to be read out over the telephone.
fn fresh_id() -> String {
    random_bytes::<6>().iter().fold(String::with_capacity(12), |mut id, byte| {
        write!(id, "{byte:02x}").expect("a String takes everything");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::Site;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A log that a test can read.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("paper").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn each_request_leaves_one_line_without_its_query() {
        let paper = Paper::default();
        let pen = paper.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || pen.clone()).finish();
        let _guard = tracing::subscriber::set_default(log);
        let site = Site::new();
        site.get("/bitrix/nowhere?code=hush&state=hush").await;
        let text = String::from_utf8(paper.0.lock().expect("paper").clone()).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(" http: GET /bitrix/nowhere 404 0 ms") && !text.contains("hush"), "{text}");
    }

    #[test]
    fn ids_are_short_and_differ() {
        let (a, b) = (fresh_id(), fresh_id());
        assert_eq!(a.len(), 12);
        assert!(a.bytes().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(a, b);
    }
}
