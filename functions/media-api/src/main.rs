//! Takes a bank's files for its messages and hands them to Meta.

use std::sync::Arc;

use media_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_runtime::{
    Aws, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets, Tokens, WhatsappSecret,
};
use recado_whatsapp::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init(env!("CARGO_BIN_NAME"));
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = Secrets::new(aws.secrets_manager(), Process::clock());
    let whatsapp = Client::new(aws.http(), config.whatsapp_url, config.upload_timeout)?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (secret, (), ()) = tokio::join!(
        secrets.watch::<WhatsappSecret>(&config.whatsapp_secret),
        store.warm_up(),
        whatsapp.warm_up(),
    );
    let live = Live::new(secret?, move |secret| {
        Ok(router(Arc::new(Deps {
            store: store.clone(),
            chance: Process::default(),
            whatsapp: whatsapp.clone(),
            tokens: Tokens::of(secret),
        })))
    })?;
    recado_runtime::run_http(live).await
}
