//! What each template's notification weighs in the table, and what its writes take: every template of the
//! catalogue goes its happy path through the store on the local stack's DynamoDB, whose meter counts. No
//! function runs; that theirs is the same item is held by one that did.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use recado_domain::delivery::{Change, Claim, Notification, OpenedBecause, Receipts, change, plus};
use recado_domain::ids::{ClaimToken, IdempotencyKey, TenantId, UserId};
use recado_domain::locale::Locale;
use recado_domain::request::{Accepted, Draft};
use recado_domain::seal::{Keyring, Pepper};
use recado_domain::template::Template;
use recado_local::aws::item_bytes;
use recado_local::cost::Counted;
use recado_ports::{Created, Notifications, Written};
use recado_tests::bench::Bench;
use serde_json::{Map, Value, json};

/// A write of a notification's item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Accepted,
    Claimed(u8),
    Submitted(u8),
    Delivered,
    Read,
}

/// Accepted, delivered, read.
const HAPPY: [Write; 5] = [
    Write::Accepted,
    Write::Claimed(0),
    Write::Submitted(0),
    Write::Delivered,
    Write::Read,
];

/// No digit of a moment is a nought at its end, which DynamoDB would not store.
const MOMENT: i64 = 1_795_269_845_123;
const TEST_ALERT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue/test_alert.toml");
const TO: &str = "+5511987654321";
/// The form of what SNS calls a message by.
const PROVIDER_ID: &str = "94b3ffb2-7c3a-5d1e-8f64-a01c5d2e7f93";
/// As a bank's core labels its orders.
const REFERENCE: &str = "5f0c2b1e-8a44-4c39-9d57-3b1e6a7c2d90";

/// A message to be weighed.
struct Specimen {
    template: Arc<Template>,
    locale: Locale,
    params: Map<String, Value>,
    reference: Option<&'static str>,
}

/// What it weighs on one way.
#[derive(Default)]
pub(crate) struct Weights {
    /// The item after each write.
    items: Vec<Value>,
    /// The write units of each.
    pub(crate) units: Vec<f64>,
}

impl Weights {
    /// The bytes of the item when it is largest.
    pub(crate) fn bytes(&self) -> Result<usize> {
        let bytes: Result<Vec<usize>> = self.items.iter().map(item_bytes).collect();
        bytes?.into_iter().max().context("nothing was written")
    }

    /// Of what it is accepted with, the bytes of one attribute.
    fn bytes_of(&self, attribute: &str) -> Result<usize> {
        let value = &self.items[0][attribute];
        item_bytes(&json!({ attribute: value }))
    }

    /// Whether each write takes one unit.
    pub(crate) fn is_one_each(&self) -> bool {
        self.units.iter().all(|units| *units <= 1.0)
    }
}

/// A template's line.
pub(crate) struct Weighed {
    pub(crate) template: Arc<Template>,
    /// The language in which it is largest.
    pub(crate) locale: Locale,
    /// Bytes of the sealed content, and of the masked parameters.
    pub(crate) sealed: usize,
    pub(crate) masked: usize,
    /// Accepted, claimed, submitted, delivered, read.
    pub(crate) happy: Weights,
    /// Accepted, claimed, submitted, and then each leg after WhatsApp claimed and sent; none where there is
    /// no such leg.
    pub(crate) fallback: Option<Weights>,
}

/// Every template of the catalogue in its language with the largest item, in order of their names.
pub(crate) async fn catalogue() -> Result<Vec<Weighed>> {
    let bench = Bench::at(moment()).await?;
    let mut all = Vec::new();
    for template in recado_local::templates::catalogue()? {
        let mut largest: Option<(Weights, Specimen)> = None;
        for locale in template.locales.keys() {
            let specimen = Specimen {
                params: template.example_params(*locale),
                template: Arc::clone(&template),
                locale: *locale,
                reference: Some(REFERENCE),
            };
            let weights = weigh(&bench, &specimen, &HAPPY).await?;
            let bytes = weights.bytes()?;
            let larger = match &largest {
                Some((known, _)) => bytes > known.bytes()?,
                None => true,
            };
            if larger {
                largest = Some((weights, specimen));
            }
        }
        let (happy, specimen) = largest.context("a template without a language")?;
        let legs = u8::try_from(template.ladder.len())?;
        let later = (1..legs).flat_map(|leg| [Write::Claimed(leg), Write::Submitted(leg)]);
        let writes: Vec<Write> = HAPPY[..3].iter().copied().chain(later).collect();
        all.push(Weighed {
            sealed: happy.bytes_of("sc")?,
            masked: happy.bytes_of("mp")?,
            fallback: match legs {
                0 | 1 => None,
                _ => Some(weigh(&bench, &specimen, &writes).await?),
            },
            locale: specimen.locale,
            template,
            happy,
        });
    }
    Ok(all)
}

/// How far an item may be from another of the same template and parameters: moments have digits that
/// DynamoDB does not store, noughts at their end.
const DIGITS: usize = 8;

/// Holds what is weighed here against what functions stored and were metered at.
pub(crate) async fn hold(happy: &Counted, accepted: &Value, ended: &Value) -> Result<()> {
    let templates = recado_local::templates::read(&[TEST_ALERT.into()])?;
    let template = templates
        .into_iter()
        .next()
        .context("the alert's template")?;
    let request = recado_tests::alert(TO);
    let params = request["params"].as_object().context("parameters")?.clone();
    let specimen = Specimen {
        template,
        locale: Locale::PtBr,
        params,
        reference: None,
    };
    let bench = Bench::at(moment()).await?;
    let weighed = weigh(&bench, &specimen, &HAPPY).await?;
    let units: f64 = weighed.units.iter().sum();
    ensure!(
        happy.write_units.total_cmp(&units).is_eq(),
        "an alert took {} write units and is weighed at {units}",
        happy.write_units
    );
    let (first, last) = (weighed.items.first(), weighed.items.last());
    for (stored, weighed) in [(accepted, first), (ended, last)] {
        let weighed = weighed.context("nothing was written")?;
        let names = |item: &Value| -> Vec<String> {
            item.as_object()
                .into_iter()
                .flat_map(Map::keys)
                .cloned()
                .collect()
        };
        ensure!(
            names(stored) == names(weighed),
            "an alert is stored as {:?} and weighed as {:?}",
            names(stored),
            names(weighed)
        );
        let (stored, weighed) = (item_bytes(stored)?, item_bytes(weighed)?);
        ensure!(
            stored.abs_diff(weighed) <= DIGITS,
            "an alert is stored in {stored} bytes and weighed at {weighed}"
        );
    }
    Ok(())
}

/// Takes one along its way.
async fn weigh(bench: &Bench, specimen: &Specimen, writes: &[Write]) -> Result<Weights> {
    let mut weights = Weights::default();
    let mut item = accepted(specimen)?;
    for write in writes {
        let before = write_units(bench)?;
        item = carry_out(bench, *write, item).await?;
        weights.units.push(write_units(bench)? - before);
        let stored = bench.get(&item.associated(), "STATE").await?;
        weights.items.push(stored);
    }
    Ok(weights)
}

async fn carry_out(bench: &Bench, write: Write, item: Notification) -> Result<Notification> {
    let receipts = |read| {
        let receipts = Receipts {
            delivered: true,
            read,
            failed: None,
        };
        change::receipts(&item.tenant, &receipts, moment()).context("a receipt")
    };
    let change: Change = match write {
        Write::Accepted => {
            let created = bench.store.create(&item).await?;
            ensure!(created == Created::New, "{created:?}");
            return Ok(item);
        }
        Write::Claimed(0) => change::claim_first(&item, &claim(moment())?),
        Write::Claimed(leg) => {
            let claim = claim(reached(&item, leg))?;
            change::claim_later(&item, leg, &claim, OpenedBecause::NotDeliveredInTime)
        }
        Write::Submitted(0) => change::submitted(&item, 0, moment(), None),
        Write::Submitted(leg) => {
            let at = reached(&item, leg);
            change::submitted(&item, leg, at, Some(PROVIDER_ID))
        }
        Write::Delivered => receipts(false)?,
        Write::Read => receipts(true)?,
    };
    match bench.store.write(&item.id, &change).await? {
        Written::Applied(now) => Ok(*now),
        Written::Refused(_) | Written::Missing => {
            Err(anyhow!("{}: {write:?} was refused", item.template))
        }
    }
}

/// When a later leg opens: each wait is over, and a millisecond more.
fn reached(item: &Notification, leg: u8) -> Timestamp {
    let waits = item.ladder.iter().take(usize::from(leg) + 1);
    let waited: Duration = waits
        .map(|rung| rung.after + Duration::from_millis(1))
        .sum();
    plus(moment(), waited)
}

fn write_units(bench: &Bench) -> Result<f64> {
    let units = bench.aws.report()["dynamodb"]["write_units"].as_f64();
    units.context("no write units in the report")
}

fn moment() -> Timestamp {
    Timestamp::from_millisecond(MOMENT).unwrap_or_default()
}

fn tenant() -> Result<TenantId> {
    Ok(TenantId::parse("banco-aurora")?)
}

fn pepper() -> Result<Pepper> {
    Ok(Pepper::new("1", &[2; 32])?)
}

fn claim(at: Timestamp) -> Result<Claim> {
    let user = UserId::parse("BR.1234567890")?;
    let alias = pepper()?.alias(&tenant()?, &user);
    Ok(Claim {
        token: ClaimToken::parse(&"a".repeat(26))?,
        at,
        until: plus(at, Duration::from_secs(8)),
        attempt: 1,
        known_user: Some(alias),
    })
}

fn fresh_key() -> Result<IdempotencyKey> {
    Ok(IdempotencyKey::parse(&recado_tests::fresh_key())?)
}

/// As notification-api makes it of a request.
fn accepted(specimen: &Specimen) -> Result<Notification> {
    let template = &specimen.template;
    let mut body = json!({
        "template": template.name.as_str(), "locale": specimen.locale.code(), "to": TO,
        "params": specimen.params,
    });
    if let Some(reference) = specimen.reference {
        body["reference"] = json!(reference);
    }
    let (pepper, tenant) = (pepper()?, tenant()?);
    let draft = Draft::parse(body.to_string().as_bytes())?;
    let digest = draft.digest(&pepper);
    let request = draft
        .complete(Some(template), &[], moment())
        .map_err(|faults| anyhow!("{}: {faults:?}", template.name))?;
    let id = pepper.notification(&tenant, &fresh_key()?);
    let ring = Keyring::new("k1", BTreeMap::from([("k1".to_owned(), vec![7; 32])]))?;
    let content = ring.seal(&format!("NTF#{id}"), &request.content(), [9; 12])?;
    let recipient = pepper.recipient(&tenant, &request.to);
    let accepted = Accepted {
        id,
        tenant,
        recipient,
        digest,
        content,
        at: moment(),
    };
    Ok(request.into_notification(template, accepted))
}
