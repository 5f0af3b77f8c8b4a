//! What is deployed: `infra/template.yaml`'s parameters by their names, as an operator sets them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use recado_domain::delivery::Limits;
use serde_yaml_ng::Value;

/// The deployment's parameters that a payday depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `CriticalConcurrency`, `StandardConcurrency`, `BulkConcurrency`: copies of outbound-sender by lane.
    pub lanes: [u32; 3],
    /// `FallbackConcurrency`: copies of fallback-timer.
    pub timers: u32,
    /// `BankApiRateLimit`: requests per second.
    pub bank_rate: u32,
    /// `WebhookApiRateLimit`: requests per second.
    pub webhook_rate: u32,
    /// `TableWarmWrites`: write units per second. Empty: what a new table has.
    pub warm_writes: u32,
    /// `TableWarmReads`: read units per second. Empty: what a new table has.
    pub warm_reads: u32,
    /// `PostTimeout`, `RetryWindow`, `Lease`.
    pub limits: Limits,
}

/// What DynamoDB gives a new table on demand, in units per second.
pub const NEW_TABLE: (u32, u32) = (4_000, 12_000);

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Settings {
    /// The template's own defaults.
    ///
    /// # Errors
    /// When a parameter is not there or not what it was.
    pub fn of_template() -> Result<Self> {
        let text = std::fs::read_to_string(root().join("infra/template.yaml"))?;
        let template: Value = serde_yaml_ng::from_str(&text)?;
        let parameter = |name: &str| {
            let default = template.get("Parameters")?.get(name)?.get("Default")?;
            match default {
                Value::Number(number) => Some(number.to_string()),
                Value::String(text) => Some(text.clone()),
                Value::Null
                | Value::Bool(_)
                | Value::Sequence(_)
                | Value::Mapping(_)
                | Value::Tagged(_) => None,
            }
        };
        let text = |name: &str| parameter(name).with_context(|| format!("no parameter {name}"));
        let number = |name: &str| -> Result<u32> {
            text(name)?
                .parse()
                .with_context(|| format!("{name} is no number"))
        };
        let or = |name: &str, default: u32| -> Result<u32> {
            if text(name)?.is_empty() {
                Ok(default)
            } else {
                number(name)
            }
        };
        Ok(Self {
            lanes: [
                number("CriticalConcurrency")?,
                number("StandardConcurrency")?,
                number("BulkConcurrency")?,
            ],
            timers: number("FallbackConcurrency")?,
            bank_rate: number("BankApiRateLimit")?,
            webhook_rate: number("WebhookApiRateLimit")?,
            warm_writes: or("TableWarmWrites", NEW_TABLE.0)?,
            warm_reads: or("TableWarmReads", NEW_TABLE.1)?,
            limits: Limits {
                post_timeout: span(&text("PostTimeout")?)?,
                retry_window: span(&text("RetryWindow")?)?,
                lease: span(&text("Lease")?)?,
            },
        })
    }
}

/// A duration as the template and the command line write it: `300ms`, `8s`, `5m`, `2h`.
///
/// # Errors
/// When it is none.
pub fn span(text: &str) -> Result<Duration> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end]
        .parse()
        .with_context(|| format!("{text} is no duration"))?;
    Ok(match &text[end..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3_600),
        other => bail!("{other} is no unit of time"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_what_is_deployed() {
        let settings = Settings::of_template().expect("settings");
        assert!(settings.lanes.iter().all(|copies| *copies >= 2));
        assert!(settings.limits.post_timeout < settings.limits.lease);
        assert_eq!((settings.warm_writes, settings.warm_reads), NEW_TABLE);
    }

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        for (text, ms) in [
            ("300ms", 300),
            ("8s", 8_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
        ] {
            assert_eq!(span(text).expect("a duration"), Duration::from_millis(ms));
        }
        assert!(span("8").is_err() && span("s").is_err());
    }
}
