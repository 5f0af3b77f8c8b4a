//! This function's settings.

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};
use recado_sqs::QueueUrls;

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
    /// The secret with app secrets and verify token (`WHATSAPP_SECRET_ID`).
    pub whatsapp_secret: String,
    /// The standard lane's queue, for confirmations (`STANDARD_QUEUE_URL`), and the timers', for the
    /// legs after a failed one (`FALLBACK_QUEUE_URL`).
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
            whatsapp_secret: settings.text("WHATSAPP_SECRET_ID"),
            queues: QueueUrls {
                standard: Some(settings.text("STANDARD_QUEUE_URL")),
                fallback: Some(settings.text("FALLBACK_QUEUE_URL")),
                ..QueueUrls::default()
            },
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
