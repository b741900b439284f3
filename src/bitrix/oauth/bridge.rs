//! Carries the OAuth library's requests over our HTTP client, and mends what the server does differently from
//! the standard: errors with HTTP 200, pages instead of JSON, and servers that know only GET.

use crate::bitrix::exchange::{AnswerLimit, ExchangeFault, HttpReply, send};
use crate::http::Guarded;
use oauth2::http::{Method, header};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;

/// The library's client for one exchange.
#[derive(Debug)]
pub(super) struct Bridge<'a>(pub(super) &'a Guarded);

/// No JSON object came back.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum BridgeFault {
    /// The server cannot be connected to; another one may be asked.
    #[error("{0}")]
    Unreachable(String),
    /// It was sent, and no answer came.
    #[error("{0}")]
    Lost(String),
    /// Something that is not an answer came: a page, a server error.
    #[error("HTTP {status} from the authorization server")]
    Page {
        /// HTTP status.
        status: u16,
    },
}

impl From<ExchangeFault> for BridgeFault {
    fn from(fault: ExchangeFault) -> Self {
        match fault {
            ExchangeFault::NotSent(why) => Self::Unreachable(why),
            ExchangeFault::Unanswered(why) => Self::Lost(why),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = BridgeFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BridgeFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let url = request.uri().to_string();
            let form = String::from_utf8_lossy(request.body()).into_owned();
            let (status, body) = post_else_get(self.0, &url, form).await?;
            let mut response = HttpResponse::new(body);
            *response.status_mut() = status.try_into().map_err(|_| BridgeFault::Page { status })?;
            let json = header::HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            Ok(response)
        })
    }
}

/// Posts a form (secrets stay out of addresses); a server that refuses POST as such is asked again by GET, which is
/// what the documentation shows. Returns 200 with a JSON object that is no error, or 400 with one that is.
pub(super) async fn post_else_get(http: &Guarded, url: &str, form: String) -> Result<(u16, Vec<u8>), BridgeFault> {
    let request = |method: Method, url: &str| {
        let request = http.request(method, url).map_err(ExchangeFault::from)?;
        Ok::<_, ExchangeFault>(request.header(header::ACCEPT, "application/json"))
    };
    let post = request(Method::POST, url)?
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.clone());
    match sort(&send(post, AnswerLimit::Ordinary).await?) {
        Err(status @ 400..=499) if status != 429 => {
            sort(&send(request(Method::GET, &format!("{url}?{form}"))?, AnswerLimit::Ordinary).await?)
        }
        sorted => sorted,
    }
    .map_err(|status| BridgeFault::Page { status })
}

/// A JSON object with the status the standard would give it; else the status of the page.
fn sort(reply: &HttpReply) -> Result<(u16, Vec<u8>), u16> {
    match serde_json::from_slice(&reply.body) {
        Ok(Value::Object(map)) if reply.status < 500 => {
            let failed = map.get("error").is_some_and(|e| !e.is_null());
            match (failed, reply.status) {
                (true, _) => Ok((400, reply.body.to_vec())),
                (false, 200..=299) => Ok((200, reply.body.to_vec())),
                (false, status) => Err(status),
            }
        }
        _ => Err(reply.status),
    }
}
