//! This function's settings.

use recado_domain::delivery::Limits;
use recado_domain::pacing::Concurrency;
use recado_runtime::{AwsConfig, ConfigError, Env, Settings};
use recado_sqs::QueueUrls;

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
    /// The secret with Meta's access tokens (`WHATSAPP_SECRET_ID`).
    pub whatsapp_secret: String,
    /// The Cloud API's address with its version (`WHATSAPP_URL`).
    pub whatsapp_url: String,
    /// Where messages to reserved recipients go instead (`SANDBOX_URL`); empty: nowhere else.
    pub sandbox_url: Option<String>,
    /// The lanes' queues (`CRITICAL_QUEUE_URL`, `STANDARD_QUEUE_URL`, `BULK_QUEUE_URL`), for new
    /// attempts, and the timers' (`FALLBACK_QUEUE_URL`).
    pub queues: QueueUrls,
    /// `POST_TIMEOUT`, `RETRY_WINDOW`, `LEASE`, checked against `FUNCTION_TIMEOUT` and `VISIBILITY_TIMEOUT`.
    pub limits: Limits,
    /// How many sandboxes may send at once, by lane: critical, standard, bulk (`CONCURRENCY`, as in
    /// `10,10,5`).
    pub concurrency: Concurrency,
    /// Region, credentials, endpoints.
    pub aws: AwsConfig,
}

impl Config {
    /// Reads the environment; all mistakes in one go.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let settings = Settings::new(env);
        let retry_window = settings.duration("RETRY_WINDOW");
        let config = Self {
            table: settings.text("TABLE_NAME"),
            keys_secret: settings.text("KEYS_SECRET_ID"),
            whatsapp_secret: settings.text("WHATSAPP_SECRET_ID"),
            whatsapp_url: settings.text("WHATSAPP_URL"),
            sandbox_url: settings.optional("SANDBOX_URL"),
            queues: QueueUrls {
                critical: Some(settings.text("CRITICAL_QUEUE_URL")),
                standard: Some(settings.text("STANDARD_QUEUE_URL")),
                bulk: Some(settings.text("BULK_QUEUE_URL")),
                fallback: Some(settings.text("FALLBACK_QUEUE_URL")),
            },
            limits: settings.limits(retry_window),
            concurrency: concurrency(&settings),
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}

fn concurrency(settings: &Settings<'_>) -> Concurrency {
    let text = settings.text("CONCURRENCY");
    let lanes: Option<Vec<u32>> = text
        .split(',')
        .map(|lane| lane.trim().parse().ok())
        .collect();
    match lanes.as_deref() {
        Some(&[critical, standard, bulk]) if critical > 0 && standard + bulk > 0 => Concurrency {
            critical,
            rest: standard + bulk,
        },
        Some(_) | None => {
            if !text.is_empty() {
                settings.fault("CONCURRENCY", "must be three numbers, as in 10,10,5");
            }
            Concurrency {
                critical: 1,
                rest: 1,
            }
        }
    }
}
