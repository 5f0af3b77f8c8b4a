//! This function's settings.

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};
use recado_sqs::QueueUrls;

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
    /// The lanes' queues (`CRITICAL_QUEUE_URL`, `STANDARD_QUEUE_URL`, `BULK_QUEUE_URL`) and, for the
    /// guards, the timers' (`FALLBACK_QUEUE_URL`).
    pub queues: QueueUrls,
    /// Region, credentials, endpoints.
    pub aws: AwsConfig,
}

impl Config {
    /// Reads the environment; all mistakes in one go.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let settings = Settings::new(env);
        let config = Self {
            table: settings.text("TABLE_NAME"),
            keys_secret: settings.text("KEYS_SECRET_ID"),
            queues: QueueUrls {
                critical: Some(settings.text("CRITICAL_QUEUE_URL")),
                standard: Some(settings.text("STANDARD_QUEUE_URL")),
                bulk: Some(settings.text("BULK_QUEUE_URL")),
                fallback: Some(settings.text("FALLBACK_QUEUE_URL")),
            },
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
