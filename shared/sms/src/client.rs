//! One Publish per call.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use recado_domain::delivery::PostOutcome;
use recado_domain::phone::E164;
use recado_ports::SmsChannel;

use crate::errors::outcome_of;

/// Sends SMS.
#[derive(Clone, Debug)]
pub struct Sms {
    client: Client,
}

impl Sms {
    /// Takes a client that makes exactly one attempt (retries off) and has its timeouts set: a
    /// repeated Publish is a second SMS.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl SmsChannel for Sms {
    /// Publishes once. `sender_id`: 1–11 letters and digits, where the country allows one.
    ///
    /// The type is always `Transactional`: promotional routes may drop what is late.
    async fn send(&self, to: &E164, text: &str, sender_id: Option<&str>) -> PostOutcome {
        #[allow(
            clippy::disallowed_methods,
            reason = "SNS is told the number to send to"
        )]
        let number = to.expose();
        let mut request = self
            .client
            .publish()
            .phone_number(number)
            .message(text)
            .message_attributes("AWS.SNS.SMS.SMSType", word("Transactional"));
        if let Some(sender_id) = sender_id {
            request = request.message_attributes("AWS.SNS.SMS.SenderID", word(sender_id));
        }
        match request.send().await {
            Ok(answer) => PostOutcome::Accepted {
                provider_id: answer.message_id,
            },
            Err(error) => outcome_of(&error),
        }
    }
}

fn word(word: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(word)
        .build()
        .expect("the data type is set")
}
