//! This function's settings.

use recado_runtime::{AwsConfig, ConfigError, Env, Settings};

/// This function's settings.
pub struct Config {
    /// The table (`TABLE_NAME`).
    pub table: String,
    /// The secret with sealing keys and pepper (`KEYS_SECRET_ID`).
    pub keys_secret: String,
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
            aws: AwsConfig::read(env, &settings),
        };
        settings.finish(config)
    }
}
