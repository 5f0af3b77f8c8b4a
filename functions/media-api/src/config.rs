//! This function's settings.

use std::time::Duration;

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with Meta's access tokens (`WHATSAPP_SECRET_ID`).
    pub whatsapp_secret: String,
    /// The Cloud API's address with its version (`WHATSAPP_URL`).
    pub whatsapp_url: String,
    /// How long one upload may take (`UPLOAD_TIMEOUT`): longer than a message's POST, since the file
    /// travels with it, and shorter than the function.
    pub upload_timeout: Duration,
    /// Region, credentials, endpoints.
    pub aws: AwsConfig,
}

impl Config {
    /// Reads the environment; all mistakes in one go.
    pub fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
        let settings = Settings::new(env);
        let config = Self {
            table: settings.text("TABLE_NAME"),
            whatsapp_secret: settings.text("WHATSAPP_SECRET_ID"),
            whatsapp_url: settings.text("WHATSAPP_URL"),
            upload_timeout: settings.duration("UPLOAD_TIMEOUT"),
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
