use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::*;
use crate::secrets::tests::{Script, keys, whatsapp};
use crate::secrets::{Keys, Watched, WhatsappSecret};

const LONG: Duration = Duration::from_secs(60);

/// What a function would hold: its token, the id of its sealing key, and something that survives.
struct Built {
    token: String,
    warm: Arc<AtomicUsize>,
}

type Both = (Arc<Watched<Keys>>, Arc<Watched<WhatsappSecret>>);

async fn live(keys: &Script, whatsapp: &Script) -> Live<Built> {
    let both: Both = (keys.watch().await, whatsapp.watch().await);
    let warm = Arc::new(AtomicUsize::new(0));
    Live::new(both, move |(_, whatsapp): &Both| {
        let secret = whatsapp.current();
        let token = secret.access_tokens.values().next().cloned();
        Ok(Built {
            token: token.filter(|token| token != "unbuildable").ok_or("no")?,
            warm: Arc::clone(&warm),
        })
    })
    .expect("a good secret")
}

async fn token(live: &Live<Built>) -> String {
    live.beside(async |built| built.token.clone()).await
}

#[tokio::test]
async fn an_invocation_keeps_what_it_began_with_and_the_next_has_the_new_secret() {
    let (a, b) = (
        Script::holding(keys(&["k1"], "1")),
        Script::holding(whatsapp("old")),
    );
    let live = live(&a, &b).await;
    let warm = live.beside(async |built| Arc::clone(&built.warm)).await;
    b.then(whatsapp("new"));
    assert_eq!(token(&live).await, "old");
    b.passes(LONG);
    assert_eq!(token(&live).await, "old");
    assert_eq!(token(&live).await, "new");
    let still = live.beside(async |built| Arc::clone(&built.warm)).await;
    assert!(Arc::ptr_eq(&warm, &still));
    assert_eq!((a.reads(), b.reads()), (1, 2));
}

#[tokio::test]
async fn no_invocation_fails_for_a_secret_that_cannot_be_read_or_built_from() {
    let (a, b) = (
        Script::holding(keys(&["k1"], "1")),
        Script::holding(whatsapp("old")),
    );
    let live = live(&a, &b).await;
    for trouble in [Script::fails as fn(&Script), |script| {
        script.then(whatsapp("unbuildable"));
    }] {
        trouble(&b);
        b.passes(LONG);
        assert_eq!(token(&live).await, "old");
        assert_eq!(token(&live).await, "old");
    }
    b.then(whatsapp("new"));
    b.passes(LONG);
    token(&live).await;
    assert_eq!(token(&live).await, "new");
}

#[tokio::test]
async fn what_waits_for_nobody_has_the_new_secret_in_time_and_after_a_doubt_at_once() {
    let (a, b) = (
        Script::holding(keys(&["k1"], "1")),
        Script::holding(whatsapp("old")),
    );
    let live = live(&a, &b).await;
    b.then(whatsapp("new"));
    assert_eq!(live.renewed().await.token, "old");
    b.passes(LONG);
    assert_eq!(live.renewed().await.token, "new");
    b.then(whatsapp("newer"));
    assert_eq!(live.renewed().await.token, "new");
    live.doubt();
    assert_eq!(live.renewed().await.token, "newer");
    // Whoever signs wrongly all day does not have it read all day.
    let reads = b.reads();
    for _ in 0..100 {
        live.doubt();
        live.renewed().await;
    }
    assert_eq!(b.reads(), reads);
}

#[tokio::test]
async fn the_work_does_not_wait_for_the_secret() {
    let (a, b) = (
        Script::holding(keys(&["k1"], "1")),
        Script::holding(whatsapp("old")),
    );
    let live = live(&a, &b).await;
    b.passes(LONG);
    let reads = live.beside(async |_| b.reads()).await;
    assert_eq!((reads, b.reads()), (1, 2));
}
