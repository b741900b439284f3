//! A portal and authorization server that answer at once and note when a call was registered.

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::{Json, Router};
use ecss_crm_server::sandbox::certs::Certs;
use ecss_crm_server::server::{PairFiles, Tls, serve, tcp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub struct Portal {
    pub address: String,
    pub ca: PathBuf,
    arrivals: Arc<Arrivals>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Arrivals {
    seen: Mutex<HashMap<String, Instant>>,
    changed: watch::Sender<u64>,
    address: Mutex<String>,
}

impl Portal {
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let certs = Certs::new()?;
        let ca = certs.write_ca(dir)?;
        let files = PairFiles { cert: dir.join("portal.pem"), key: dir.join("portal.key") };
        std::fs::write(&files.cert, &certs.cert_pem)?;
        std::fs::write(&files.key, &certs.key_pem)?;
        let listener = tcp("127.0.0.1", 0).await?;
        let address = listener.tcp_address().context("a TCP listener")?.to_string();
        let arrivals = Arc::new(Arrivals {
            seen: Mutex::default(),
            changed: watch::Sender::new(0),
            address: Mutex::new(address.clone()),
        });
        let router = Router::new().fallback(answer).with_state(arrivals.clone());
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, Some(Tls::load(files)?), Arc::default(), stop.clone()));
        Ok(Self { address, ca, arrivals, stop })
    }

    /// When the call was registered (or its frame relayed).
    pub async fn arrival(&self, call: &str, within: Duration) -> anyhow::Result<Instant> {
        let mut changed = self.arrivals.changed.subscribe();
        let wait = async {
            loop {
                if let Some(at) = self.arrivals.seen.lock().expect("no panic here").get(call) {
                    return *at;
                }
                let _ = changed.changed().await;
            }
        };
        tokio::time::timeout(within, wait).await.with_context(|| format!("{call} never arrived"))
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(State(arrivals): State<Arc<Arrivals>>, uri: Uri, body: Bytes) -> Json<Value> {
    let at = Instant::now();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let path = uri.path().trim_end_matches(".json").to_ascii_lowercase();
    let method = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let address = arrivals.address.lock().expect("no panic here").clone();
    Json(match method {
        "token" => json!({
            "access_token": "a", "refresh_token": "r", "expires_in": 3600, "member_id": "bench",
            "client_endpoint": format!("https://{address}/rest/"), "scope": "placement,user,telephony,call", "user_id": 1,
        }),
        "relay" => {
            note(&arrivals, body.pointer("/data/0/call_id"), at);
            json!({"result": true})
        }
        "telephony.externalcall.register" => {
            note(&arrivals, body.get("EXTERNAL_CALL_ID"), at);
            json!({"result": {"CALL_ID": format!("externalCall.{}", body["EXTERNAL_CALL_ID"].as_str().unwrap_or_default())}})
        }
        "profile" => json!({"result": {"ID": "1", "ADMIN": true, "NAME": "Admin"}}),
        "user.get" => {
            json!({"result": [{"ID": "7", "NAME": "Ivan", "ACTIVE": true, "UF_PHONE_INNER": "1001"}], "total": 1})
        }
        "event.get" | "placement.get" | "telephony.externalline.get" => json!({"result": []}),
        _ => json!({"result": true}),
    })
}

fn note(arrivals: &Arrivals, call: Option<&Value>, at: Instant) {
    if let Some(call) = call.and_then(Value::as_str) {
        arrivals.seen.lock().expect("no panic here").entry(call.to_owned()).or_insert(at);
        arrivals.changed.send_modify(|n| *n += 1);
    }
}
