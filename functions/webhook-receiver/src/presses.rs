//! Presses: what a button that was pressed says, and to which notification it belongs.

use recado_domain::consent::Keyword;
use recado_domain::delivery::change;
use recado_domain::ids::{PressPayload, RecipientToken, TenantId};
use recado_domain::masking;
use recado_ports::{Chance, Conversations, Notifications, Queues, Recipients, Registry, Written};
use recado_runtime::{Metric, count};
use recado_whatsapp::webhook::{Inbound, InboundContent};
use serde_json::{Value, json};

use crate::{Deps, ReceiveError};

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Conversations + Registry,
    Q: Queues,
    C: Chance,
{
    /// A press of one of our buttons belongs to its notification; answers whose that was, or none where it
    /// belongs to no notification.
    pub(crate) async fn store_press(
        &self,
        tenant: &TenantId,
        inbound: &Inbound,
        digest: &str,
    ) -> Result<Option<RecipientToken>, ReceiveError> {
        let Some(press) = pressed(&inbound.content).and_then(|(press, _)| press) else {
            return Ok(None);
        };
        let now = self.world.chance.now();
        let change = change::respond(tenant, digest, &press.action, now);
        Ok(
            match self.world.store.write(&press.notification, &change).await? {
                Written::Applied(item) => {
                    self.note_if_twice(&item, now);
                    tracing::info!(notification.id = %press.notification, tenant.id = %tenant, action = press.action, "response");
                    Some(item.recipient)
                }
                Written::Refused(item) if item.tenant == *tenant => Some(item.recipient),
                Written::Refused(_) | Written::Missing => {
                    count(Metric::ReceiptUnknown, 1, now);
                    None
                }
            },
        )
    }
}

/// The button that was pressed, where one was: what it carries, if it is one of ours, and its label.
fn pressed(content: &InboundContent) -> Option<(Option<PressPayload>, &str)> {
    match content {
        InboundContent::Button {
            payload,
            text: label,
        }
        | InboundContent::ButtonReply {
            id: payload,
            title: label,
        } => Some((PressPayload::parse(payload).ok(), label)),
        // A row of a menu names what it leads to: "Sair" leaves the menu.
        InboundContent::ListReply { .. }
        | InboundContent::Text { .. }
        | InboundContent::Media { .. }
        | InboundContent::Location
        | InboundContent::Contacts
        | InboundContent::Reaction { .. }
        | InboundContent::Order
        | InboundContent::System(_)
        | InboundContent::Unsupported
        | InboundContent::Other => None,
    }
}

/// What the message asks of us: read from the words as they were written, before they are masked.
pub(crate) fn keyword(content: &InboundContent) -> Option<Keyword> {
    if let InboundContent::Text { body } = content {
        return Keyword::read(body);
    }
    let (press, label) = pressed(content)?;
    Keyword::pressed(press.as_ref().map(|press| press.action.as_str()), label)
}

/// What proves a press: the words on the button, and of which notification it was. A word that was written
/// proves itself.
pub(crate) fn evidence(content: &InboundContent) -> Option<Value> {
    let (press, label) = pressed(content)?;
    let mut evidence = json!({ "wording": masking::for_transcript(label) });
    if let Some(press) = press {
        evidence["source_ref"] = json!(press.to_string());
    }
    Some(evidence)
}
