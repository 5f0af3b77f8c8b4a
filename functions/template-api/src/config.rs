//! This function's settings.

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with Meta's access tokens (`WHATSAPP_SECRET_ID`).
    pub whatsapp_secret: String,
    /// The Cloud API's address with its version (`WHATSAPP_URL`).
    pub whatsapp_url: String,
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
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
