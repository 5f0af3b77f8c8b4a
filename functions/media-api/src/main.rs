//! Takes a bank's files for its messages and hands them to Meta.

use std::sync::Arc;

use media_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_runtime::{Aws, Process, ProcessEnv, Retries, SDK_ATTEMPT, WhatsappSecret};
use recado_whatsapp::{AccessToken, Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init();
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = aws.secrets(Retries::Three, SDK_ATTEMPT);
    let whatsapp = Client::new(aws.http(), config.whatsapp_url, config.upload_timeout)?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (secret, (), ()) = tokio::join!(
        WhatsappSecret::fetch(&secrets, &config.whatsapp_secret),
        store.warm_up(),
        whatsapp.warm_up(),
    );
    let deps = Deps {
        store,
        chance: Process::default(),
        whatsapp,
        tokens: AccessToken::parse_all(secret?.access_tokens)?,
    };
    lambda_http::run(router(Arc::new(deps))).await
}
