//! Shows templates and where they stand with Meta, takes a bank's own in, hands them in for review.

use std::sync::Arc;

use recado_dynamodb::Store;
use recado_runtime::{Aws, Process, ProcessEnv, Retries, SDK_ATTEMPT, WhatsappSecret};
use recado_whatsapp::Client;
use template_api::{ASK_TIMEOUT, Config, Deps, Meta, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init();
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = aws.secrets(Retries::Three, SDK_ATTEMPT);
    let client = Client::new(aws.http(), config.whatsapp_url, ASK_TIMEOUT)?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (whatsapp, ()) = tokio::join!(
        WhatsappSecret::fetch(&secrets, &config.whatsapp_secret),
        store.warm_up(),
    );
    let whatsapp = whatsapp?;
    let deps = Deps {
        store,
        meta: Meta::new(client, whatsapp.app_id, whatsapp.access_tokens)?,
    };
    lambda_http::run(router(Arc::new(deps))).await
}
