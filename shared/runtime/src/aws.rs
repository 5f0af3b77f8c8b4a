//! The AWS clients, built from the environment: no profile files, no provider chain.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, disable_interceptor, dyn_dispatch_hint,
};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use recado_http::{Http, JsonService};

use crate::config::{Env, Settings};
use crate::http::SdkHttp;
use crate::secrets::SecretsManager;

/// How long one attempt at DynamoDB, SQS or Secrets Manager may take.
pub const SDK_ATTEMPT: Duration = Duration::from_secs(2);

/// How often a client tries a request again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// Three attempts in all: for what may be repeated (DynamoDB, SQS).
    Three,
    /// One attempt: for what has no idempotency key (an SMS).
    Never,
}

/// Region, credentials and endpoints as Lambda puts them into the environment.
#[derive(Clone)]
pub struct AwsConfig {
    region: String,
    credentials: Credentials,
    endpoints: [Option<String>; 5],
}

const SERVICES: [&str; 5] = [
    "DYNAMODB",
    "SQS",
    "SNS",
    "SECRETS_MANAGER",
    "COGNITO_IDENTITY_PROVIDER",
];

impl AwsConfig {
    /// Reads `AWS_REGION`, the credentials, and the SDKs' own endpoint variables (`AWS_ENDPOINT_URL`,
    /// `AWS_ENDPOINT_URL_SQS` …), which only the local stack sets.
    #[must_use]
    pub fn read(env: &dyn Env, settings: &Settings<'_>) -> Self {
        let endpoint = |service: &str| {
            env.get(&format!("AWS_ENDPOINT_URL_{service}"))
                .or_else(|| env.get("AWS_ENDPOINT_URL"))
        };
        Self {
            region: settings.text("AWS_REGION"),
            credentials: Credentials::new(
                settings.text("AWS_ACCESS_KEY_ID"),
                settings.text("AWS_SECRET_ACCESS_KEY"),
                env.get("AWS_SESSION_TOKEN"),
                None,
                "environment",
            ),
            endpoints: SERVICES.map(endpoint),
        }
    }
}

/// The shared connector and what every client needs.
#[derive(Clone)]
pub struct Aws {
    http: Http,
    config: AwsConfig,
}

/// Keeps the SDK from writing its name and its features into every request, which was a twentieth of a
/// request's work. The connector names Recado instead.
#[derive(Debug)]
struct Nameless;

#[dyn_dispatch_hint]
impl Intercept for Nameless {
    fn name(&self) -> &'static str {
        "Nameless"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state()
            .store_put(disable_interceptor::<UserAgentInterceptor>(
                "the connector names Recado",
            ));
        Ok(())
    }
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident, $service:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self, retries: Retries, attempt_timeout: Duration) -> $sdk::Client {
            let mut builder = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new(self.config.region.clone()))
                .credentials_provider(self.config.credentials.clone())
                .interceptor(Nameless)
                .http_client(SdkHttp(self.http.clone()))
                .sleep_impl(TokioSleep::new())
                // The credentials stay for as long as the process does, and an attempt's time is limited as
                // a whole: neither is worth its work for every request.
                .identity_cache($sdk::config::IdentityCache::no_cache())
                .stalled_stream_protection(
                    $sdk::config::StalledStreamProtectionConfig::disabled(),
                )
                .retry_config(match retries {
                    Retries::Three => RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)),
                    Retries::Never => RetryConfig::disabled(),
                })
                .timeout_config(
                    TimeoutConfig::builder()
                        .operation_attempt_timeout(attempt_timeout)
                        .build(),
                );
            if let Some(endpoint) = self.endpoint($service) {
                builder = builder.endpoint_url(endpoint);
            }
            $sdk::Client::from_conf(builder.build())
        }
    };
}

impl Aws {
    /// Builds the shared connector. Opens no connection.
    #[must_use]
    pub fn new(config: AwsConfig) -> Self {
        Self {
            http: Http::new(),
            config,
        }
    }

    /// The one HTTP client, for Meta.
    #[must_use]
    pub fn http(&self) -> Http {
        self.http.clone()
    }

    /// Opens a connection to SQS ahead of the first message. What comes of it does not matter.
    pub async fn open_sqs(&self) {
        let own = format!("https://sqs.{}.amazonaws.com", self.config.region);
        let url = self.endpoint("SQS").map_or(own, str::to_owned);
        self.http.warm_up(&url).await.ok();
    }

    /// Where functions read their secrets. Who writes them takes [`secrets`](Self::secrets).
    #[must_use]
    pub fn secrets_manager(&self) -> SecretsManager {
        SecretsManager::new(self.service("secretsmanager", "SECRETS_MANAGER"))
    }

    /// Cognito's user pools.
    #[must_use]
    pub fn cognito(&self) -> JsonService {
        self.service("cognito-idp", "COGNITO_IDENTITY_PROVIDER")
    }

    fn service(&self, name: &'static str, variable: &str) -> JsonService {
        let AwsConfig {
            region,
            credentials,
            ..
        } = &self.config;
        let endpoint = self.endpoint(variable);
        JsonService::new(
            self.http.clone(),
            name,
            region,
            credentials.clone(),
            endpoint,
        )
    }

    fn endpoint(&self, service: &str) -> Option<&str> {
        let index = SERVICES.iter().position(|name| *name == service)?;
        self.config.endpoints[index].as_deref()
    }

    client! {
        /// DynamoDB.
        dynamodb, aws_sdk_dynamodb, "DYNAMODB"
    }
    client! {
        /// SQS.
        sqs, aws_sdk_sqs, "SQS"
    }
    client! {
        /// SNS.
        sns, aws_sdk_sns, "SNS"
    }
    client! {
        /// Secrets Manager.
        secrets, aws_sdk_secretsmanager, "SECRETS_MANAGER"
    }
}
