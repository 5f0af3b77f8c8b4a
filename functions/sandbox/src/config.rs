//! This function's settings.

use std::time::Duration;

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};
use recado_sqs::LONGEST_DELAY;

/// This function's settings.
pub struct Config {
    /// The secret with Meta's access tokens, which callers must show, and the app's secrets, which sign
    /// (`WHATSAPP_SECRET_ID`).
    pub whatsapp_secret: String,
    /// The secret with the token for SMS (`SANDBOX_SECRET_ID`).
    pub sms_secret: String,
    /// The queue of the webhooks that follow (`SANDBOX_QUEUE_URL`).
    pub queue: String,
    /// Where webhooks are posted to (`WEBHOOK_URL`).
    pub webhook_url: String,
    /// How long the sender waits for an answer (`POST_TIMEOUT`): a lost one is kept back for longer.
    pub post_timeout: Duration,
    /// How long after its acceptance a message to `-0011` is delivered (`LATE_DELIVERY`), at most 15
    /// minutes: longer than the template's wait, so that the SMS is first.
    pub late_delivery: Duration,
    /// Region, credentials, endpoints.
    pub aws: AwsConfig,
}

impl Config {
    /// Reads the environment; all mistakes in one go.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let settings = Settings::new(env);
        let config = Self {
            whatsapp_secret: settings.text("WHATSAPP_SECRET_ID"),
            sms_secret: settings.text("SANDBOX_SECRET_ID"),
            queue: settings.text("SANDBOX_QUEUE_URL"),
            webhook_url: settings.text("WEBHOOK_URL"),
            post_timeout: settings.duration("POST_TIMEOUT"),
            late_delivery: settings.duration("LATE_DELIVERY"),
            aws: AwsConfig::read(env, &settings),
        };
        if config.late_delivery > LONGEST_DELAY {
            settings.fault("LATE_DELIVERY", "must be at most 15 minutes");
        }
        settings.finish(config)
    }
}
