//! All that Recado knows of Lambda: settings, clients, secrets, batches, problem documents, logs.

mod aws;
mod batch;
mod bearer;
mod chance;
mod config;
mod content;
mod frequency;
mod http;
mod live;
mod logs;
mod metrics;
pub mod problem;
mod secrets;
mod serve;
mod start;
mod tenant;

pub use aws::{Aws, AwsConfig, Retries, SDK_ATTEMPT};
pub use batch::{Handled, each_record};
pub use bearer::Bearer;
pub use chance::Process;
pub use config::{ConfigError, Env, ProcessEnv, Settings, parse_duration};
pub use content::{Opened, broken, open_content};
pub use frequency::{count_against_cap, count_for_purpose, quiet_hours, quiet_time};
pub use live::Live;
pub use metrics::{Metric, count, count_progress};
pub use secrets::{
    Changing, Keys, SecretError, SecretText, Secrets, SecretsManager, Source, Tokens, Watched,
    WhatsappSecret,
};
pub use serve::{run_http, run_webhook};
pub use start::{init, ready};
pub use tenant::tenant;
