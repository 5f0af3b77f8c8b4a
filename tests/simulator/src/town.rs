//! Banks: who they are, what they order, and what they ask afterwards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use lambda_http::request::RequestContext;
use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::{Calendar, Hours, Week};
use recado_domain::ids::{
    BusinessAccountId, IdempotencyKey, NotificationId, PhoneNumberId, TenantId,
};
use recado_domain::locale::Locale;
use recado_ports::{Kept, TenantConfig};
use recado_testing::meta::{Account, BusinessNumber};
use serde_json::{Value, json};

use crate::contents::{Content, Origin, templates};
use crate::dice::Dice;
use crate::functions::{System, keys};
use crate::history::{Event, Function};
use crate::sim::time;
use crate::weather::Fault;
use crate::whatsapp::token;

/// A bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Its id.
    pub tenant: TenantId,
    /// The name customers know.
    pub name: String,
    /// Its number at Meta.
    pub number: PhoneNumberId,
    waba: String,
    context: RequestContext,
}

/// One key of a bank's and the contents sent with it.
#[derive(Clone)]
pub struct Order {
    /// Whose.
    pub tenant: TenantId,
    /// The bank's key.
    pub key: String,
    /// The notification that it becomes.
    pub id: NotificationId,
    /// The contents; more than one where the bank errs.
    pub contents: Vec<Content>,
}

/// Everything that was ordered, by number.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<Order>>>);

impl Ledger {
    /// All of it.
    pub fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bank's sending hours: none to keep, or such as end or begin in the first half hour. It is a Saturday,
/// nine o'clock in São Paulo.
pub fn sending_hours(dice: &mut Dice) -> Hours {
    let minute = dice.between(1, 30);
    let saturday = match dice.between(0, 3) {
        0 => format!("Sa 00:00-09:{minute:02}"),
        1 => format!("Sa 09:{minute:02}-24:00"),
        _ => return Hours::around_the_clock(),
    };
    let week = format!("Mo-Fr 00:00-24:00; {saturday}; Su 00:00-24:00; PH off");
    let week: Week = week.parse().expect("a week");
    Hours {
        servicing: week,
        marketing: week,
        calendar: Calendar::None,
    }
}

/// How an order ended for the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// `202`.
    Accepted,
    /// A definite refusal.
    Refused(u16),
    /// Nothing, or that it should come back.
    Nothing,
}

/// The banks' accounts at Meta.
#[must_use]
pub fn accounts(count: usize) -> Vec<Account> {
    let account = |place: usize| Account {
        waba_id: format!("80000000000000{place}"),
        token: token(&tenant(place)),
        numbers: vec![BusinessNumber {
            id: format!("70000000000000{place}"),
            number: format!("+55114000000{place}"),
            name: format!("Banco {place}"),
        }],
    };
    (1..=count).map(account).collect()
}

fn tenant(place: usize) -> TenantId {
    TenantId::parse(&format!("banco-{place}")).expect("a valid id")
}

impl System {
    /// Registers a bank whose account at Meta is the `place`th, counted from 1.
    #[must_use]
    pub fn register(&self, place: usize, messages_per_second: u32, hours: Hours) -> Bank {
        let tenant = tenant(place);
        let number = format!("70000000000000{place}");
        let waba = format!("80000000000000{place}");
        let config = TenantConfig {
            name: format!("Banco {place}"),
            phone_number_id: PhoneNumberId::parse(&number).expect("digits"),
            business_account_id: BusinessAccountId::parse(&waba).expect("digits"),
            messages_per_second,
            sms_sender_id: None,
            locale: Locale::PtBr,
            time_zone: "America/Sao_Paulo".to_owned(),
            hours,
            hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
            consent: ConsentPolicy::default(),
        };
        let twin = &self.store.twin;
        twin.put_tenant(&tenant, &config).expect("a name that fits");
        twin.put_client(tenant.as_str(), &tenant);
        twin.put_number(&config.phone_number_id, &tenant);
        twin.put_account(&config.business_account_id, &tenant);
        for known in templates() {
            if known.origin == Origin::Own {
                assert_eq!(twin.put_template(&tenant, &known.template), Kept::New);
            }
            for template in &known.at_meta {
                self.cloud.meta().seed_template(&waba, template.clone());
            }
        }
        let context = json!({
            "accountId": "0", "apiId": "api", "stage": "$default", "requestId": "r", "timeEpoch": 0,
            "authorizer": { "jwt": { "claims": { "client_id": tenant.as_str() }, "scopes": [] } },
            "http": {
                "method": "POST", "path": "/v1/notifications", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "bank",
            },
        });
        Bank {
            name: config.name,
            number: config.phone_number_id,
            waba,
            context: RequestContext::ApiGatewayV2(
                serde_json::from_value(context).expect("a context"),
            ),
            tenant,
        }
    }

    fn request(&self, bank: &Bank, method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(bank.context.clone())
    }

    /// Sends an order's content once, and says what the bank got to hear.
    pub async fn order(&self, bank: &Bank, ledger: &Ledger, key: usize, variant: u8) -> Heard {
        let (name, body) = {
            let orders = ledger.orders();
            let order = &orders[key];
            let content = &order.contents[usize::from(variant)];
            (order.key.clone(), content.body.to_string())
        };
        let request = self
            .request(bank, "POST", "/v1/notifications")
            .header("idempotency-key", name)
            .body(Body::from(body))
            .expect("a request");
        self.sim.yields().await;
        let Some(answer) = self.ask(Function::Api, request).await else {
            return Heard::Nothing;
        };
        let word = word_of(&answer.body, "id");
        self.sim.note(Event::Answered {
            key,
            variant,
            status: answer.status,
            word,
            body: answer.body,
            replayed: answer.replayed,
            by: answer.by,
        });
        if self.sim.strikes(Fault::BankAnswerLost) {
            return Heard::Nothing;
        }
        match answer.status {
            202 => Heard::Accepted,
            status @ (400..=428 | 430..=499) => Heard::Refused(status),
            _ => Heard::Nothing,
        }
    }

    /// Orders until there is an answer; gives up after `patience` tries.
    pub async fn insist(
        &self,
        bank: &Bank,
        ledger: &Ledger,
        key: usize,
        variant: u8,
        patience: u32,
    ) -> Heard {
        for attempt in 0..patience {
            let heard = self.order(bank, ledger, key, variant).await;
            if heard != Heard::Nothing {
                return heard;
            }
            let wait = 200_u64 << attempt.min(6);
            let wait = self.sim.throw(|dice| dice.between(wait / 2, wait));
            self.sim.pause(wait).await;
        }
        self.sim.note(Event::GaveUp { key });
        Heard::Nothing
    }

    /// Asks for a notification, by `GET` or to cancel it.
    pub async fn about(&self, bank: &Bank, id: &NotificationId, what: &'static str) -> Option<u16> {
        let (method, path) = match what {
            "cancel" => ("POST", format!("/v1/notifications/{id}/cancel")),
            _ => ("GET", format!("/v1/notifications/{id}")),
        };
        let request = self.request(bank, method, &path);
        let request = request.body(Body::empty()).expect("a request");
        let answer = self.ask(Function::Api, request).await?;
        self.sim.note(Event::Shown {
            what,
            id: id.clone(),
            status: answer.status,
            word: word_of(&answer.body, "status"),
        });
        Some(answer.status)
    }

    /// Writes an order into the ledger; answers its number.
    pub fn note_order(&self, bank: &Bank, ledger: &Ledger, contents: Vec<Content>) -> usize {
        let mut orders = ledger.orders();
        let number = orders.len();
        let key = format!("order {number} of {}", bank.name);
        let parsed = IdempotencyKey::parse(&key).expect("printable");
        let id = keys().pepper.notification(&bank.tenant, &parsed);
        for content in &contents {
            for needle in &content.needles {
                self.queues.forbid(needle);
            }
            if let Some(sms) = &content.sms {
                let free = self.sns.expect(&content.phone, sms, &id);
                assert!(free, "two notifications with the same text");
            }
        }
        orders.push(Order {
            tenant: bank.tenant.clone(),
            key,
            id,
            contents,
        });
        number
    }
}

impl Bank {
    /// Its account at Meta.
    #[must_use]
    pub fn waba(&self) -> &str {
        &self.waba
    }
}

/// A member of an answer that is a text.
fn word_of(body: &str, member: &str) -> String {
    let body: BTreeMap<String, Value> = serde_json::from_str(body).unwrap_or_default();
    let word = body.get("type").or_else(|| body.get(member));
    word.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A validity that ends in so many milliseconds.
#[must_use]
pub fn valid_for(system: &System, millis: i64) -> jiff::Timestamp {
    let now = time(system.sim.millis());
    now.checked_add(SignedDuration::from_millis(millis))
        .unwrap_or(now)
}
