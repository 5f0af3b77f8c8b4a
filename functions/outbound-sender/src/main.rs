//! Sends a lane's notifications over WhatsApp and arms their fallback.

use lambda_runtime::service_fn;
use outbound_sender::{Config, Deps, Meta, Pacers, handle};
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{
    Aws, Keys, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets, Tokens, WhatsappSecret,
    each_record,
};
use recado_sqs::{Gathering, Sender, decode_job};
use recado_whatsapp::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    recado_runtime::init(env!("CARGO_BIN_NAME"));
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = Secrets::new(aws.secrets_manager(), Process::clock());
    let client_at = |url| Client::new(aws.http(), url, config.limits.post_timeout);
    let client = client_at(config.whatsapp_url)?;
    let sandbox = config.sandbox_url.map(client_at).transpose()?;
    let store = Store::new(
        aws.dynamodb(Retries::Three, SDK_ATTEMPT),
        config.table,
        Process::clock(),
    );
    let (keys, whatsapp, known, (), ()) = tokio::join!(
        secrets.watch::<Keys>(&config.keys_secret),
        secrets.watch::<WhatsappSecret>(&config.whatsapp_secret),
        store.known_pepper(),
        client.warm_up(),
        aws.open_sqs(),
    );
    let keys = keys?;
    store.hold_to(known, &keys.current().pepper.fingerprint())?;
    let world = World {
        store,
        queues: Sender::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queues),
        chance: Process::default(),
    };
    let pacers = Pacers::new(config.concurrency);
    let live = Live::new((keys, whatsapp?), move |(keys, whatsapp)| {
        Ok(Deps {
            world: world.clone(),
            keys: Keys::of(keys),
            whatsapp: Meta::new(client.clone(), Tokens::of(whatsapp)).with_sandbox(sandbox.clone()),
            pacers: pacers.clone(),
            limits: config.limits,
        })
    })?;
    recado_runtime::ready();
    lambda_runtime::run(service_fn(|event| {
        live.beside(async |deps| {
            let timers = Gathering::default();
            each_record(event, decode_job, |job| timers.record(handle(&deps, job))).await
        })
    }))
    .await
}
