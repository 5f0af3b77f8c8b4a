//! This function's settings.

use std::time::Duration;

use recado_domain::delivery::Limits;
use recado_runtime::{AwsConfig, ConfigError, Env, Settings};
use recado_sqs::QueueUrls;

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
    /// The timers' queue (`FALLBACK_QUEUE_URL`).
    pub queues: QueueUrls,
    /// How long one Publish may take (`SMS_TIMEOUT`).
    pub sms_timeout: Duration,
    /// Where SMS to reserved recipients go instead of a carrier (`SANDBOX_URL`), and the secret with the
    /// token that opens it (`SANDBOX_SECRET_ID`); both empty: nowhere else.
    pub sandbox: Option<(String, String)>,
    /// `POST_TIMEOUT`, `LEASE`, checked against `FUNCTION_TIMEOUT` and `VISIBILITY_TIMEOUT`.
    pub limits: Limits,
    /// Region, credentials, endpoints.
    pub aws: AwsConfig,
}

impl Config {
    /// Reads the environment; all mistakes in one go.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let settings = Settings::new(env);
        let function = settings.duration("FUNCTION_TIMEOUT");
        let config = Self {
            table: settings.text("TABLE_NAME"),
            keys_secret: settings.text("KEYS_SECRET_ID"),
            queues: QueueUrls {
                fallback: Some(settings.text("FALLBACK_QUEUE_URL")),
                ..QueueUrls::default()
            },
            sms_timeout: settings.duration("SMS_TIMEOUT"),
            sandbox: sandbox(&settings),
            limits: settings.limits(Duration::ZERO),
            aws: AwsConfig::read(env, &settings),
        };
        if config.sms_timeout >= function && function > Duration::ZERO {
            settings.fault("SMS_TIMEOUT", "must be shorter than FUNCTION_TIMEOUT");
        }
        settings.finish(config)
    }
}

fn sandbox(settings: &Settings<'_>) -> Option<(String, String)> {
    let (url, secret) = (
        settings.optional("SANDBOX_URL"),
        settings.optional("SANDBOX_SECRET_ID"),
    );
    if url.is_some() != secret.is_some() {
        settings.fault("SANDBOX_URL", "and SANDBOX_SECRET_ID go together");
    }
    url.zip(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_known_with_its_token_or_not_at_all() {
        let check = |url: &str, secret: &str, expected: Result<bool, &str>| {
            let env = |name: &str| match name {
                "SANDBOX_URL" => Some(url.to_owned()),
                "SANDBOX_SECRET_ID" => Some(secret.to_owned()),
                _ => None,
            };
            let settings = Settings::new(&env);
            let found = sandbox(&settings).is_some();
            let outcome = settings
                .finish(found)
                .map_err(|error| error.faults[0].0.clone());
            assert_eq!(outcome, expected.map_err(str::to_owned), "{url} {secret}");
        };
        check("", "", Ok(false));
        check("https://sandbox.example", "token", Ok(true));
        check("https://sandbox.example", "", Err("SANDBOX_URL"));
        check("", "token", Err("SANDBOX_URL"));
    }
}
