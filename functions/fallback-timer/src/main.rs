//! Opens the ladder's later legs when they are due.

use std::sync::Arc;

use fallback_timer::{Carrier, Config, Deps, Sandbox, handle};
use lambda_runtime::service_fn;
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{Aws, Bearer, Keys, Process, ProcessEnv, Retries, SDK_ATTEMPT, each_record};
use recado_sms::Sms;
use recado_sqs::{Sender, decode_timer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
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
    let sandbox = match config.sandbox {
        Some((url, secret)) => {
            let token = Bearer::fetch(&secrets, &secret).await?;
            Some(Sandbox::new(aws.http(), &url, &token, config.sms_timeout))
        }
        None => None,
    };
    let deps = Arc::new(Deps {
        world: World {
            store,
            queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
            chance: Process::default(),
        },
        keys: keys?,
        sms: Carrier::new(
            Sms::new(aws.sns(Retries::Never, config.sms_timeout)),
            sandbox,
        ),
        limits: config.limits,
    });
    lambda_runtime::run(service_fn(|event| {
        each_record(event, decode_timer, |timer| handle(&deps, timer))
    }))
    .await
}
