//! The fields `messages` and `user_preferences`: receipts, customers' messages, their preferences.

use recado_domain::carried::Carried;
use recado_domain::delivery::Failure;
use recado_domain::ids::PhoneNumberId;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::contacts::{Contacts, person};
use super::model::{
    Choice, Inbound, InboundContent, MediaKind, MessageId, OtherStatus, Preference, Receipt,
    ReceiptStatus, SystemError, SystemEvent, Update,
};
use super::{Ignored, Notice, Strange, timestamp};
use crate::errors::{self, MetaError};
use crate::json;

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    statuses: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    user_preferences: Option<&'a RawValue>,
}

/// One value of a change, with what its members share.
struct Shared {
    number: PhoneNumberId,
    contacts: Contacts,
}

pub(super) fn read(value: &RawValue, notice: &mut Notice) {
    let Some(value) = json::object::<Value<'_>>(Some(value)) else {
        return notice.strange(Strange::Change);
    };
    let lists: [(Option<&RawValue>, Reader); 4] = [
        (value.statuses, receipt),
        (value.messages, inbound),
        (value.user_preferences, preference),
        (value.errors, system_error),
    ];
    if lists.iter().all(|(list, _)| list.is_none()) {
        return notice.ignored(Ignored::Other);
    }
    let Some(number) = our_number(value.metadata) else {
        return notice.strange(Strange::Number);
    };
    let shared = Shared {
        number,
        contacts: Contacts::read(value.contacts),
    };
    for (list, read) in lists {
        let Some(members) = json::list(list) else {
            notice.strange(Strange::Change);
            continue;
        };
        for member in members {
            match read(&shared, member) {
                Ok(update) => notice.updates.push(update),
                Err(what) => notice.strange(what),
            }
        }
    }
}

type Reader = fn(&Shared, &RawValue) -> Result<Update, Strange>;

fn our_number(metadata: Option<&RawValue>) -> Option<PhoneNumberId> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        phone_number_id: Option<&'a RawValue>,
    }
    let metadata = json::object::<Metadata<'_>>(metadata)?;
    PhoneNumberId::parse(&json::text(metadata.phone_number_id)?).ok()
}

fn receipt(shared: &Shared, raw: &RawValue) -> Result<Update, Strange> {
    #[derive(Deserialize)]
    struct Status<'a> {
        #[serde(borrow)]
        status: Option<&'a RawValue>,
        #[serde(borrow)]
        timestamp: Option<&'a RawValue>,
        #[serde(borrow)]
        recipient_id: Option<&'a RawValue>,
        #[serde(borrow)]
        recipient_user_id: Option<&'a RawValue>,
        #[serde(borrow)]
        biz_opaque_callback_data: Option<&'a RawValue>,
        #[serde(borrow)]
        errors: Option<&'a RawValue>,
    }
    let wire: Status<'_> = json::object(Some(raw)).ok_or(Strange::Receipt)?;
    let status = match json::text(wire.status).ok_or(Strange::Receipt)?.as_ref() {
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        // A voice note that was played was seen.
        "read" | "played" => ReceiptStatus::Read,
        "failed" => ReceiptStatus::Failed(first_failure(wire.errors)),
        "deleted" => ReceiptStatus::Other(OtherStatus::Deleted),
        "warning" => ReceiptStatus::Other(OtherStatus::Warning),
        _ => ReceiptStatus::Other(OtherStatus::Unknown),
    };
    let carried = json::text(wire.biz_opaque_callback_data);
    Ok(Update::Receipt(Receipt {
        number: shared.number.clone(),
        carried: carried.and_then(|text| Carried::parse(&text).ok()),
        status,
        at: timestamp(wire.timestamp),
        contact: shared
            .contacts
            .complete(person(wire.recipient_id, wire.recipient_user_id)),
    }))
}

/// The first error that has a code; a failure without one is a failure all the same.
fn first_failure(list: Option<&RawValue>) -> Failure {
    let mut errors = json::list(list)
        .unwrap_or_default()
        .into_iter()
        .map(MetaError::read);
    errors::asynchronous(
        errors
            .find(|error| error.code.is_some())
            .unwrap_or_default(),
    )
}

fn system_error(shared: &Shared, raw: &RawValue) -> Result<Update, Strange> {
    let error = MetaError::read(raw);
    if error.code.is_none() {
        return Err(Strange::SystemError);
    }
    let failure = errors::asynchronous(error);
    Ok(Update::SystemError(SystemError {
        number: shared.number.clone(),
        failure,
    }))
}

fn preference(shared: &Shared, raw: &RawValue) -> Result<Update, Strange> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        wa_id: Option<&'a RawValue>,
        #[serde(borrow)]
        user_id: Option<&'a RawValue>,
        #[serde(borrow)]
        category: Option<&'a RawValue>,
        #[serde(borrow)]
        value: Option<&'a RawValue>,
        #[serde(borrow)]
        timestamp: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = json::object(Some(raw)).ok_or(Strange::Preference)?;
    let choice = match (
        json::text(wire.category).as_deref(),
        json::text(wire.value).as_deref(),
    ) {
        (Some("marketing_messages"), Some("stop")) => Choice::Stop,
        (Some("marketing_messages"), Some("resume")) => Choice::Resume,
        _ => return Err(Strange::Preference),
    };
    let from = shared
        .contacts
        .complete(person(wire.wa_id, wire.user_id))
        .ok_or(Strange::Sender)?;
    let at = timestamp(wire.timestamp);
    Ok(Update::Preference(Preference {
        number: shared.number.clone(),
        from,
        choice,
        at,
    }))
}

/// A customer's message. Each kind's content lies under the kind's name.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    from_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    button: Option<&'a RawValue>,
    #[serde(borrow)]
    interactive: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
    #[serde(borrow)]
    video: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    #[serde(borrow)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow)]
    system: Option<&'a RawValue>,
}

/// The members of every kind's content that are read.
#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    caption: Option<&'a RawValue>,
    #[serde(borrow)]
    emoji: Option<&'a RawValue>,
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    wa_id: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    button_reply: Option<&'a RawValue>,
    #[serde(borrow)]
    list_reply: Option<&'a RawValue>,
}

fn inbound(shared: &Shared, raw: &RawValue) -> Result<Update, Strange> {
    let wire: Message<'_> = json::object(Some(raw)).ok_or(Strange::Message)?;
    let id = json::text(wire.id).ok_or(Strange::Message)?;
    let kind = json::text(wire.kind).ok_or(Strange::Message)?;
    let from = shared
        .contacts
        .complete(person(wire.from, wire.from_user_id))
        .ok_or(Strange::Sender)?;
    let content = content(&kind, &wire).ok_or(Strange::Message)?;
    let quoted =
        json::object::<Content<'_>>(wire.context).and_then(|context| json::text(context.id));
    // A reaction names its message inside, not as a quotation.
    let reacted =
        json::object::<Content<'_>>(wire.reaction).and_then(|it| json::text(it.message_id));
    Ok(Update::Inbound(Box::new(Inbound {
        number: shared.number.clone(),
        id: MessageId::new(id),
        from,
        at: timestamp(wire.timestamp),
        content,
        in_reply_to: quoted.or(reacted).map(MessageId::new),
    })))
}

/// The content of a known kind, [`InboundContent::Other`] for an unknown one, nothing where the
/// content is not what its kind says.
fn content(kind: &str, wire: &Message<'_>) -> Option<InboundContent> {
    let media = |kind, raw| {
        let caption = json::object::<Content<'_>>(raw).and_then(|file| json::owned(file.caption));
        Some(InboundContent::Media { kind, caption })
    };
    match kind {
        "text" => {
            let body = json::owned(json::object::<Content<'_>>(wire.text)?.body)?;
            Some(InboundContent::Text { body })
        }
        "button" => {
            let button: Content<'_> = json::object(wire.button)?;
            let (payload, text) = (json::owned(button.payload), json::owned(button.text));
            let payload = payload.or_else(|| text.clone())?;
            Some(InboundContent::Button {
                payload,
                text: text.unwrap_or_default(),
            })
        }
        "interactive" => interactive(wire.interactive),
        "image" => media(MediaKind::Image, wire.image),
        "video" => media(MediaKind::Video, wire.video),
        "document" => media(MediaKind::Document, wire.document),
        "audio" => media(MediaKind::Audio, None),
        "sticker" => media(MediaKind::Sticker, None),
        "location" => Some(InboundContent::Location),
        "contacts" => Some(InboundContent::Contacts),
        "reaction" => {
            let reaction: Content<'_> = json::object(wire.reaction)?;
            Some(InboundContent::Reaction {
                emoji: json::owned(reaction.emoji),
            })
        }
        "order" => Some(InboundContent::Order),
        "system" => Some(InboundContent::System(system(&json::object(wire.system)?))),
        "unsupported" => Some(InboundContent::Unsupported),
        _ => Some(InboundContent::Other),
    }
}

fn interactive(raw: Option<&RawValue>) -> Option<InboundContent> {
    let interactive: Content<'_> = json::object(raw)?;
    let reply = |raw| {
        let reply: Content<'_> = json::object(raw)?;
        Some((
            json::owned(reply.id)?,
            json::owned(reply.title).unwrap_or_default(),
        ))
    };
    match json::text(interactive.kind)?.as_ref() {
        "button_reply" => {
            let (id, title) = reply(interactive.button_reply)?;
            Some(InboundContent::ButtonReply { id, title })
        }
        "list_reply" => {
            let (id, title) = reply(interactive.list_reply)?;
            Some(InboundContent::ListReply { id, title })
        }
        // Flows and address forms are not sent, so nobody here expects their answers.
        _ => Some(InboundContent::Other),
    }
}

fn system(system: &Content<'_>) -> SystemEvent {
    let now = person(system.wa_id, system.user_id);
    match json::text(system.kind).as_deref() {
        Some("user_changed_number") => SystemEvent::ChangedNumber { now },
        Some("user_changed_user_id") => SystemEvent::ChangedUserId { now },
        Some(_) | None => SystemEvent::Other,
    }
}
