//! How fast a switch is read. One that sends without end must not take the processor from other companies: above the
//! pace its socket is left alone for a moment, and TCP holds it back.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Frames a second. A thousand parallel calls that change every second are some thousands.
const FRAMES: f64 = 10_000.0;
/// Bytes a second: those frames with half a kilobyte each, or five snapshots of the largest size.
const BYTES: f64 = 5.0 * 1024.0 * 1024.0;
/// As much may come at once, in seconds of the pace.
const BURST: f64 = 1.0;
/// The shortest pause; a timer cannot tick finer than a millisecond.
const PAUSE: f64 = 0.01;

/// What one connection may still be read of.
#[derive(Debug)]
pub(super) struct ReadRate {
    /// Seconds of the pace that are left; below zero it has to wait.
    left: f64,
    at: Instant,
    pause: Option<Pin<Box<Sleep>>>,
}

impl ReadRate {
    pub(super) fn new() -> Self {
        Self { left: BURST, at: Instant::now(), pause: None }
    }

    /// A frame of this many bytes was read.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.left -= (1.0 / FRAMES).max(bytes as f64 / BYTES);
    }

    /// Ready when the next frame may be read.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            if self.left > 0.0 {
                return Poll::Ready(());
            }
            let now = Instant::now();
            self.left = (self.left + now.duration_since(self.at).as_secs_f64()).min(BURST);
            self.at = now;
            if self.left <= 0.0 {
                let pause = Duration::from_secs_f64((-self.left).max(PAUSE));
                self.pause = Some(Box::pin(sleep_until(now + pause)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    async fn read_for(seconds: f64, bytes: usize) -> f64 {
        let (mut read_rate, began, mut frames) = (ReadRate::new(), Instant::now(), 0.0);
        while began.elapsed().as_secs_f64() < seconds {
            poll_fn(|cx| read_rate.poll(cx)).await;
            read_rate.spend(bytes);
            frames += 1.0;
        }
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_small_frames_is_read_at_the_pace() {
        let frames = read_for(10.0, 6).await;
        assert!((FRAMES * 9.0..FRAMES * 11.5).contains(&frames), "{frames}");
    }

    #[tokio::test(start_paused = true)]
    async fn large_frames_count_by_their_size() {
        let frames = read_for(10.0, 1024 * 1024).await;
        assert!((45.0..60.0).contains(&frames), "{frames}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_switch_never_waits() {
        let (mut read_rate, began) = (ReadRate::new(), Instant::now());
        for _ in 0..50 {
            for _ in 0..500 {
                poll_fn(|cx| read_rate.poll(cx)).await;
                read_rate.spend(350);
            }
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(5), "five thousand events a second are read as they come");
    }
}
