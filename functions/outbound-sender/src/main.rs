//! Sends a lane's notifications over WhatsApp and arms their fallback.

use std::sync::Arc;

use lambda_runtime::service_fn;
use outbound_sender::{Config, Deps, Meta, Pacers, handle};
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{
    Aws, Keys, Process, ProcessEnv, Retries, SDK_ATTEMPT, WhatsappSecret, each_record,
};
use recado_sqs::{Sender, decode_job};
use recado_whatsapp::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    recado_runtime::init();
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = aws.secrets(Retries::Three, SDK_ATTEMPT);
    let client = Client::new(aws.http(), config.whatsapp_url, config.limits.post_timeout)?;
    let sandbox = config
        .sandbox_url
        .map(|url| Client::new(aws.http(), url, config.limits.post_timeout))
        .transpose()?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (keys, whatsapp, (), (), ()) = tokio::join!(
        Keys::fetch(&secrets, &config.keys_secret),
        WhatsappSecret::fetch(&secrets, &config.whatsapp_secret),
        store.warm_up(),
        client.warm_up(),
        aws.open_sqs(),
    );
    let deps = Arc::new(Deps {
        world: World {
            store,
            queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
            chance: Process::default(),
        },
        keys: keys?,
        whatsapp: Meta::new(client, whatsapp?.access_tokens)?.with_sandbox(sandbox),
        pacers: Pacers::new(config.concurrency),
        limits: config.limits,
    });
    lambda_runtime::run(service_fn(|event| {
        each_record(event, decode_job, |job| handle(&deps, job))
    }))
    .await
}
