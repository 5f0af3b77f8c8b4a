//! Takes Meta's and the carrier's place for the reserved recipients, in stages that are not live.

use lambda_runtime::service_fn;
use recado_runtime::{
    Aws, Bearer, Process, ProcessEnv, Retries, SDK_ATTEMPT, SecretError, WhatsappSecret,
};
use recado_sqs::Later;
use sandbox::{Config, Deps, Postman, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    recado_runtime::init();
    let config = Config::from_env(&ProcessEnv)?;
    let aws = Aws::new(config.aws);
    let secrets = aws.secrets(Retries::Three, SDK_ATTEMPT);
    let (whatsapp, sms, ()) = tokio::join!(
        WhatsappSecret::fetch(&secrets, &config.whatsapp_secret),
        Bearer::fetch(&secrets, &config.sms_secret),
        aws.open_sqs(),
    );
    let whatsapp = whatsapp?;
    let tokens = whatsapp.access_tokens.values();
    let app_secret = whatsapp
        .app_secrets
        .iter()
        .find(|secret| !secret.is_empty());
    let deps = Deps {
        tokens: tokens
            .map(|token| Bearer::parse(token))
            .collect::<Result<_, _>>()?,
        sms: sms?,
        later: Later::new(aws.sqs(Retries::Three, SDK_ATTEMPT), config.queue),
        postman: Postman {
            http: aws.http(),
            url: config.webhook_url,
            app_secret: app_secret
                .ok_or(SecretError::Unreadable("no app secret"))?
                .clone(),
        },
        post_timeout: config.post_timeout,
        late_delivery: config.late_delivery,
        chance: Process::default(),
    };
    lambda_runtime::run(service_fn(|event| handle(&deps, event))).await
}
