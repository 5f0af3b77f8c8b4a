//! Secrets that change, read from a script by a clock of the test's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::watched::{MOST_AGE, PAUSE};
use super::*;

/// A Secrets Manager that answers what it was told, and a clock.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// None: it cannot be read.
    text: Option<String>,
    seconds: i64,
    reads: usize,
}

impl Script {
    pub(crate) fn holding(text: impl Into<String>) -> Self {
        let script = Self::default();
        script.then(text);
        script
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }

    /// From the next read on.
    pub(crate) fn then(&self, text: impl Into<String>) {
        self.state().text = Some(text.into());
    }

    pub(crate) fn fails(&self) {
        self.state().text = None;
    }

    pub(crate) fn passes(&self, time: Duration) {
        self.state().seconds += i64::try_from(time.as_secs()).expect("short");
    }

    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    pub(crate) fn secrets(&self) -> Secrets {
        let script = self.clone();
        let clock = move || {
            let seconds = 1_790_000_000 + script.state().seconds;
            Timestamp::from_second(seconds).expect("time")
        };
        Secrets::new(self.clone(), Arc::new(clock))
    }

    pub(crate) async fn watch<T: SecretText>(&self) -> Arc<Watched<T>> {
        self.secrets().watch("id").await.expect("a good secret")
    }
}

impl Source for Script {
    fn read<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<String, SecretError>> {
        Box::pin(async move {
            let mut state = self.state();
            state.reads += 1;
            let text = state.text.clone();
            text.ok_or_else(|| SecretError::Unavailable("away".into()))
        })
    }
}

/// The keys' secret, with keys of these ids; the first one seals.
pub(crate) fn keys(ids: &[&str], pepper: &str) -> String {
    let all: serde_json::Map<String, serde_json::Value> = ids
        .iter()
        .map(|id| {
            let byte = id.bytes().last().expect("an id");
            (id.to_string(), BASE64.encode(&[byte; 32]).into())
        })
        .collect();
    serde_json::json!({
        "sealing": { "current": ids[0], "keys": all },
        "pepper": { "version": pepper, "secret": BASE64.encode(&[7; 32]) },
    })
    .to_string()
}

pub(crate) fn whatsapp(token: &str) -> String {
    serde_json::json!({
        "app_id": "600", "app_secrets": ["s"], "verify_token": "v",
        "access_tokens": { "banco-aurora": token },
    })
    .to_string()
}

fn bank() -> TenantId {
    TenantId::parse("banco-aurora").expect("valid")
}

fn seal(keys: &Keys) -> Sealed {
    keys.ring.seal("item", b"Maria", [9; 12]).expect("seals")
}

#[tokio::test]
async fn what_a_newer_key_sealed_opens_at_once() {
    let script = Script::holding(keys(&["k1"], "1"));
    let held = script.watch::<Keys>().await;
    let old = Keys::of(&held);
    let newer = Keys::parse(&keys(&["k2", "k1"], "1")).expect("keys");
    script.then(keys(&["k2", "k1"], "1"));

    let opened = old.open("item", &seal(&newer)).await;
    assert_eq!(opened.expect("opens"), b"Maria");
    assert_eq!(script.reads(), 2);
    // And what the old one sealed still does.
    let opened = Keys::of(&held).open("item", &seal(&old)).await;
    assert_eq!(opened.expect("opens"), b"Maria");
    assert_eq!(script.reads(), 2);
    assert_eq!(seal(&Keys::of(&held)).key, "k2");
}

#[tokio::test]
async fn a_key_that_nobody_has_is_asked_for_once_in_a_pause() {
    let script = Script::holding(keys(&["k1"], "1"));
    let held = script.watch::<Keys>().await;
    let foreign = seal(&Keys::parse(&keys(&["k9"], "1")).expect("keys"));
    let here = Keys::of(&held);
    for _ in 0..3 {
        let all = futures::future::join_all((0..10).map(|_| here.open("item", &foreign))).await;
        for outcome in all {
            assert_eq!(outcome, Err(SealError::UnknownKey("k9".to_owned())));
        }
    }
    assert_eq!(script.reads(), 2);
    script.passes(PAUSE);
    assert!(here.open("item", &foreign).await.is_err());
    assert_eq!(script.reads(), 3);
}

#[tokio::test]
async fn a_changed_pepper_is_refused_and_the_keys_stay() {
    let script = Script::holding(keys(&["k1"], "1"));
    let held = script.watch::<Keys>().await;
    let before = held.current().pepper.fingerprint();
    script.then(keys(&["k2", "k1"], "2"));
    held.again().await;
    assert_eq!(held.current().pepper.fingerprint(), before);
    assert_eq!(seal(&held.current()).key, "k1");
    assert_eq!(held.changes(), 0);
    // Put right, it is taken.
    script.then(keys(&["k2", "k1"], "1"));
    script.passes(PAUSE);
    held.again().await;
    assert_eq!(seal(&held.current()).key, "k2");
}

#[tokio::test]
async fn what_cannot_be_read_or_used_leaves_the_old_one() {
    let script = Script::holding(whatsapp("old"));
    let held = script.watch::<WhatsappSecret>().await;
    let unusable = [
        "",
        "{}",
        &whatsapp(""),
        &whatsapp("two words"),
        &whatsapp("new").replace(r#"["s"]"#, "[]"),
        &whatsapp("new").replace(r#"["s"]"#, r#"["s", ""]"#),
        &whatsapp("new").replace(r#""v""#, r#"" ""#),
    ];
    for text in unusable {
        script.passes(PAUSE);
        script.then(text);
        held.again().await;
        assert_eq!(held.current().access_tokens[&bank()], "old", "{text}");
    }
    script.passes(PAUSE);
    script.fails();
    held.again().await;
    assert_eq!(held.current().access_tokens[&bank()], "old");
}

#[tokio::test]
async fn a_secret_is_read_again_when_it_has_grown_old_and_not_before() {
    let script = Script::holding(whatsapp("old"));
    let held = script.watch::<WhatsappSecret>().await;
    script.then(whatsapp("new"));
    script.passes(MOST_AGE - Duration::from_secs(1));
    held.renew().await;
    assert_eq!((script.reads(), held.changes()), (1, 0));
    script.passes(Duration::from_secs(1));
    held.renew().await;
    held.renew().await;
    assert_eq!((script.reads(), held.changes()), (2, 1));
    // The same text once more is no change; a failure is not repeated before its time.
    script.passes(MOST_AGE);
    held.renew().await;
    assert_eq!((script.reads(), held.changes()), (3, 1));
    script.passes(MOST_AGE);
    script.fails();
    held.renew().await;
    held.renew().await;
    assert_eq!((script.reads(), held.changes()), (4, 1));
}

#[tokio::test]
async fn meta_is_asked_once_more_only_with_another_token() {
    let script = Script::holding(whatsapp("old"));
    let tokens: Tokens<String> = Tokens::of(&script.watch::<WhatsappSecret>().await);
    let tried = Mutex::new(Vec::new());
    let ask = async |good: &str| {
        let try_one = |token: String| {
            let accepted = token == good;
            tried.lock().expect("no panic").push(token);
            std::future::ready(accepted)
        };
        let answer = tokens.ask(&bank(), try_one, |accepted| !accepted).await;
        (
            answer,
            std::mem::take(&mut *tried.lock().expect("no panic")),
        )
    };
    assert_eq!(ask("old").await, (Some(true), vec!["old".to_owned()]));
    // Refused, and nothing newer there.
    assert_eq!(ask("new").await, (Some(false), vec!["old".to_owned()]));
    script.then(whatsapp("new"));
    script.passes(PAUSE);
    let both = vec!["old".to_owned(), "new".to_owned()];
    assert_eq!(ask("new").await, (Some(true), both));
    assert_eq!(ask("new").await, (Some(true), vec!["new".to_owned()]));
    // A second refusal is the end of it.
    script.then(whatsapp("newer"));
    script.passes(PAUSE);
    let both = vec!["new".to_owned(), "newer".to_owned()];
    assert_eq!(ask("newest").await, (Some(false), both));
}

#[tokio::test]
async fn a_bank_without_a_token_is_not_asked_for() {
    let script = Script::holding(whatsapp("old"));
    let tokens: Tokens<String> = Tokens::of(&script.watch::<WhatsappSecret>().await);
    let other = TenantId::parse("banco-boreal").expect("valid");
    let asked = tokens.ask(&other, |_| std::future::ready(()), |()| true);
    assert_eq!(asked.await, None);
    assert_eq!(script.reads(), 1);
}

#[test]
fn neither_keys_nor_tokens_print() {
    let secret = WhatsappSecret::parse(&whatsapp("EAAfictional")).expect("good");
    assert_eq!(
        format!("{secret:?}"),
        "WhatsappSecret(1 app secrets, 1 tokens)"
    );
    let held = Watched::unchanging(secret);
    assert_eq!(format!("{held:?}"), "Watched { .. }");
}
