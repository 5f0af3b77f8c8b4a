//! Shows templates and where they stand with Meta, takes a bank's own in, hands them in for review.

use std::sync::Arc;

use recado_dynamodb::Store;
use recado_runtime::{
    Aws, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets, Tokens, WhatsappSecret,
};
use recado_whatsapp::Client;
use template_api::{ASK_TIMEOUT, Config, Deps, Meta, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init(env!("CARGO_BIN_NAME"));
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = Secrets::new(aws.secrets_manager(), Process::clock());
    let client = Client::new(aws.http(), config.whatsapp_url, ASK_TIMEOUT)?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (whatsapp, ()) = tokio::join!(
        secrets.watch::<WhatsappSecret>(&config.whatsapp_secret),
        store.warm_up(),
    );
    let live = Live::new(whatsapp?, move |whatsapp| {
        let app = whatsapp.current().app_id.clone();
        Ok(router(Arc::new(Deps {
            store: store.clone(),
            meta: Meta::new(client.clone(), app, Tokens::of(whatsapp)),
        })))
    })?;
    recado_runtime::run_http(live).await
}
