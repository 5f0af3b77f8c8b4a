//! This function's settings.

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
    /// The lanes' queues (`CRITICAL_QUEUE_URL`, `STANDARD_QUEUE_URL`, `BULK_QUEUE_URL`).
    pub lanes: [String; 3],
    /// The timers' queue (`FALLBACK_QUEUE_URL`), for the guards.
    pub fallback_queue: String,
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
            lanes: ["CRITICAL_QUEUE_URL", "STANDARD_QUEUE_URL", "BULK_QUEUE_URL"].map(|name| settings.text(name)),
            fallback_queue: settings.text("FALLBACK_QUEUE_URL"),
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
