//! The switch as a source of load.

use super::support::Bench;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_lose_no_event_although_the_reader_lags() {
    const CALLS: usize = 3_000;
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let reader = tokio::spawn(async move {
        let mut released = 0;
        while released < CALLS {
            if let Some(Message::Text(text)) = client.message().await {
                released += usize::from(text.contains("released"));
            } else {
                panic!("the socket ended after {released} calls");
            }
        }
        client
    });
    let phone = bench.world.phone("1001");
    for _ in 0..CALLS {
        bench.world.external_call("+79835551122", "1001").await;
        phone.pick_up().await.expect("pick up");
        phone.hang_up().await.expect("hang up");
    }
    let client = reader.await.expect("reader");
    assert_eq!(bench.world.running_calls(), 0);
    assert_eq!(bench.world.forget_ended(), CALLS);
    assert!(bench.world.calls().is_empty());
    bench.end(client).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_dropped_and_named() {
    let bench = Bench::new().await;
    let _silent = bench.client().await;
    bench.world.freeze_links();
    let phone = bench.world.phone("1001");
    while bench.world.links() > 0 {
        bench.world.external_call("+79835551122", "1001").await;
        // Not through the patient door: the queue is to overflow.
        bench.world.core.congested.store(false, std::sync::atomic::Ordering::Release);
        phone.reject().await.expect("reject");
        bench.world.core.congested.store(false, std::sync::atomic::Ordering::Release);
    }
    assert!(bench.world.violations().iter().any(|text| text.contains("did not read")));
}
