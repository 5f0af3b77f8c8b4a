//! Takes Meta's and the carrier's place for the reserved recipients, in stages that are not live.

use lambda_runtime::service_fn;
use recado_runtime::{Aws, Process, ProcessEnv, Retries, SDK_ATTEMPT, Secrets};
use recado_sqs::Later;
use sandbox::{Config, Deps, Postman, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    recado_runtime::init(env!("CARGO_BIN_NAME"));
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = Secrets::new(aws.secrets_manager(), Process::clock());
    let (whatsapp, sms, ()) = tokio::join!(
        secrets.watch(&config.whatsapp_secret),
        secrets.watch(&config.sms_secret),
        aws.open_sqs(),
    );
    let deps = Deps {
        whatsapp: whatsapp?,
        sms: sms?,
        later: Later::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queue),
        postman: Postman {
            http: aws.http(),
            url: config.webhook_url,
        },
        post_timeout: config.post_timeout,
        late_delivery: config.late_delivery,
        chance: Process::default(),
    };
    recado_runtime::ready();
    lambda_runtime::run(service_fn(|event| handle(&deps, event))).await
}
