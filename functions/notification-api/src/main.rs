//! Accepts a bank's notifications, tells what became of them, cancels them, previews them.

use std::sync::Arc;

use notification_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{Aws, Keys, Process, ProcessEnv, Retries, SDK_ATTEMPT};
use recado_sqs::Sender;

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
    let (keys, (), ()) = tokio::join!(
        Keys::fetch(&secrets, &config.keys_secret),
        store.warm_up(),
        aws.open_sqs()
    );
    let deps = Deps {
        world: World {
            store,
            queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
            chance: Process::default(),
        },
        keys: keys?,
    };
    lambda_http::run(router(Arc::new(deps))).await
}
