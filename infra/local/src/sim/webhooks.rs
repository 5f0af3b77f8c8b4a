//! The task that posts what Meta has to tell.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use recado_testing::meta::WebhookPost;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Sim;
use crate::clock;

/// POSTs that may be on their way at once.
const CONCURRENT: usize = 256;
/// Meta's own timeout is not published; answers are expected within a second.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Sim {
    /// Lets time pass in the simulated world and posts its signed webhooks to the app's callback, as long as
    /// it is polled: spawn it, and abort it to stop. `first`: where they go until the app says otherwise.
    pub async fn post_webhooks(self, first: String) -> anyhow::Result<()> {
        let client = client()?;
        let slots = Arc::new(Semaphore::new(CONCURRENT));
        loop {
            let next = self.with_quietly(|meta| meta.next_due());
            match next.map(|due| due.duration_since(clock::now())) {
                None => {
                    self.inner.changed.notified().await;
                    continue;
                }
                Some(wait) if wait.is_positive() => {
                    let wait = Duration::try_from(wait).unwrap_or_default();
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.inner.changed.notified() => continue,
                    }
                }
                Some(_) => {}
            }
            let (posts, callback) = self.with(|meta, now| {
                let callback = meta.callback().map(|callback| callback.url.clone());
                (meta.take_due(now), callback)
            });
            let callback = callback.unwrap_or_else(|| first.clone());
            for post in posts {
                let slot = Arc::clone(&slots).acquire_owned().await?;
                let (sim, client, callback) = (self.clone(), client.clone(), callback.clone());
                tokio::spawn(async move {
                    let id = post.id;
                    let under_way = &sim.inner.webhooks_under_way;
                    under_way.fetch_add(1, Ordering::Relaxed);
                    let begun = Instant::now();
                    let status = deliver(&client, &callback, post).await;
                    if status.is_some() {
                        sim.note_wait(begun.elapsed());
                    }
                    under_way.fetch_sub(1, Ordering::Relaxed);
                    sim.with(|meta, now| meta.webhook_answered(id, status, now));
                    drop(slot);
                });
            }
        }
    }

    /// The verification that Meta makes when a callback is set: it must answer the challenge.
    pub async fn verify_callback(&self, callback: &str, verify_token: &str) -> anyhow::Result<()> {
        const CHALLENGE: &str = "1158201444";
        let mut url = reqwest::Url::parse(callback).context("the callback is not a URL")?;
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", CHALLENGE)
            .append_pair("hub.verify_token", verify_token);
        let response = client()?.get(url).send().await?;
        let status = response.status();
        let body = response.text().await?;
        if status != reqwest::StatusCode::OK || body != CHALLENGE {
            bail!("the callback answered the verification with {status}");
        }
        Ok(())
    }

    /// Looks without waking anybody.
    fn with_quietly<T>(&self, look: impl FnOnce(&recado_testing::meta::Meta) -> T) -> T {
        let meta = self.inner.meta.lock();
        look(&meta.unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// The HTTP status of a POST, or `None` when no answer came.
async fn deliver(client: &reqwest::Client, callback: &str, post: WebhookPost) -> Option<u16> {
    let response = client
        .post(callback)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", post.signature)
        .header("user-agent", "facebookexternalua")
        .body(post.body)
        .send()
        .await
        .inspect_err(|error| tracing::debug!(%error, "a webhook was not answered"))
        .ok()?;
    Some(response.status().as_u16())
}

fn client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .context("no HTTP client for webhooks")
}
