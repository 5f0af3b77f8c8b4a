//! The same life of the same people, in the twin and in another store: the same answers, and the same
//! left behind.

use std::fmt::Debug;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, MetaPreference, PurposeConsent, Source};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_ports::{ChatEntry, ConsentEvent, Conversations, ProfileUpdate, Recipients, StoreError};

use super::changes::one_of;
use super::situations::token;
use super::{at, id, person, sealed, tenant};
use crate::twin;

/// What happens to the two people of one life.
const STEPS: u32 = 24;

/// Lets `lives` pairs of people live by chance, the same with the same seed.
///
/// # Panics
/// Where the store answers otherwise than the twin, or keeps something else.
pub async fn same_lives<S: Recipients + Conversations>(store: &S, seed: u64, lives: u32) {
    let twin = twin::Store::new();
    let mut dice = StdRng::seed_from_u64(seed);
    for life in 0..lives {
        let case = format!("seed {seed} life {life}");
        let pair = ["one", "other"].map(|name| person(&format!("{case} {name}")));
        let scene = Scene {
            case: case.clone(),
            pair,
        };
        for step in 0..STEPS {
            let happening = scene.happening(&mut dice);
            let case = format!("{case} step {step}: {happening:?}");
            let (one, other) = (happening.to(&twin).await, happening.to(store).await);
            assert_eq!(other, one, "{case}");
        }
        for who in &scene.pair {
            let (one, other) = (left_of(&twin, who).await, left_of(store, who).await);
            assert_eq!(other, one, "{case} {who}");
        }
    }
}

struct Scene {
    case: String,
    pair: [RecipientToken; 2],
}

/// What happens to somebody.
#[derive(Debug)]
enum Act {
    Consents(ConsentEvent),
    MetaSays(MetaPreference, Timestamp),
    IsKnown(ProfileUpdate),
    IsCalled(String),
    IsAskedFor(String),
    Counts(&'static str, Class, String, u32),
    Writes(ChatEntry),
    IsAnswered(String, u8),
    IsErased(Timestamp),
    HistoryIsRead(Option<String>, u32),
}

#[derive(Debug)]
struct Happening {
    bank: TenantId,
    who: RecipientToken,
    act: Act,
}

impl Scene {
    fn happening(&self, dice: &mut StdRng) -> Happening {
        let bank = tenant(one_of(
            dice,
            &["banco-aurora", "banco-aurora", "banco-boreal"],
        ));
        let who = self.pair[dice.random_range(0..2)].clone();
        let alias = format!("{} alias {}", self.case, dice.random_range(0..3));
        let key = format!("{:015}#m", moment(dice).as_millisecond());
        let act = match dice.random_range(0..20) {
            0..5 => Act::Consents(consent(dice)),
            5 | 6 => Act::MetaSays(
                one_of(dice, &[MetaPreference::Stop, MetaPreference::Resume]),
                moment(dice),
            ),
            7 | 8 => Act::IsKnown(update(dice)),
            9 | 10 => Act::IsCalled(alias),
            11 => Act::IsAskedFor(alias),
            12 | 13 => Act::Counts(
                one_of(dice, &["2026-11-21", "2026-11-22"]),
                one_of(dice, &[Class::Marketing, Class::Servicing]),
                format!("counted {}", dice.random_range(0..5)),
                dice.random_range(0..=3),
            ),
            14 | 15 => Act::Writes(ChatEntry {
                sort_key: key,
                kind: one_of(dice, &["text", "opt_out"]).to_owned(),
                masked: dice.random_bool(0.5).then(|| "SAIR".to_owned()),
                content: sealed(dice.random()),
            }),
            16 | 17 => Act::IsAnswered(key, dice.random_range(1..=2)),
            18 => Act::HistoryIsRead(
                dice.random_bool(0.5).then_some(key),
                dice.random_range(0..4),
            ),
            _ => Act::IsErased(moment(dice)),
        };
        Happening { bank, who, act }
    }
}

/// Few of them, so that they meet; within one second and finer than a table keeps.
fn moment(dice: &mut StdRng) -> Timestamp {
    let base = at(one_of(dice, &[0, 1, 1, 2, 1_000]));
    base + SignedDuration::from_micros(one_of(dice, &[0, 0, 400, 500_000, 999_999]))
}

fn consent(dice: &mut StdRng) -> ConsentEvent {
    let mut purposes = Class::ALL.to_vec();
    purposes.retain(|_| dice.random_bool(0.4));
    let consent = PurposeConsent {
        action: one_of(dice, &[Action::Grant, Action::Revoke]),
        since: moment(dice),
        source: one_of(dice, &Source::ALL),
    };
    ConsentEvent {
        channel: one_of(dice, &[Channel::Whatsapp, Channel::Whatsapp, Channel::Sms]),
        purposes,
        consent,
        digest: format!("event {}", dice.random_range(0..6)),
        received_at: moment(dice),
        evidence: dice.random_bool(0.5).then(|| sealed(dice.random())),
    }
}

fn update(dice: &mut StdRng) -> ProfileUpdate {
    ProfileUpdate {
        phone: dice.random_bool(0.5).then(|| sealed(dice.random())),
        locale: dice
            .random_bool(0.5)
            .then(|| one_of(dice, &[Locale::PtBr, Locale::En])),
        user_digest: dice
            .random_bool(0.5)
            .then(|| one_of(dice, &["user one", "user two"]).to_owned()),
        window_until: dice.random_bool(0.7).then(|| moment(dice)),
    }
}

impl Happening {
    /// Lets it happen, and tells what the store said of it.
    async fn to<S: Recipients + Conversations>(&self, store: &S) -> String {
        let (bank, who) = (&self.bank, &self.who);
        match &self.act {
            Act::Consents(event) => said(store.consent(bank, who, event).await),
            Act::MetaSays(preference, at) => {
                said(store.meta_preference(bank, who, *preference, *at).await)
            }
            Act::IsKnown(update) => said(store.update_profile(bank, who, update).await),
            Act::IsCalled(alias) => said(store.put_alias(bank, alias, who).await),
            Act::IsAskedFor(alias) => said(store.alias(bank, alias).await),
            Act::Counts(day, purpose, case, cap) => {
                said(store.count(bank, who, day, *purpose, &id(case), *cap).await)
            }
            Act::Writes(entry) => said(store.put_chat(bank, who, entry).await),
            Act::IsAnswered(key, holder) => {
                said(store.claim_reply(bank, who, key, &token(*holder)).await)
            }
            Act::IsErased(at) => said(store.erase(bank, who, *at).await),
            Act::HistoryIsRead(after, limit) => {
                said(store.history(bank, who, after.as_deref(), *limit).await)
            }
        }
    }
}

fn said<T: Debug>(answer: Result<T, StoreError>) -> String {
    format!("{:?}", answer.expect("the store answers"))
}

/// Everything that a store can tell of a person.
async fn left_of<S: Recipients + Conversations>(store: &S, who: &RecipientToken) -> Vec<String> {
    let mut all = Vec::new();
    for bank in ["banco-aurora", "banco-boreal"].map(tenant) {
        all.push(said(store.recipient(&bank, who).await));
        all.push(said(store.history(&bank, who, None, 100).await));
        all.push(said(store.conversation(&bank, who).await));
    }
    all
}
