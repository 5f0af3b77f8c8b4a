//! The file that describes a bank (`bank.example.toml`): read as a whole, every mistake named at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use recado_domain::class::Class;
use recado_domain::consent::ConsentPolicy;
use recado_domain::fault::Fault;
use recado_domain::hours::{Calendar, Hours, Week};
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::sms;
use recado_ports::TenantConfig;
use toml::{Table, Value};

/// What Meta lets the fastest number send in a second.
const FASTEST: u32 = 1_000;
/// The longest sender id of an SMS, in characters (SNS: 1–11 letters and digits).
const SENDER_ID_MAX: usize = 11;
/// The longest life of a grant: 20 years.
const LONGEST_DAYS: u32 = 7_305;

/// A bank as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bank {
    /// Its id.
    pub(crate) tenant: TenantId,
    /// Its entry in the registry.
    pub(crate) config: TenantConfig,
    /// The digits of its number, which Meta must confirm.
    pub(crate) digits: String,
    /// How many requests a second it may make.
    pub(crate) requests_per_second: Option<u32>,
}

/// Every mistake of the file: field and rule, never a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BankFaults(pub(crate) Vec<Fault>);

impl fmt::Display for BankFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter();
        let lines = lines.map(|fault| format!("  {}: {}", fault.field, fault.rule));
        write!(
            f,
            "the bank's file:\n{}",
            lines.collect::<Vec<_>>().join("\n")
        )
    }
}

impl Bank {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, BankFaults> {
        let table: Table = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            // The error's own text may quote a value.
            let rule = "must be TOML, each field once and each section after the fields before it";
            BankFaults(vec![Fault::new(format!("line {line}"), rule)])
        })?;
        let mut file = Fields::of("", table);
        let tenant = file.parsed("tenant", TenantId::from_str);
        let name = file.text(
            "name",
            |name| sms::fits_as_bank_name(name).then(|| name.to_owned()),
            &format!(
                "must be 1 to {} characters as an SMS has them",
                sms::BANK_NAME_MAX
            ),
        );
        let account = file.parsed("waba_id", BusinessAccountId::from_str);
        let number = file.parsed("phone_number_id", PhoneNumberId::from_str);
        let digits = file.text(
            "display_number",
            digits,
            "must be a plus sign and 8 to 15 digits",
        );
        let messages_per_second = file.number("messages_per_second", FASTEST);
        let locale = file.text("locale", Locale::parse, "must be pt_BR, en, fr or de");
        let zone = "must be a zone as in America/Sao_Paulo";
        let time_zone = file.text(
            "time_zone",
            |name| TimeZone::get(name).is_ok().then(|| name.to_owned()),
            zone,
        );
        let rule = "must be host names in lower case, without scheme, port or path, as in app.bank.example";
        let hosts = file.list("hosts", |host| is_host(host).then(|| host.to_owned()), rule);
        let sender = "must be 1 to 11 letters and digits, one letter at least";
        let sms_sender_id = file.optional("sms_sender_id", |file, name| {
            file.text(name, |id| is_sender_id(id).then(|| id.to_owned()), sender)
        });
        let requests_per_second = file.optional("requests_per_second", |file, name| {
            file.number(name, u32::MAX)
        });
        let hours = file.section("hours", hours);
        let consent = file.section("consent", consent);
        let faults = file.finish();
        let bank = || {
            Some(Self {
                tenant: tenant?,
                config: TenantConfig {
                    name: name?,
                    phone_number_id: number?,
                    business_account_id: account?,
                    messages_per_second: messages_per_second?,
                    sms_sender_id,
                    locale: locale?,
                    time_zone: time_zone?,
                    hours,
                    hosts: hosts?,
                    consent,
                },
                digits: digits?,
                requests_per_second,
            })
        };
        match bank() {
            Some(bank) if faults.is_empty() => Ok(bank),
            Some(_) | None => Err(BankFaults(faults)),
        }
    }
}

fn hours(file: &mut Fields) -> Hours {
    let mut week = |name: &str| {
        let rule = "must be as in Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off, or 24/7";
        let read = |text: &str| Week::from_str(text).ok();
        let week = file.optional(name, |file, name| file.text(name, read, rule));
        week.unwrap_or_default()
    };
    let (servicing, marketing) = (week("servicing"), week("marketing"));
    let calendar = file.optional("calendar", |file, name| {
        file.text(name, Calendar::parse, "must be BR or none")
    });
    Hours {
        servicing,
        marketing,
        calendar: calendar.unwrap_or_default(),
    }
}

fn consent(file: &mut Fields) -> ConsentPolicy {
    let purposes =
        "must be purposes: authentication, security, transactional, servicing, marketing";
    let double_opt_in = file.optional("double_opt_in", |file, name| {
        file.list(name, Class::parse, purposes)
    });
    let days = file.section("days", |file| {
        let purposes = Class::ALL.into_iter();
        let lasting = purposes.filter_map(|class| {
            let days = file.optional(class.name(), |file, name| file.number(name, LONGEST_DAYS));
            Some((class, days?))
        });
        lasting.collect::<BTreeMap<Class, u32>>()
    });
    ConsentPolicy {
        double_opt_in: double_opt_in.map(BTreeSet::from_iter).unwrap_or_default(),
        days,
    }
}

/// The digits of a number in E.164, however they are grouped.
fn digits(text: &str) -> Option<String> {
    let rest = text.strip_prefix('+')?;
    let grouping = |c: char| matches!(c, ' ' | '-' | '(' | ')');
    if !rest.chars().all(|c| c.is_ascii_digit() || grouping(c)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    ((8..=15).contains(&digits.len()) && !digits.starts_with('0')).then_some(digits)
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let letters = label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&label.len())
            && letters
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

fn is_sender_id(id: &str) -> bool {
    (1..=SENDER_ID_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
        && id.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A table of the file: fields are taken out of it, and what is left nobody knows.
struct Fields {
    /// What stands in front of its fields' names.
    before: String,
    table: Table,
    faults: Vec<Fault>,
}

impl Fields {
    fn of(before: &str, table: Table) -> Self {
        Self {
            before: before.to_owned(),
            table,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, name: &str, rule: impl Into<String>) {
        self.faults
            .push(Fault::new(format!("{}{name}", self.before), rule));
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let found = self.table.remove(name);
        if found.is_none() {
            self.fault(name, "is missing");
        }
        found
    }

    fn text<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        let found = self.take(name)?;
        let read = found.as_str().and_then(read);
        if read.is_none() {
            self.fault(name, rule);
        }
        read
    }

    fn parsed<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let found = self.take(name)?;
        match found.as_str().map(read) {
            Some(Ok(value)) => return Some(value),
            Some(Err(rule)) => self.fault(name, rule.to_string()),
            None => self.fault(name, "must be a text in quotation marks"),
        }
        None
    }

    fn number(&mut self, name: &str, most: u32) -> Option<u32> {
        let found = self.take(name)?;
        let number = found.as_integer().and_then(|it| u32::try_from(it).ok());
        let number = number.filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.fault(name, format!("must be a whole number from 1 to {most}"));
        }
        number
    }

    fn list<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<Vec<T>> {
        let found = self.take(name)?;
        let members = found.as_array().and_then(|members| {
            let read = |member: &Value| member.as_str().and_then(&read);
            members.iter().map(read).collect()
        });
        if members.is_none() {
            self.fault(name, rule);
        }
        members
    }

    fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        self.table.contains_key(name).then(|| read(self, name))?
    }

    fn section<T: Default>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let table = match self.table.remove(name) {
            None => return T::default(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.fault(name, "must be a section with fields");
                return T::default();
            }
        };
        let mut inside = Self::of(&format!("{}{name}.", self.before), table);
        let value = read(&mut inside);
        self.faults.extend(inside.finish());
        value
    }

    fn finish(mut self) -> Vec<Fault> {
        let unknown: Vec<String> = self.table.keys().cloned().collect();
        for name in unknown {
            self.fault(&name, "is no field of a bank");
        }
        self.faults
    }
}

#[cfg(test)]
mod tests;
