//! The registry's items.
//!
//! | item | attribute | holds |
//! |---|---|---|
//! | tenant | `nm`, `pn`, `wa`, `ps` | name, number and account at Meta, messages per second |
//! | 〃 | `si`, `lo`, `tz` | SMS sender id, language, time zone |
//! | 〃 | `hs`, `hm`, `hc` | sending hours of servicing and marketing, whose holidays; the default where absent |
//! | 〃 | `ho` | the hosts that its templates may lead to (by comma); none where absent |
//! | 〃 | `oi`, `cd` | purposes with a double opt-in (by comma), days that a grant for a purpose lasts (`marketing:730`, by comma) |
//! | client, number, account | `tn` | tenant |
//! | template | `js` | the version as JSON |

use recado_domain::class::Class;
use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::{Calendar, Hours, Week};
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::template::Template;
use recado_ports::{StoreError, TenantConfig};

use crate::attributes::{CURRENT, Item, Reader, VERSION, listed, number, put, text};
use crate::keys::Key;

/// Whose it is.
pub(crate) const OWNER: &str = "tn";
const JSON: &str = "js";

pub(crate) fn tenant_item(key: &Key, config: &TenantConfig) -> Item {
    let mut item = key.item();
    put(&mut item, VERSION, Some(number(CURRENT)));
    put(&mut item, "nm", Some(text(&config.name)));
    put(&mut item, "pn", Some(text(config.phone_number_id.as_str())));
    put(
        &mut item,
        "wa",
        Some(text(config.business_account_id.as_str())),
    );
    put(&mut item, "ps", Some(number(config.messages_per_second)));
    put(&mut item, "si", config.sms_sender_id.as_ref().map(text));
    put(&mut item, "lo", Some(text(config.locale.code())));
    put(&mut item, "tz", Some(text(&config.time_zone)));
    put(
        &mut item,
        "hs",
        Some(text(config.hours.servicing.to_string())),
    );
    put(
        &mut item,
        "hm",
        Some(text(config.hours.marketing.to_string())),
    );
    put(&mut item, "hc", Some(text(config.hours.calendar.name())));
    put(&mut item, "ho", Some(text(config.hosts.join(","))));
    let ConsentPolicy {
        double_opt_in,
        days,
    } = &config.consent;
    let purposes: Vec<&str> = double_opt_in.iter().map(|class| class.name()).collect();
    let days = days.iter().map(|(class, days)| format!("{class}:{days}"));
    let days: Vec<String> = days.collect();
    put(&mut item, "oi", Some(text(purposes.join(","))));
    put(&mut item, "cd", Some(text(days.join(","))));
    item
}

pub(crate) fn tenant_config(item: &Item) -> Result<TenantConfig, StoreError> {
    let item = Reader::new("a tenant", item)?;
    Ok(TenantConfig {
        name: item.text("nm")?.to_owned(),
        phone_number_id: item.parsed("pn", |text| PhoneNumberId::parse(text).ok())?,
        business_account_id: item.parsed("wa", |text| BusinessAccountId::parse(text).ok())?,
        messages_per_second: item.number("ps")?,
        sms_sender_id: item.optional_text("si")?.map(str::to_owned),
        locale: item.parsed("lo", Locale::parse)?,
        time_zone: item.text("tz")?.to_owned(),
        hours: Hours {
            servicing: item.optional_parsed("hs", week)?.unwrap_or_default(),
            marketing: item.optional_parsed("hm", week)?.unwrap_or_default(),
            calendar: item
                .optional_parsed("hc", Calendar::parse)?
                .unwrap_or_default(),
        },
        hosts: item
            .optional_text("ho")?
            .map(|hosts| {
                hosts
                    .split(',')
                    .filter(|host| !host.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default(),
        consent: ConsentPolicy {
            double_opt_in: item.parsed("oi", |text| listed(text, Class::parse))?,
            days: item.parsed("cd", |text| listed(text, lasting))?,
        },
    })
}

fn week(text: &str) -> Option<Week> {
    text.parse().ok()
}

fn lasting(text: &str) -> Option<(Class, u32)> {
    let (purpose, days) = text.split_once(':')?;
    Some((Class::parse(purpose)?, days.parse().ok()?))
}

pub(crate) fn owner_item(key: &Key, tenant: &TenantId) -> Item {
    let mut item = key.item();
    put(&mut item, VERSION, Some(number(CURRENT)));
    put(&mut item, OWNER, Some(text(tenant.as_str())));
    item
}

pub(crate) fn owner(item: &Item) -> Result<TenantId, StoreError> {
    Reader::new("an owner", item)?.parsed(OWNER, |text| TenantId::parse(text).ok())
}

pub(crate) fn template_item(key: &Key, template: &Template) -> Item {
    let mut item = key.item();
    put(&mut item, VERSION, Some(number(CURRENT)));
    put(&mut item, JSON, Some(text(template.to_json())));
    item
}

pub(crate) fn template(item: &Item) -> Result<Template, StoreError> {
    let item = Reader::new("a template", item)?;
    item.parsed(JSON, |json| Template::from_json(json).ok())
}
