//! Whether the server is still there while nothing is heard of it.
//!
//! The keepalives of TCP tell of a machine that is gone. They are answered by whatever is in between: a pooler, a load
//! balancer, the kernel of a machine whose server hangs. So where nothing has come for as long as `keepalives_idle`
//! says, the server is asked over a line of its own whether it is there, `keepalives_count` times, and is given
//! `keepalives_interval` each time. The question is whether it speaks TLS: it needs no login, and any answer will do.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};

use super::socket::{self, Wire};
use super::{Keepalives, Place};

/// When something was last heard.
#[derive(Clone)]
pub(super) struct Pulse {
    begun: Instant,
    /// In microseconds since then.
    heard: Arc<AtomicU64>,
}

impl Pulse {
    /// That of a line, and the line that beats it.
    pub fn of(wire: Wire) -> (Self, Wire) {
        let pulse = Self { begun: Instant::now(), heard: Arc::default() };
        let wire = Beating { wire, pulse: pulse.clone() };
        (pulse, Box::new(wire))
    }

    fn beat(&self) {
        let now = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.heard.store(now, Ordering::Relaxed);
    }

    /// How long nothing was heard.
    fn silence(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_micros(self.heard.load(Ordering::Relaxed)))
    }

    /// Returns, with what to say of it, once the server is there no more.
    pub async fn stops(&self, place: &Place, keepalives: Keepalives) -> String {
        if place.address.is_none() || !keepalives.on {
            return std::future::pending().await;
        }
        loop {
            let silence = self.silence();
            if silence < keepalives.idle {
                sleep(keepalives.idle.saturating_sub(silence)).await;
            } else if answers(place, keepalives).await || self.silence() < silence {
                sleep(keepalives.idle).await;
            } else {
                let seconds = self.silence().as_secs();
                return format!("the server has said nothing for {seconds} s, and takes no new sessions either");
            }
        }
    }
}

/// True where anything at all answers at a place.
async fn answers(place: &Place, keepalives: Keepalives) -> bool {
    let ask = async || {
        if let Ok(mut wire) = socket::open(place, keepalives).await {
            _ = socket::offers_tls(&mut wire).await;
        }
    };
    for _ in 0..keepalives.count {
        if timeout(keepalives.interval, ask()).await.is_ok() {
            return true;
        }
    }
    false
}

/// A line that notes when it is used.
struct Beating {
    wire: Wire,
    pulse: Pulse,
}

impl AsyncRead for Beating {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.wire).poll_read(cx, into);
        if result.is_ready() {
            self.pulse.beat();
        }
        result
    }
}

impl AsyncWrite for Beating {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
