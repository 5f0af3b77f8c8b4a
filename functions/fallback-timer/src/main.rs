//! Opens the ladder's later legs when they are due.

use fallback_timer::{Carrier, Config, Deps, Sandbox, handle};
use lambda_runtime::service_fn;
use recado_dynamodb::Store;
use recado_ports::drive::World;
use recado_runtime::{
    Aws, Keys, Live, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets, each_record,
};
use recado_sms::Sms;
use recado_sqs::{Sender, decode_timer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
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
    let sandbox = Sandbox::open(config.sandbox, &secrets, aws.http(), config.sms_timeout).await?;
    let sms = Sms::new(aws.sns(Retries::Never, config.sms_timeout));
    let sms = Carrier::new(sms, sandbox);
    let live = Live::new(keys, move |keys| {
        Ok(Deps {
            world: world.clone(),
            keys: Keys::of(keys),
            sms: sms.clone(),
            limits: config.limits,
        })
    })?;
    recado_runtime::ready();
    lambda_runtime::run(service_fn(|event| {
        live.beside(async |deps| {
            each_record(event, decode_timer, |timer| handle(&deps, timer)).await
        })
    }))
    .await
}
