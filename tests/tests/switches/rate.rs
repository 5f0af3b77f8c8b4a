//! A bank's own rate of requests.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use recado_tests::{fresh_key, settled};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::budget::stack;
use crate::windows::{fit, span};
use crate::world::{Handset, Taken, View, pix_received};

const PER_SECOND: usize = 2;
/// At once, from each bank: several seconds' worth.
const REQUESTS: usize = 8;

/// A request as its bank repeats it.
#[derive(Clone)]
struct Request {
    to: String,
    key: String,
    body: Value,
}

async fn requests(view: &View) -> Result<Vec<Request>> {
    let mut requests = Vec::new();
    for _ in 0..REQUESTS {
        let to = view.customer(Handset::On).await?;
        let body = pix_received(&to);
        requests.push(Request {
            to,
            key: fresh_key(),
            body,
        });
    }
    Ok(requests)
}

/// Sends them all at once until each is accepted; answers them in their order.
async fn all_at_once(view: &View, requests: &[Request]) -> Result<Vec<Taken>> {
    let mut tasks = JoinSet::new();
    for (place, request) in requests.iter().cloned().enumerate() {
        let view = View {
            stack: view.stack,
            bank: view.bank.clone(),
        };
        tasks.spawn(async move {
            let taken = view.insist(&request.key, &request.body).await?;
            anyhow::Ok((place, taken))
        });
    }
    let mut taken = Vec::new();
    while let Some(done) = tasks.join_next().await {
        taken.push(done??);
    }
    taken.sort_by_key(|(place, _)| *place);
    Ok(taken.into_iter().map(|(_, taken)| taken).collect())
}

#[tokio::test]
async fn a_bank_over_its_rate_is_told_when_to_come_back_and_the_other_bank_is_not() -> Result<()> {
    let (limited, other) = (View::of(stack(), 1).await?, View::of(stack(), 0).await?);
    let (asked, others) = (requests(&limited).await?, requests(&other).await?);
    let (taken, free) =
        tokio::try_join!(all_at_once(&limited, &asked), all_at_once(&other, &others))?;
    assert!(free.iter().all(|taken| taken.refusals == 0), "{free:?}");
    assert!(taken.iter().any(|taken| taken.refusals > 0), "{taken:?}");
    // What was refused had left nothing behind.
    assert!(taken.iter().all(|taken| !taken.replayed), "{taken:?}");
    let seconds: Vec<_> = taken
        .iter()
        .map(|taken| span(taken.asked_at, taken.accepted_at, 1))
        .collect();
    assert!(
        fit(&seconds, PER_SECOND),
        "accepted by the second: {seconds:?}"
    );

    let again = all_at_once(&limited, &asked).await?;
    let ids = |all: &[Taken]| -> Vec<String> { all.iter().map(|taken| taken.id.clone()).collect() };
    assert_eq!(ids(&again), ids(&taken));
    assert!(again.iter().all(|taken| taken.replayed), "{again:?}");
    let different: BTreeSet<String> = ids(&taken).into_iter().collect();
    assert_eq!(different.len(), REQUESTS);
    for (request, taken) in asked.iter().zip(&taken) {
        limited.arrives_by_whatsapp(&taken.id, &request.to).await?;
        settled(limited.stack, &taken.id).await?;
        let inbox = limited.inbox(&request.to);
        ensure!(inbox.len() == 1, "{inbox:?}");
        assert_eq!(inbox[0].notification.as_ref(), Some(&taken.id));
    }
    Ok(())
}
