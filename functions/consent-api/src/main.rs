//! Takes consent in with its evidence, shows it, exports it, erases it.

use std::sync::Arc;

use consent_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_runtime::{Aws, Keys, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets};

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
    let (keys, known) = tokio::join!(
        secrets.watch::<Keys>(&config.keys_secret),
        store.known_pepper(),
    );
    let keys = keys?;
    store.hold_to(known, &keys.current().pepper.fingerprint())?;
    let live = Live::new(keys, move |keys| {
        Ok(router(Arc::new(Deps {
            store: store.clone(),
            keys: Keys::of(keys),
            chance: Process::default(),
        })))
    })?;
    recado_runtime::run_http(live).await
}
