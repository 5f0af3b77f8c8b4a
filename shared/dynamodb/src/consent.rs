//! Consent: the current state, its history with the chain, and where asked for the number: in one
//! transaction, of one event or of many.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem, Update};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::consent::{
    Changed, ChannelConsents, ConsentEvent, HistoryEntry, MetaPreference,
};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::seal::Sealed;
use recado_ports::{Intake, StoreError};

use crate::attributes::{CURRENT, Item, VERSION, millis, number, sealed, text};
use crate::errors::{exhausted, unavailable};
use crate::expression::{Clauses, Placeholders};
use crate::history::history_item;
use crate::keys::{Key, PK, SK};
use crate::recipient_item::{
    ConsentState, ERASED, META, META_AT, PHONE, REVISION, preference_name, profile,
};
use crate::store::Store;

/// How often a lost race for one person's consent is run again.
const RACES: usize = 8;
/// How often keys that a read left undone are asked for again.
const ROUNDS: usize = 8;
/// Events in one transaction: three items each, of the service's 100.
const TOGETHER: usize = 33;
const OPERATION: &str = "store a consent";
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";
const CONFLICT: &str = "TransactionConflict";

/// An event, and whose it is.
#[derive(Clone, Copy)]
struct Asked<'a> {
    recipient: &'a RecipientToken,
    event: &'a ConsentEvent,
    phone: Option<&'a Sealed>,
}

type Taken = (Changed, ChannelConsents);

impl Store {
    pub(crate) async fn take_consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<Taken, StoreError> {
        let asked = Asked {
            recipient,
            event,
            phone: None,
        };
        self.take_one(tenant, asked).await
    }

    pub(crate) async fn take_intakes(
        &self,
        tenant: &TenantId,
        intakes: &[Intake],
    ) -> Result<Vec<Changed>, StoreError> {
        let asked: Vec<Asked> = intakes
            .iter()
            .map(|intake| Asked {
                recipient: &intake.recipient,
                event: &intake.event,
                phone: intake.phone.as_ref(),
            })
            .collect();
        let mut all = Vec::with_capacity(asked.len());
        for group in asked.chunks(TOGETHER) {
            let people: BTreeSet<_> = group.iter().map(|asked| asked.recipient).collect();
            // A transaction bears an item once.
            let together = if people.len() == group.len() {
                self.try_to_take(tenant, group).await?
            } else {
                None
            };
            if let Some(taken) = together {
                all.extend(taken.into_iter().map(|(changed, _)| changed));
                continue;
            }
            for asked in group {
                all.push(self.take_one(tenant, *asked).await?.0);
            }
        }
        Ok(all)
    }

    async fn take_one(&self, tenant: &TenantId, asked: Asked<'_>) -> Result<Taken, StoreError> {
        for _ in 0..RACES {
            let taken = self.try_to_take(tenant, &[asked]).await?;
            if let Some(taken) = taken.and_then(|taken| taken.into_iter().next()) {
                return Ok(taken);
            }
        }
        Err(exhausted(OPERATION, "every race for it was lost"))
    }

    /// Takes all of them or none; none where somebody else wrote in between.
    async fn try_to_take(
        &self,
        tenant: &TenantId,
        group: &[Asked<'_>],
    ) -> Result<Option<Vec<Taken>>, StoreError> {
        let found = self.read_for(tenant, group).await?;
        let mut taken = Vec::with_capacity(group.len());
        let mut writes = Vec::new();
        for asked in group {
            let keys = Keys::of(tenant, asked);
            let state = found.get(&keys.state.pair()).map(ConsentState::from_item);
            let before = state.transpose()?.unwrap_or_default();
            if found.contains_key(&keys.history.pair()) {
                taken.push((Changed::No, before.consents));
                continue;
            }
            let mut after = before.clone();
            let (changed, entry) = after.take_in(tenant, asked.recipient, asked.event);
            // An event that is outdone is history all the same, and moves the chain on.
            writes.push(self.state_write(&keys.state, &before, &after));
            writes.push(self.history_write(&keys.history, &entry));
            let held = found.get(&keys.profile.pair());
            writes.extend(self.phone_write(&keys.profile, held, asked.phone, &after)?);
            taken.push((changed, after.consents));
        }
        if writes.is_empty() {
            return Ok(Some(taken));
        }
        let answer = self
            .client()
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Some(taken)),
            Err(error) if somebody_else_wrote(&error) => Ok(None),
            Err(error) => Err(unavailable(OPERATION, error)),
        }
    }

    /// The states, the entries that are there already, and the profiles whose number is asked about.
    async fn read_for(
        &self,
        tenant: &TenantId,
        group: &[Asked<'_>],
    ) -> Result<HashMap<(String, String), Item>, StoreError> {
        let mut keys = Vec::new();
        for asked in group {
            let of = Keys::of(tenant, asked);
            keys.extend([of.state.item(), of.history.item()]);
            keys.extend(asked.phone.map(|_| of.profile.item()));
        }
        let mut found = HashMap::new();
        for _ in 0..ROUNDS {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .expect("the keys are set");
            let answer = self
                .client()
                .batch_get_item()
                .request_items(self.table(), wanted)
                .send()
                .await
                .map_err(|error| unavailable("read consents", error))?;
            let items = answer.responses.unwrap_or_default().into_values().flatten();
            found.extend(items.filter_map(|item| Some((pair(&item)?, item))));
            let left = answer.unprocessed_keys.unwrap_or_default();
            keys = left.into_values().flat_map(|undone| undone.keys).collect();
            if keys.is_empty() {
                return Ok(found);
            }
        }
        Err(exhausted("read consents", "the service left keys undone"))
    }

    fn state_write(
        &self,
        key: &Key,
        before: &ConsentState,
        after: &ConsentState,
    ) -> TransactWriteItem {
        let state = Put::builder()
            .table_name(self.table())
            .set_item(Some(after.to_item(key)));
        let state = if before.revision == 0 {
            state.condition_expression("attribute_not_exists(pk)")
        } else {
            state
                .condition_expression("#revision = :revision")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":revision", number(before.revision))
        };
        put(state)
    }

    fn history_write(&self, key: &Key, entry: &HistoryEntry) -> TransactWriteItem {
        put(Put::builder()
            .table_name(self.table())
            .set_item(Some(history_item(key, entry)))
            .condition_expression("attribute_not_exists(pk)"))
    }

    /// Keeps the number where there is none; not of somebody erased who agrees to nothing.
    fn phone_write(
        &self,
        key: &Key,
        held: Option<&Item>,
        phone: Option<&Sealed>,
        after: &ConsentState,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(phone) = phone else { return Ok(None) };
        let held = held.map(profile).transpose()?.unwrap_or_default();
        let erased = held.erased_at.is_some() && !after.consents.agrees_to_anything();
        if held.phone.is_some() || erased {
            return Ok(None);
        }
        let mut placeholders = Placeholders::default();
        let version = placeholders.name(VERSION);
        let current = placeholders.value(number(CURRENT));
        let name = placeholders.name(PHONE);
        let value = placeholders.value(sealed(phone));
        let erased = placeholders.name(ERASED);
        let unchanged = match held.erased_at {
            Some(at) => format!("{erased} = {}", placeholders.value(millis(at))),
            None => format!("attribute_not_exists({erased})"),
        };
        let clauses = Clauses {
            set: vec![
                format!("{version} = {current}"),
                format!("{name} = if_not_exists({name}, {value})"),
            ],
            ..Clauses::default()
        };
        let update = Update::builder()
            .table_name(self.table())
            .set_key(Some(key.item()))
            .condition_expression(unchanged)
            .set_update_expression(clauses.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values());
        let update = update.build().expect("table, key and expression are set");
        Ok(Some(TransactWriteItem::builder().update(update).build()))
    }

    pub(crate) async fn consent_state(&self, key: &Key) -> Result<ConsentState, StoreError> {
        let item = self.get("read a consent", key).await?;
        Ok(item
            .map(|item| ConsentState::from_item(&item))
            .transpose()?
            .unwrap_or_default())
    }

    pub(crate) async fn put_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let meta = placeholders.name(META);
        let since = placeholders.name(META_AT);
        let revision = placeholders.name(REVISION);
        let version = placeholders.name(VERSION);
        let word = placeholders.value(text(preference_name(preference)));
        let at = placeholders.value(millis(at));
        let zero = placeholders.value(number(0));
        // The current version and the next revision are both counted by one.
        let one = placeholders.value(number(CURRENT));
        let update = Clauses {
            set: vec![
                format!("{meta} = {word}"),
                format!("{since} = {at}"),
                format!("{version} = {one}"),
                format!("{revision} = if_not_exists({revision}, {zero}) + {one}"),
            ],
            ..Clauses::default()
        };
        // At the same moment a stop wins, whatever arrives first.
        let earlier = match preference {
            MetaPreference::Stop => "<=",
            MetaPreference::Resume => "<",
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(
                Key::consent(tenant, recipient, Channel::Whatsapp).item(),
            ))
            .condition_expression(format!(
                "attribute_not_exists({since}) OR {since} {earlier} {at}"
            ))
            .set_update_expression(update.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                Some(_) | None => Err(unavailable("store Meta's preference", error)),
            },
        }
    }
}

/// What an event reads and writes.
struct Keys {
    state: Key,
    history: Key,
    profile: Key,
}

impl Keys {
    fn of(tenant: &TenantId, asked: &Asked<'_>) -> Self {
        let Asked {
            recipient, event, ..
        } = asked;
        Self {
            state: Key::consent(tenant, recipient, event.channel),
            history: Key::history(tenant, recipient, &event.sort_key()),
            profile: Key::profile(tenant, recipient),
        }
    }
}

fn pair(item: &Item) -> Option<(String, String)> {
    let part = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some((part(PK)?, part(SK)?))
}

fn put(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> TransactWriteItem {
    let put = put.build().expect("table and item are set");
    TransactWriteItem::builder().put(put).build()
}

/// Whether a transaction failed for nothing but what others wrote meanwhile: or what we wrote ourselves,
/// if the answer to an earlier try was lost.
fn somebody_else_wrote<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return false;
    };
    let codes = cancelled.cancellation_reasons().iter();
    let mut codes = codes.map(|reason| reason.code().unwrap_or("None"));
    codes.all(|code| [CONDITION_FAILED, CONFLICT, "None"].contains(&code))
}
