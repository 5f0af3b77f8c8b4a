//! A free-form answer is sent inside the 24-hour window and not outside it; what Meta refuses closes it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use outbound_sender::{Deps, Pacers, handle};
use recado_domain::carried::Carried;
use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::consent::Keyword;
use recado_domain::delivery::{Failure, FailureKind, Limits, PostOutcome};
use recado_domain::hours::Hours;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::pacing::Concurrency;
use recado_domain::seal::{Keyring, NONCE_BYTES, Pepper};
use recado_domain::window::{self, Window};
use recado_ports::{
    ChatEntry, Conversations, Job, ProfileUpdate, Recipients, Reply, TenantConfig, WhatsappChannel,
};
use recado_runtime::{Handled, Keys};
use recado_testing::twin::{Queues, Store, World};

/// Meta: answers with this code, or accepts; keeps what each message carried.
struct Meta {
    code: Option<u32>,
    carried: Mutex<Vec<String>>,
}

impl WhatsappChannel for Meta {
    async fn send(
        &self,
        _: &TenantId,
        _: &PhoneNumberId,
        _: &Addressee,
        _: &Outgoing,
        carried: &Carried,
    ) -> PostOutcome {
        let mut all = self.carried.lock().expect("no panic");
        all.push(carried.to_string());
        match self.code {
            None => PostOutcome::Accepted { provider_id: None },
            Some(code) => PostOutcome::Rejected(Failure {
                kind: FailureKind::Permanent,
                code: Some(code),
                title: "refused".to_owned(),
            }),
        }
    }
}

fn wrote() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("valid")
}

fn bank() -> TenantId {
    TenantId::parse("banco-aurora").expect("valid")
}

fn who() -> RecipientToken {
    RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid")
}

/// Somebody wrote SAIR at [`wrote`]; so long after that, the answer's turn comes.
async fn asked_after(later: SignedDuration, code: Option<u32>) -> Deps<Store, Queues, World, Meta> {
    let (world, store) = (World::new(1, wrote() + later), Store::new());
    let config = TenantConfig {
        name: "Banco Aurora".to_owned(),
        phone_number_id: PhoneNumberId::parse("700").expect("valid"),
        business_account_id: BusinessAccountId::parse("8001").expect("valid"),
        messages_per_second: 80,
        sms_sender_id: None,
        locale: Locale::PtBr,
        time_zone: "America/Sao_Paulo".to_owned(),
        hours: Hours::default(),
        hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
        consent: ConsentPolicy::default(),
    };
    store
        .put_tenant(&bank(), &config)
        .expect("a name that fits");
    let ring = Keyring::new("k", BTreeMap::from([("k".to_owned(), vec![1; 32])])).expect("valid");
    let sort_key = entry();
    let associated = ChatEntry::associated(&bank(), &who(), &sort_key);
    let plain = br#"{"phone":"+5511987654321"}"#;
    let content = ring
        .seal(&associated, plain, [7; NONCE_BYTES])
        .expect("sealed");
    let entry = ChatEntry {
        sort_key,
        kind: "opt_out".to_owned(),
        content,
    };
    store
        .put_chat(&bank(), &who(), &entry)
        .await
        .expect("stored");
    let opened = ProfileUpdate {
        window_until: window::end(wrote()),
        ..ProfileUpdate::default()
    };
    let updated = store.update_profile(&bank(), &who(), &opened).await;
    updated.expect("stored");
    Deps {
        world: recado_ports::drive::World {
            store,
            queues: Queues::new(&world),
            chance: world,
        },
        keys: Keys::new(ring, Pepper::new("1", &[2; 32]).expect("valid")),
        whatsapp: Meta {
            code,
            carried: Mutex::default(),
        },
        pacers: Pacers::new(Concurrency {
            critical: 1,
            rest: 1,
        }),
        limits: Limits {
            post_timeout: Duration::from_secs(8),
            retry_window: Duration::from_secs(2),
            lease: Duration::from_secs(60),
        },
    }
}

fn entry() -> String {
    format!("{:015}#digest", wrote().as_millisecond())
}

async fn answered(deps: &Deps<Store, Queues, World, Meta>) -> Vec<String> {
    let job = Job::Reply(Reply {
        tenant: bank(),
        recipient: who(),
        entry: entry(),
        from: PhoneNumberId::parse("700").expect("valid"),
        keyword: Keyword::OptOut,
    });
    let handled = handle(deps, job).await.expect("handled");
    assert_eq!(handled, Handled::Acknowledge);
    deps.whatsapp.carried.lock().expect("no panic").clone()
}

async fn window_of(deps: &Deps<Store, Queues, World, Meta>) -> Window {
    let found = deps.world.store.recipient(&bank(), &who()).await;
    let profile = found.expect("read").profile.expect("a profile");
    profile.window(wrote())
}

#[tokio::test]
async fn an_answer_is_sent_to_the_windows_last_second_and_says_which_it_relied_on() {
    let last = window::LENGTH - SignedDuration::from_secs(1);
    for later in [SignedDuration::ZERO, last] {
        let deps = asked_after(later, None).await;
        let until = window::end(wrote()).expect("a time").as_millisecond();
        assert_eq!(answered(&deps).await, [format!("{}.{until}", who())]);
        assert_ne!(window_of(&deps).await, Window::Closed);
    }
}

#[tokio::test]
async fn outside_the_window_nothing_is_sent() {
    let deps = asked_after(window::LENGTH, None).await;
    assert_eq!(answered(&deps).await, [""; 0]);
    assert!(deps.world.queues.waiting().is_empty());
}

#[tokio::test]
async fn what_meta_refuses_for_the_window_closes_it_and_another_refusal_does_not() {
    let deps = asked_after(SignedDuration::ZERO, Some(131_047)).await;
    assert_eq!(answered(&deps).await.len(), 1, "asked once, not again");
    assert_eq!(window_of(&deps).await, Window::Closed);

    let other = asked_after(SignedDuration::ZERO, Some(131_026)).await;
    answered(&other).await;
    assert_ne!(window_of(&other).await, Window::Closed);
}
