//! Takes Meta's webhooks in: receipts, presses, the customer's words.

use std::sync::Arc;

use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{Aws, Keys, Process, ProcessEnv, Retries, SDK_ATTEMPT, WhatsappSecret};
use recado_sqs::Sender;
use recado_whatsapp::webhook::{AppSecret, VerifyToken};
use webhook_receiver::{Config, Deps, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init();
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = aws.secrets(Retries::Three, SDK_ATTEMPT);
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (keys, whatsapp, (), ()) = tokio::join!(
        Keys::fetch(&secrets, &config.keys_secret),
        WhatsappSecret::fetch(&secrets, &config.whatsapp_secret),
        store.warm_up(),
        aws.open_sqs(),
    );
    let whatsapp = whatsapp?;
    let deps = Deps {
        world: World {
            store,
            queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
            chance: Process::default(),
        },
        keys: keys?,
        app_secrets: whatsapp
            .app_secrets
            .iter()
            .map(|secret| AppSecret::parse(secret))
            .collect::<Result<_, _>>()?,
        verify_token: VerifyToken::parse(&whatsapp.verify_token)?,
    };
    lambda_http::run(router(Arc::new(deps))).await
}
