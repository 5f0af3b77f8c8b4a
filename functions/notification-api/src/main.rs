//! Accepts a bank's notifications, tells what became of them, cancels them, previews them.

use std::sync::Arc;

use notification_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{Aws, Keys, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets};
use recado_sqs::Sender;

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
    let (keys, known, ()) = tokio::join!(
        secrets.watch::<Keys>(&config.keys_secret),
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
    let live = Live::new(keys, move |keys| {
        Ok(router(Arc::new(Deps {
            world: world.clone(),
            keys: Keys::of(keys),
        })))
    })?;
    recado_runtime::run_http(live).await
}
