//! Takes Meta's webhooks in: receipts, presses, the customer's words.

use std::sync::Arc;

use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{
    Aws, Keys, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets, WhatsappSecret,
};
use recado_sqs::Sender;
use recado_whatsapp::webhook::{AppSecret, VerifyToken};
use webhook_receiver::{Config, Deps, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    recado_runtime::init(env!("CARGO_BIN_NAME"));
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = Secrets::new(aws.secrets_manager(), Process::clock());
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (keys, whatsapp, known, ()) = tokio::join!(
        secrets.watch::<Keys>(&config.keys_secret),
        secrets.watch::<WhatsappSecret>(&config.whatsapp_secret),
        store.known_pepper(),
        aws.open_sqs(),
    );
    let keys = keys?;
    store.hold_to(known, &keys.current().pepper.fingerprint())?;
    let world = World {
        store,
        queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
        chance: Process::default(),
    };
    let live = Live::new((keys, whatsapp?), move |(keys, whatsapp)| {
        let whatsapp = whatsapp.current();
        let app_secrets = whatsapp
            .app_secrets
            .iter()
            .map(|text| AppSecret::parse(text));
        Ok(router(Arc::new(Deps {
            world: world.clone(),
            keys: Keys::of(keys),
            app_secrets: app_secrets.collect::<Result<_, _>>()?,
            verify_token: VerifyToken::parse(&whatsapp.verify_token)?,
        })))
    })?;
    recado_runtime::run_webhook(live).await
}
