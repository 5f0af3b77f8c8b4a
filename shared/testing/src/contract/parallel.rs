//! The same life of the same people, in the twin and in another store: the same answers, and the same
//! left behind.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, Changed, ChannelConsents, ConsentEvent, LegalBasis, MetaPreference, PurposeConsent,
    Source,
};
use recado_domain::delivery::CapVerdict;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_ports::{
    ChatEntry, ChatRecord, Conversations, ErasureReport, HistoryPage, Intake, ProfileUpdate,
    Recipient, Recipients, StoreError,
};

use super::changes::one_of;
use super::situations::token;
use super::{at, id, person, sealed, tenant};
use crate::twin;

/// The faces of the die that says what happens.
const KINDS: u32 = 21;
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
            themes: [(); 3].map(|()| dice.random_range(0..KINDS)),
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
    /// What mostly happens in this life, so that like meets like.
    themes: [u32; 3],
}

/// What happens to somebody.
#[derive(Debug)]
enum Act {
    Consents(ConsentEvent),
    AreTakenIn(Vec<Intake>),
    MetaSays(MetaPreference, Timestamp),
    IsKnown(ProfileUpdate),
    IsCalled(String),
    IsAskedFor(String),
    Counts(&'static str, Class, String, u32),
    Writes(ChatEntry),
    IsAnswered(String, u8),
    IsDropped(String),
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
        let bank = [tenant("banco-aurora"), tenant("banco-boreal")];
        let bank = bank[usize::from(dice.random_bool(0.1))].clone();
        let who = self.pair[usize::from(dice.random_bool(0.2))].clone();
        let alias = format!("{} alias {}", self.case, dice.random_range(0..3));
        let key = format!("{:015}#m", at(one_of(dice, &[1, 2])).as_millisecond());
        let kind = if dice.random_bool(0.8) {
            one_of(dice, &self.themes)
        } else {
            dice.random_range(0..KINDS)
        };
        let act = match kind {
            0..4 => Act::Consents(consent(dice)),
            4 => Act::AreTakenIn(self.intakes(dice)),
            5 | 6 => Act::MetaSays(
                one_of(dice, &[MetaPreference::Stop, MetaPreference::Resume]),
                at(one_of(dice, &[1, 2, 3])),
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
                content: sealed(dice.random()),
            }),
            16 | 17 => Act::IsAnswered(key, dice.random_range(1..=2)),
            18 => Act::HistoryIsRead(
                dice.random_bool(0.5).then_some(key),
                dice.random_range(0..4),
            ),
            19 => Act::IsDropped(key),
            _ => Act::IsErased(moment(dice)),
        };
        Happening { bank, who, act }
    }

    /// Up to four events of the two, with their numbers or without.
    fn intakes(&self, dice: &mut StdRng) -> Vec<Intake> {
        let one = |dice: &mut StdRng| Intake {
            recipient: self.pair[usize::from(dice.random_bool(0.5))].clone(),
            event: consent(dice),
            phone: dice.random_bool(0.7).then(|| sealed(dice.random())),
        };
        let many = dice.random_range(1..=4);
        (0..many).map(|_| one(dice)).collect()
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
        action: one_of(dice, &Action::ALL),
        since: moment(dice),
        source: one_of(dice, &Source::ALL),
        expires_at: dice.random_bool(0.3).then(|| moment(dice)),
        double_opt_in_at: dice.random_bool(0.3).then(|| moment(dice)),
        basis: dice
            .random_bool(0.3)
            .then(|| one_of(dice, &LegalBasis::ALL)),
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

/// What a store says of what happened. Compared as it is: printed, it hides what is sealed.
#[derive(Debug, PartialEq)]
enum Said {
    Done,
    Consents((Changed, ChannelConsents)),
    TakenIn(Vec<Changed>),
    LeadsTo(Option<RecipientToken>),
    Counted(CapVerdict),
    Recorded(ChatRecord),
    Erased(ErasureReport),
    History(HistoryPage),
}

impl Happening {
    /// Lets it happen, and tells what the store said of it.
    async fn to<S: Recipients + Conversations>(&self, store: &S) -> Said {
        let said = self.try_to(store).await;
        said.expect("the store answers")
    }

    async fn try_to<S: Recipients + Conversations>(&self, store: &S) -> Result<Said, StoreError> {
        let (bank, who) = (&self.bank, &self.who);
        Ok(match &self.act {
            Act::Consents(event) => Said::Consents(store.consent(bank, who, event).await?),
            Act::AreTakenIn(intakes) => Said::TakenIn(store.take_in(bank, intakes).await?),
            Act::MetaSays(preference, at) => {
                let done = store.meta_preference(bank, who, *preference, *at);
                done.await.map(|()| Said::Done)?
            }
            Act::IsKnown(update) => {
                let done = store.update_profile(bank, who, update);
                done.await.map(|()| Said::Done)?
            }
            Act::IsCalled(alias) => {
                let done = store.put_alias(bank, alias, who);
                done.await.map(|()| Said::Done)?
            }
            Act::IsAskedFor(alias) => Said::LeadsTo(store.alias(bank, alias).await?),
            Act::Counts(day, purpose, case, cap) => {
                let id = id(case);
                Said::Counted(store.count(bank, who, day, *purpose, &id, *cap).await?)
            }
            Act::Writes(entry) => Said::Recorded(store.put_chat(bank, who, entry).await?),
            Act::IsAnswered(key, holder) => {
                let token = token(*holder);
                Said::Recorded(store.claim_reply(bank, who, key, &token).await?)
            }
            Act::IsDropped(key) => {
                let done = store.drop_chat(bank, who, key);
                done.await.map(|()| Said::Done)?
            }
            Act::IsErased(at) => Said::Erased(store.erase(bank, who, *at).await?),
            Act::HistoryIsRead(after, limit) => {
                let page = store.history(bank, who, after.as_deref(), *limit);
                Said::History(page.await?)
            }
        })
    }
}

/// Everything that a store can tell of a person.
async fn left_of<S: Recipients + Conversations>(
    store: &S,
    who: &RecipientToken,
) -> Vec<(Recipient, HistoryPage, Vec<ChatEntry>)> {
    let mut all = Vec::new();
    for bank in ["banco-aurora", "banco-boreal"].map(tenant) {
        let recipient = store.recipient(&bank, who).await;
        let history = store.history(&bank, who, None, 100).await;
        let chat = store.conversation(&bank, who).await;
        all.push((
            recipient.expect("the store answers"),
            history.expect("the store answers"),
            chat.expect("the store answers"),
        ));
    }
    all
}
