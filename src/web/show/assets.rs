//! Style sheet, scripts and icon: compiled in, named by their content, cached for a year.

use crate::web::middleware::error::WebError;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// One static file.
struct Asset {
    plain: &'static str,
    named: String,
    kind: &'static str,
    body: &'static str,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset("app.css", "text/css; charset=utf-8", include_str!("../../../static/app.css")),
        asset("card.js", "text/javascript; charset=utf-8", include_str!("../../../static/card.js")),
        asset("company.js", "text/javascript; charset=utf-8", include_str!("../../../static/company.js")),
        asset("icon.svg", "image/svg+xml", include_str!("../../../static/icon.svg")),
    ]
});

fn asset(plain: &'static str, kind: &'static str, body: &'static str) -> Asset {
    let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    let hash = digest.as_ref().iter().take(6).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    });
    let (stem, ending) = plain.split_once('.').unwrap_or((plain, ""));
    Asset { plain, named: format!("{stem}.{hash}.{ending}"), kind, body }
}

/// The name under which a file is served; empty for a file that is not there.
pub(crate) fn named(plain: &str) -> &'static str {
    ASSETS.iter().find(|a| a.plain == plain).map_or("", |a| a.named.as_str())
}

/// `GET /static/{file}`
pub(crate) async fn serve(Path(file): Path<String>) -> Result<Response, WebError> {
    let asset = ASSETS.iter().find(|a| a.named == file).ok_or(WebError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_content() {
        let name = named("app.css");
        let hash = name.strip_prefix("app.").and_then(|rest| rest.strip_suffix(".css")).expect("app.<hash>.css");
        assert!(hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(named("nothing.css"), "");
    }
}
