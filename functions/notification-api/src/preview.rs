//! `POST /v1/notifications/preview`: what would be shown and decided; nothing is stored or sent.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Consents;
use recado_domain::delivery::{CloseReason, Permission, Rung, SuppressReason};
use recado_domain::hours::{Asleep, Zone};
use recado_domain::render::{self, Preview};
use recado_domain::request::Draft;
use recado_domain::sms::Encoding;
use recado_domain::standing::{Edition, Standing};
use recado_ports::{Chance, Notifications, Queues, Recipients, Registry, Standings, Switches};
use recado_runtime::problem::{Problem, check_body};
use recado_runtime::{quiet_time, tenant};
use serde::Serialize;

use crate::Shared;
use crate::accept::Parsed;
use crate::answer::time;

#[derive(Serialize)]
struct Answer {
    template: String,
    template_version: u32,
    locale: &'static str,
    class: &'static str,
    to: String,
    channels: Vec<ShownChannel>,
    decision: Decision,
}

#[derive(Serialize)]
struct ShownChannel {
    channel: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<u32>,
}

#[derive(Serialize)]
struct Decision {
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_until: Option<String>,
    legs: Vec<DecidedLeg>,
}

#[derive(Serialize)]
struct DecidedLeg {
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped_because: Option<&'static str>,
}

pub(crate) async fn preview<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    extensions: Extensions,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Registry + Standings + Switches,
    Q: Queues,
    C: Chance,
{
    let tenant = tenant(&deps.world.store, &extensions).await?;
    check_body(&headers, &body)?;
    let draft = Draft::parse(&body).map_err(|_| Problem::NotJson)?;
    let Parsed {
        request,
        template,
        config,
    } = deps.complete(&tenant, draft).await?;
    let token = deps.keys.pepper.recipient(&tenant, &request.to);
    let recipient = deps.world.store.recipient(&tenant, &token).await?;
    let edition = Edition {
        name: template.name.clone(),
        version: template.version,
        locale: request.locale,
    };
    let standing = deps.world.store.standing(&tenant, &edition).await?;
    let masked = query.is_some_and(|query| query.split('&').any(|pair| pair == "masked=true"));
    let shown = if masked {
        render::preview_masked(
            &template,
            request.locale,
            &request.params.masked(request.locale),
            &config.name,
        )
    } else {
        render::preview(&template, request.locale, &request.params, &config.name)
    };
    let shown = shown.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, template = %template.name, "preview");
        Problem::Internal
    })?;
    let used = |preview: &Preview| {
        request
            .ladder
            .iter()
            .any(|rung| rung.channel == preview.channel)
    };
    let now = deps.world.chance.now();
    let zone = Zone::of(&request.to);
    let asleep = quiet_time(Some(&config), template.class, zone, now)
        .and_then(|quiet| quiet.meets(template.quiet_hours, request.valid_until, now));
    let answer = Answer {
        template: template.name.to_string(),
        template_version: template.version,
        locale: request.locale.code(),
        class: template.class.name(),
        to: request.to.masked(),
        channels: shown.into_iter().filter(used).map(shown_channel).collect(),
        decision: sleep_on(
            decide(
                template.class,
                &request.ladder,
                &recipient.consents,
                &standing,
                now,
            ),
            asleep,
        ),
    };
    Ok(Json(answer).into_response())
}

fn shown_channel(preview: Preview) -> ShownChannel {
    ShownChannel {
        channel: preview.channel.name(),
        text: preview.text,
        buttons: preview.buttons,
        encoding: preview.encoding.map(|encoding| match encoding {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
        }),
        parts: preview.parts,
    }
}

/// What each leg would meet if it opened now. It is decided again at the moment of each leg.
fn decide(
    class: Class,
    ladder: &[Rung],
    consents: &Consents,
    standing: &Standing,
    now: Timestamp,
) -> Decision {
    let mut legs = Vec::new();
    let mut closed = CloseReason::NoWhatsappConsent;
    for rung in ladder {
        let permission = match rung.channel {
            Channel::Whatsapp => standing.permission(class, consents, now),
            Channel::Sms | Channel::Voice => consents.permission(class, rung.channel, now),
        };
        match permission {
            Permission::Granted => legs.push(DecidedLeg {
                channel: rung.channel.name(),
                skipped_because: None,
            }),
            Permission::NotThisLeg(reason) => {
                closed = reason;
                legs.push(DecidedLeg {
                    channel: rung.channel.name(),
                    skipped_because: Some(reason.name()),
                });
            }
            Permission::NotAtAll(reason) => {
                return Decision {
                    suppressed: Some(reason.name()),
                    deferred_until: None,
                    legs: Vec::new(),
                };
            }
        }
    }
    if legs.iter().all(|leg| leg.skipped_because.is_some()) {
        let only_whatsapp = ladder.iter().all(|rung| rung.channel == Channel::Whatsapp);
        let why = if only_whatsapp {
            SuppressReason::without(closed)
        } else {
            SuppressReason::OptedOut
        };
        return Decision {
            suppressed: Some(why.name()),
            deferred_until: None,
            legs: Vec::new(),
        };
    }
    Decision {
        suppressed: None,
        deferred_until: None,
        legs,
    }
}

/// What quiet hours make of a decision. They too are looked at again at the moment of each leg.
fn sleep_on(decision: Decision, asleep: Option<Asleep>) -> Decision {
    match asleep {
        Some(_) if decision.suppressed.is_some() => decision,
        Some(Asleep::Until(open)) => Decision {
            deferred_until: Some(time(open)),
            ..decision
        },
        Some(Asleep::ForGood) => Decision {
            suppressed: Some(SuppressReason::QuietHours.name()),
            deferred_until: None,
            legs: Vec::new(),
        },
        None => decision,
    }
}
