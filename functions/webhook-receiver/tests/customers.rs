//! What customers write, press and stop at Meta, by signed webhooks over the store's twin.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, ConsentEvent, ConsentPolicy, Keyword, MetaPreference, PurposeConsent, Source,
};
use recado_domain::delivery::{CloseReason, Permission, SuppressReason};
use recado_domain::hours::Hours;
use recado_domain::ids::{
    BusinessAccountId, NotificationId, PhoneNumberId, RecipientToken, TemplateName, TenantId,
    UserId,
};
use recado_domain::locale::Locale;
use recado_domain::phone::E164;
use recado_domain::request::{Accepted, Draft};
use recado_domain::seal::{Keyring, NONCE_BYTES, Pepper};
use recado_domain::window::Window;
use recado_ports::drive::World as Drive;
use recado_ports::{
    ChatEntry, Conversations, Job, Notifications, Recipient, Recipients, TenantConfig,
};
use recado_runtime::Keys;
use recado_testing::meta::webhooks::sign;
use recado_testing::twin::{Body as Queued, Queues, Store, World};
use recado_whatsapp::webhook::{AppSecret, VerifyToken};
use serde_json::{Value, json};
use tower::ServiceExt;
use webhook_receiver::{Deps, router};

const NOW: i64 = 1_790_000_000;
const PHONE: &str = "+5511987654321";
const USER: &str = "BR.4471920038117265530";
const SECRET: &str = "an app's secret";

fn bank() -> TenantId {
    TenantId::parse("banco-aurora").expect("valid")
}

fn keys() -> Keys {
    let keys = BTreeMap::from([("k".to_owned(), vec![1; 32])]);
    Keys::new(
        Keyring::new("k", keys).expect("a ring"),
        Pepper::new("1", &[2; 32]).expect("a pepper"),
    )
}

fn who() -> RecipientToken {
    let phone = E164::parse(PHONE).expect("a number");
    keys().pepper.recipient(&bank(), &phone)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn id(letter: &str) -> NotificationId {
    NotificationId::parse(&format!("ntf_{}", letter.repeat(26))).expect("valid")
}

struct Receiver {
    store: Store,
    queues: Queues,
    app: Router,
}

impl Receiver {
    /// A bank whose customer agreed to everything on WhatsApp an hour ago.
    async fn open() -> Self {
        let (store, world) = (Store::new(), World::new(3, at(NOW)));
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
        store.put_number(&config.phone_number_id, &bank());
        let granted = ConsentEvent {
            channel: Channel::Whatsapp,
            purposes: Class::ALL.to_vec(),
            consent: PurposeConsent::new(Action::Grant, at(NOW - 3_600), Source::App),
            digest: "grant".to_owned(),
            received_at: at(NOW - 3_600),
            evidence: None,
        };
        let stored = store.consent(&bank(), &who(), &granted).await;
        stored.expect("the twin answers");
        let queues = Queues::new(&world);
        let app = router(Arc::new(Deps {
            world: Drive {
                store: store.clone(),
                queues: queues.clone(),
                chance: world,
            },
            keys: keys(),
            app_secrets: vec![AppSecret::parse(SECRET).expect("a secret")],
            verify_token: VerifyToken::parse("a token").expect("a token"),
        }));
        Self { store, queues, app }
    }

    async fn tell(&self, field: &str, more: Value) {
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "551140000001", "phone_number_id": "700" },
        });
        for (name, content) in more.as_object().into_iter().flatten() {
            value[name] = content.clone();
        }
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "8001",
            "changes": [{ "field": field, "value": value }] }] });
        let body = body.to_string().into_bytes();
        let request = Request::post("/v1/webhooks/whatsapp")
            .header("x-hub-signature-256", sign(SECRET, &body))
            .body(Body::from(body))
            .expect("a request");
        let answer = self.app.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// The customer sends something, which Meta tells twice.
    async fn sends(&self, second: i64, kind: &str, content: Value) {
        let from = json!({ "from": &PHONE[1..] });
        self.sends_as(from, second, kind, content).await;
    }

    async fn sends_as(&self, from: Value, second: i64, kind: &str, content: Value) {
        let mut message = from;
        message["id"] = json!(format!("wamid.{kind}.{second}"));
        message["timestamp"] = json!(second.to_string());
        message["type"] = json!(kind);
        message[kind] = content;
        for _ in 0..2 {
            let messages = json!({ "messages": [message.clone()] });
            self.tell("messages", messages).await;
        }
    }

    /// A notification by this template of the catalogue, stored as it is accepted.
    async fn notification(&self, template: &str) -> NotificationId {
        let name = TemplateName::parse(template).expect("a name");
        let template = catalogue::find(&name, None).expect("in the catalogue");
        let body = json!({ "template": name.as_str(), "locale": "pt_BR", "to": PHONE,
            "params": template.example_params(Locale::PtBr) });
        let draft = Draft::parse(body.to_string().as_bytes()).expect("JSON");
        let request = draft.complete(Some(&template), &[], at(NOW));
        let request = request.expect("valid");
        let id = id("a");
        let (name, nonce) = (format!("NTF#{id}"), [7; NONCE_BYTES]);
        let sealed = keys().ring.seal(&name, &request.content(), nonce);
        let accepted = Accepted {
            id: id.clone(),
            tenant: bank(),
            recipient: who(),
            digest: "digest".to_owned(),
            content: sealed.expect("sealed"),
            at: at(NOW),
        };
        let item = request.into_notification(&template, accepted);
        self.store.create(&item).await.expect("the twin answers");
        id
    }

    async fn recipient(&self) -> Recipient {
        let found = self.store.recipient(&bank(), &who()).await;
        found.expect("the twin answers")
    }

    async fn may(&self, class: Class) -> Permission {
        let consents = self.recipient().await.consents;
        consents.permission(class, Channel::Whatsapp, at(NOW + 5))
    }

    /// How a purpose stands on WhatsApp: what was done last, and where.
    async fn stands(&self, purpose: Class) -> (Action, Source) {
        let consents = self.recipient().await.consents;
        let consent = consents.0[&Channel::Whatsapp].purposes[&purpose];
        (consent.action, consent.source)
    }

    /// The evidence of the customer's own words, oldest first.
    async fn evidence(&self) -> Vec<Value> {
        let page = self.store.history(&bank(), &who(), None, 100).await;
        let entries = page.expect("the twin answers").entries;
        let sealed = entries.iter().filter_map(|entry| {
            let name = ConsentEvent::associated(&bank(), &who(), &entry.sort_key());
            Some((name, entry.event.evidence.as_ref()?))
        });
        let opened = sealed.map(|(name, sealed)| keys().ring.open(&name, sealed).expect("opens"));
        opened
            .map(|plain| serde_json::from_slice(&plain).expect("JSON"))
            .collect()
    }

    /// What is kept of the conversation: each entry's kind and what its seal holds.
    async fn chat(&self) -> Vec<(String, Value)> {
        let all = self.store.conversation(&bank(), &who()).await;
        let open = |entry: ChatEntry| {
            let name = ChatEntry::associated(&bank(), &who(), &entry.sort_key);
            let plain = keys().ring.open(&name, &entry.content).expect("opens");
            (entry.kind, serde_json::from_slice(&plain).expect("JSON"))
        };
        let all = all.expect("the twin answers");
        all.into_iter().map(open).collect()
    }

    /// The confirmations asked for; the sender claims each entry's answer once.
    fn confirmations(&self) -> Vec<Keyword> {
        let waiting = self.queues.waiting();
        let replies = waiting
            .into_iter()
            .filter_map(|message| match message.body {
                Queued::Job(Job::Reply(reply)) => Some((reply.entry, reply.keyword)),
                Queued::Job(Job::Send { .. }) | Queued::Timer(_) => None,
            });
        replies.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    async fn window(&self) -> Window {
        let profile = self.recipient().await.profile.unwrap_or_default();
        profile.window(at(NOW))
    }
}

const GRANTED: (Action, Source) = (Action::Grant, Source::App);
const BY_REPLY: (Action, Source) = (Action::Revoke, Source::WhatsappReply);
const BY_ANOTHER: (Action, Source) = (Action::Revoke, Source::WrongPerson);

fn button(payload: &str, label: &str) -> Value {
    json!({ "payload": payload, "text": label })
}

#[tokio::test]
async fn only_what_is_masked_is_sealed_and_a_word_is_read_before_that() {
    let receiver = Receiver::open().await;
    let said = "Meu cartão 4111 1111 1111 1111 sumiu, senha: 123456";
    receiver.sends(NOW, "text", json!({ "body": said })).await;
    let word = json!({ "body": "SA\u{200b}IR" });
    receiver.sends(NOW + 1, "text", word).await;
    let chat = receiver.chat().await;
    assert_eq!(chat.len(), 2, "told twice, kept once");
    let (kind, kept) = &chat[0];
    assert_eq!(kind, "text");
    let masked = kept["masked"].as_str().expect("words");
    assert!(masked.starts_with("Meu cartão **** 1111 sumiu"), "{masked}");
    for secret in ["4111 1111", "123456"] {
        assert!(!kept.to_string().contains(secret), "{secret} in {kept}");
    }
    assert_eq!(chat[1].0, "opt_out");
    assert_eq!(receiver.stands(Class::Servicing).await, BY_REPLY);
}

#[tokio::test]
async fn a_button_whose_label_is_a_word_counts_as_the_word() {
    let receiver = Receiver::open().await;
    let press = button("anything", "Parar");
    receiver.sends(NOW, "button", press).await;
    assert_eq!(receiver.confirmations(), [Keyword::OptOut]);
    for (purpose, expected) in [
        (Class::Marketing, BY_REPLY),
        (Class::Servicing, BY_REPLY),
        (Class::Transactional, GRANTED),
    ] {
        assert_eq!(receiver.stands(purpose).await, expected, "{purpose}");
    }
    assert_eq!(receiver.evidence().await, [json!({ "wording": "Parar" })]);

    let reply = json!({ "type": "button_reply", "button_reply": { "id": "x", "title": "Voltar" } });
    receiver.sends(NOW + 2, "interactive", reply).await;
    let back = (Action::Grant, Source::WhatsappReply);
    assert_eq!(receiver.stands(Class::Marketing).await, back);
    let row = json!({ "type": "list_reply", "list_reply": { "id": "x", "title": "Sair" } });
    receiver.sends(NOW + 3, "interactive", row).await;
    let after = receiver.stands(Class::Marketing).await;
    assert_eq!(after, back, "a menu's row is no word");
}

#[tokio::test]
async fn stop_marketing_ends_marketing_and_nothing_else_and_is_confirmed_once() {
    let receiver = Receiver::open().await;
    let id = receiver.notification("security_tip").await;
    let payload = format!("{id}:stop_marketing");
    let press = button(&payload, "Não quero dicas");
    receiver.sends(NOW, "button", press).await;
    assert_eq!(receiver.stands(Class::Marketing).await, BY_REPLY);
    for purpose in [Class::Servicing, Class::Transactional, Class::Security] {
        assert_eq!(receiver.stands(purpose).await, GRANTED, "{purpose}");
    }
    assert_eq!(receiver.confirmations(), [Keyword::StopMarketing]);
    let evidence = json!({ "wording": "Não quero dicas", "source_ref": payload });
    assert_eq!(receiver.evidence().await, [evidence]);
    let item = receiver.store.notification(&id).expect("stored");
    assert_eq!(
        item.responses().len(),
        1,
        "it is the notification's as well"
    );
    let kinds = receiver.chat().await.into_iter().map(|(kind, _)| kind);
    assert_eq!(kinds.collect::<Vec<_>>(), ["stop_marketing"]);

    let word = json!({ "body": "VOLTAR" });
    receiver.sends(NOW + 2, "text", word).await;
    assert_eq!(receiver.may(Class::Marketing).await, Permission::Granted);
}

#[tokio::test]
async fn the_wrong_person_gets_nothing_more_on_whatsapp_and_no_word_brings_it_back() {
    let receiver = Receiver::open().await;
    let id = receiver.notification("payment_overdue").await;
    let payload = format!("{id}:wrong_person");
    let press = button(&payload, "Não sou essa pessoa");
    receiver.sends(NOW, "button", press).await;
    let word = json!({ "body": "VOLTAR" });
    receiver.sends(NOW + 2, "text", word).await;
    for purpose in Class::ALL {
        assert_eq!(receiver.stands(purpose).await, BY_ANOTHER, "{purpose}");
    }
    let opted_out = Permission::NotAtAll(SuppressReason::OptedOut);
    assert_eq!(receiver.may(Class::Servicing).await, opted_out);
    // By SMS, as the table of consents has it.
    let next = Permission::NotThisLeg(CloseReason::NoWhatsappConsent);
    assert_eq!(receiver.may(Class::Security).await, next);
    let consents = receiver.recipient().await.consents;
    let by_sms = consents.permission(Class::Security, Channel::Sms, at(NOW));
    assert_eq!(by_sms, Permission::Granted);
    let confirmed = receiver.confirmations();
    assert_eq!(confirmed, [Keyword::WrongPerson], "what was in vain is not");
    let evidence = json!({ "wording": "Não sou essa pessoa", "source_ref": payload });
    assert_eq!(receiver.evidence().await, [evidence]);
    let item = receiver.store.notification(&id).expect("stored");
    assert_eq!(item.responses().len(), 1);
    assert!(item.content.is_none(), "its flow has ended");
}

#[tokio::test]
async fn a_press_without_a_number_is_the_addressees() {
    let receiver = Receiver::open().await;
    let id = receiver.notification("payment_overdue").await;
    let press = button(&format!("{id}:wrong_person"), "Não sou essa pessoa");
    let from = json!({ "from_user_id": USER });
    receiver.sends_as(from, NOW, "button", press).await;
    assert_eq!(receiver.stands(Class::Servicing).await, BY_ANOTHER);
    assert_eq!(receiver.confirmations(), [Keyword::WrongPerson]);
}

#[tokio::test]
async fn any_other_press_is_the_notifications_alone() {
    let receiver = Receiver::open().await;
    let id = receiver.notification("security_tip").await;
    let press = button(&format!("{id}:useful"), "Foi útil");
    receiver.sends(NOW, "button", press).await;
    assert_eq!(receiver.stands(Class::Marketing).await, GRANTED);
    assert!(receiver.confirmations().is_empty() && receiver.chat().await.is_empty());
    assert_ne!(receiver.window().await, Window::Closed);
}

#[tokio::test]
async fn what_somebody_nameless_pressed_holds_once_the_number_is_known() {
    let receiver = Receiver::open().await;
    // The notification is gone: nothing tells whose the button was.
    let gone = id("b");
    let press = button(&format!("{gone}:wrong_person"), "Não sou essa pessoa");
    let from = json!({ "from_user_id": USER });
    receiver.sends_as(from, NOW, "button", press).await;
    assert_eq!(receiver.stands(Class::Security).await, GRANTED);
    let both = json!({ "from": &PHONE[1..], "from_user_id": USER });
    let words = json!({ "body": "oi" });
    receiver.sends_as(both, NOW + 2, "text", words).await;
    assert_eq!(receiver.stands(Class::Security).await, BY_ANOTHER);
    let user = UserId::parse(USER).expect("valid");
    let digest = keys().pepper.alias(&bank(), &user);
    let alias = receiver.store.alias(&bank(), &digest).await;
    assert_eq!(alias.expect("the twin answers"), Some(who()));
}

#[tokio::test]
async fn only_a_message_of_the_persons_own_opens_the_window() {
    let check = async |kind: &str, content: Value, opens: bool| {
        let receiver = Receiver::open().await;
        let what = format!("{kind} {content}");
        receiver.sends(NOW, kind, content).await;
        assert_eq!(receiver.window().await != Window::Closed, opens, "{what}");
    };
    let reaction = |emoji: &str| json!({ "message_id": "wamid.A", "emoji": emoji });
    check("text", json!({ "body": "oi" }), true).await;
    check("image", json!({ "id": "1" }), true).await;
    check("location", json!({}), true).await;
    check("contacts", json!([]), true).await;
    check("order", json!({}), true).await;
    check("unsupported", json!({ "type": "poll" }), true).await;
    check("reaction", reaction("👍"), true).await;
    check("reaction", reaction(""), false).await;
    for kind in [
        "user_changed_number",
        "user_changed_user_id",
        "customer_identity_changed",
    ] {
        let system = json!({ "type": kind, "body": "User Ana changed" });
        check("system", system, false).await;
    }
    check("request_welcome", json!({}), false).await;
}

#[tokio::test]
async fn what_meta_refused_since_marketing_was_stopped_is_its_preference_until_a_resume() {
    let receiver = Receiver::open().await;
    let id = receiver.notification("security_tip").await;
    let failed = |code: u32, second: i64| {
        json!({ "statuses": [{ "id": "wamid.A", "status": "failed", "timestamp": second.to_string(),
            "recipient_id": &PHONE[1..], "biz_opaque_callback_data": format!("{id}.1"),
            "errors": [{ "code": code }] }] })
    };
    receiver.tell("messages", failed(131_026, NOW)).await;
    assert_eq!(receiver.may(Class::Marketing).await, Permission::Granted);
    receiver.tell("messages", failed(131_050, NOW)).await;
    let consents = receiver.recipient().await.consents;
    let stopped = consents.0[&Channel::Whatsapp].meta;
    assert_eq!(stopped, Some((MetaPreference::Stop, at(NOW))));
    let opted_out = Permission::NotAtAll(SuppressReason::OptedOut);
    assert_eq!(receiver.may(Class::Marketing).await, opted_out);
    assert_eq!(receiver.may(Class::Servicing).await, Permission::Granted);

    let resumed = json!({ "user_preferences": [{ "wa_id": &PHONE[1..], "value": "resume",
        "category": "marketing_messages", "timestamp": NOW + 1 }] });
    receiver.tell("user_preferences", resumed).await;
    // Meta repeats a webhook for days.
    receiver.tell("messages", failed(131_050, NOW)).await;
    assert_eq!(receiver.may(Class::Marketing).await, Permission::Granted);
}
