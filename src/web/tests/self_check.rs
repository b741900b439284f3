//! The addresses at which the daemon asks itself are there for nobody else.

use super::*;

#[tokio::test]
async fn who_has_no_pass_finds_nothing_and_nothing_of_his_body_is_read() {
    let site = Site::new();
    for path in ["/check/x", "/check/9999999999999.AAAA", "/check/x/stream"] {
        assert_eq!(site.send(Ask::get(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let large = "x".repeat(3 << 20);
    assert_eq!(site.send(Ask::post("/check/x/size", &large)).await.status, StatusCode::NOT_FOUND);
}
