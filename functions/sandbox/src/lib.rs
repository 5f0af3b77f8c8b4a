//! Takes Meta's and the carrier's place for the reserved recipients, in deployed stages that are not live.
//!
//! `POST /sandbox/{phone_number_id}/messages` is Meta's `messages`, on the simulated Meta's own code; the
//! webhooks that follow wait in a queue of this function's own, and leave for the stack's callback.
//! `POST /sandbox/sms` is the carrier. Nothing is kept between invocations.

mod config;
mod gateway;
mod stand_in;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use http::StatusCode;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{Error, LambdaEvent};
use recado_domain::ids::{Callback, PhoneNumberId};
use recado_domain::phone::E164;
use recado_ports::Chance;
use recado_runtime::{Bearer, Changing, Process, SecretText, Watched, WhatsappSecret, each_record};
use recado_sqs::Later;
use recado_testing::meta::{Effect, Meta, Reply, Settings};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

pub use config::Config;
use gateway::{Asked, Incoming};
pub use stand_in::{Answered, Sent, answer};
pub use webhooks::{NotTaken, NotWaiting, Postman, Waiting};

/// A lost answer is kept back for this much longer than the sender waits.
const BEYOND_THE_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter than this function's own timeout: a sender more patient than this gets a 504, which says as
/// little.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// What the handler needs.
pub struct Deps {
    /// The banks' access tokens at Meta: who shows one may send. And the app's secrets, which sign.
    pub whatsapp: Arc<Watched<WhatsappSecret>>,
    /// Who shows this may ask about SMS.
    pub sms: Arc<Watched<Bearer>>,
    /// The queue of the webhooks that follow.
    pub later: Later,
    /// Posts them when they are due.
    pub postman: Postman,
    /// How long the sender waits for an answer.
    pub post_timeout: Duration,
    /// After how long a message to `-0011` arrives.
    pub late_delivery: Duration,
    /// Time and randomness.
    pub chance: Process,
}

/// An invocation's answer, by what invoked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The queue: the records that come again.
    Batch(SqsBatchResponse),
    /// The gateway: an HTTP answer.
    Http(Box<ApiGatewayV2httpResponse>),
}

/// Handles a batch of due webhooks, or one request; secrets that have grown old are read beside.
pub async fn handle(deps: &Deps, event: LambdaEvent<Box<RawValue>>) -> Result<Outcome, Error> {
    let (outcome, (), ()) =
        tokio::join!(work(deps, event), deps.whatsapp.renew(), deps.sms.renew());
    outcome
}

async fn work(deps: &Deps, event: LambdaEvent<Box<RawValue>>) -> Result<Outcome, Error> {
    let LambdaEvent { payload, context } = event;
    let request_id = context.request_id.clone();
    Ok(match gateway::read(payload.get())? {
        Incoming::Batch(batch) => {
            let event = LambdaEvent::new(batch, context);
            let whatsapp = deps.whatsapp.current();
            let key = whatsapp.app_secrets.first().map(String::as_str);
            let post = |waiting| deps.postman.post(waiting, key.unwrap_or_default());
            Outcome::Batch(each_record(event, Waiting::decode, post).await?)
        }
        Incoming::Http(asked) => {
            let reply = deps.request(&asked, &request_id).await;
            Outcome::Http(Box::new(gateway::write(reply)?))
        }
    })
}

#[derive(Deserialize)]
struct Sms {
    to: String,
}

impl Deps {
    async fn request(&self, asked: &Asked, request_id: &str) -> Reply {
        let segments: Vec<&str> = asked.path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["sandbox", "sms"] => self.carry(asked, request_id).await,
            ["sandbox", number, "messages"] => match PhoneNumberId::parse(number) {
                Ok(number) => self.messages(asked, &number).await,
                Err(_) => status(StatusCode::NOT_FOUND),
            },
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    /// Meta's `messages`. What follows is in the queue before anybody hears that it will.
    async fn messages(&self, asked: &Asked, number: &PhoneNumberId) -> Reply {
        let authorization = asked.authorization.as_deref();
        // A token that is not known may be newer than this copy of the secret.
        let known = is_banks(&self.whatsapp.current(), authorization)
            || is_banks(&*self.whatsapp.again().await, authorization);
        let sent = Sent {
            number,
            authorization: authorization.filter(|_| known),
            body: &asked.body,
        };
        let now = self.chance.now();
        let Answered { reply, webhooks } = answer(&sent, self.late_delivery, self.seed(), now);
        let id = notification(&asked.body);
        tracing::info!(
            notification.id = id,
            http.status = reply.status,
            code = reply.error_code(),
            webhooks = webhooks.len(),
            "answered in Meta's place"
        );
        for (at, body) in webhooks {
            let Some(body) = Waiting::encode(body) else {
                continue;
            };
            if let Err(error) = self.later.put(body, at, now).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, notification.id = id, "queue");
                // Nobody knows what became of it: without a code this is what the sender makes of it.
                return status(StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        match reply.effect {
            Effect::Answer => reply,
            Effect::TimeoutAfterAccept
            | Effect::TimeoutBeforeAccept
            | Effect::ResetAfterAccept
            | Effect::ResetBeforeAccept => {
                let silence = self.post_timeout + BEYOND_THE_TIMEOUT;
                self.chance.rest(silence.min(LONGEST_SILENCE)).await;
                status(StatusCode::GATEWAY_TIMEOUT)
            }
        }
    }

    /// The carrier: says whether it takes an SMS. There is no text in the request, and nobody gets one.
    async fn carry(&self, asked: &Asked, request_id: &str) -> Reply {
        let shown = asked.authorization.as_deref();
        if !self.sms.current().is(shown) && !self.sms.again().await.is(shown) {
            return status(StatusCode::UNAUTHORIZED);
        }
        let sms = serde_json::from_slice::<Sms>(&asked.body).ok();
        let to = sms.and_then(|sms| E164::parse(&sms.to).ok());
        let Some(to) = to.filter(E164::is_reserved) else {
            return status(StatusCode::FORBIDDEN);
        };
        let mut carrier = Meta::new(Settings::new(0, "", Vec::new()));
        #[allow(
            clippy::disallowed_methods,
            reason = "the simulated carrier decides by the number, which is nobody's"
        )]
        let taken = carrier.receive_sms(to.expose(), "", "", self.chance.now());
        tracing::info!(taken = taken.is_ok(), "answered in the carrier's place");
        match taken {
            Ok(_) => Reply::json(200, &json!({ "message_id": request_id })),
            Err(_) => status(StatusCode::UNPROCESSABLE_ENTITY),
        }
    }

    fn seed(&self) -> u64 {
        let bytes = self.chance.nonce();
        bytes
            .iter()
            .take(8)
            .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }
}

/// Whether this is one of the banks' access tokens.
fn is_banks(secret: &WhatsappSecret, authorization: Option<&str>) -> bool {
    let mut tokens = secret.access_tokens.values();
    tokens.any(|token| Bearer::parse(token.trim()).is_ok_and(|token| token.is(authorization)))
}

/// Whose message it is, for the log: nothing else of it stands there.
fn notification(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Wire {
        biz_opaque_callback_data: String,
    }
    let wire: Wire = serde_json::from_slice(body).ok()?;
    let callback = Callback::parse(&wire.biz_opaque_callback_data).ok()?;
    Some(callback.notification.to_string())
}

/// An answer that is its status and no more: what stands in front of Meta, too, answers without its JSON.
fn status(code: StatusCode) -> Reply {
    Reply {
        status: code.as_u16(),
        content_type: "text/plain".to_owned(),
        body: code.canonical_reason().unwrap_or_default().into(),
        effect: Effect::Answer,
    }
}
