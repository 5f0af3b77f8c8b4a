//! Takes consent in with its evidence, shows it, exports it, erases it.

use std::sync::Arc;

use consent_api::{Config, Deps, router};
use recado_dynamodb::Store;
use recado_runtime::{Aws, Keys, Process, ProcessEnv, Retries, SDK_ATTEMPT};

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
    let (keys, ()) = tokio::join!(Keys::fetch(&secrets, &config.keys_secret), store.warm_up());
    let deps = Deps {
        store,
        keys: keys?,
        chance: Process::default(),
    };
    lambda_http::run(router(Arc::new(deps))).await
}
