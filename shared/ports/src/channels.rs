//! The channels that messages leave by. One attempt per call: who calls knows what a repetition costs.

use recado_domain::carried::Carried;
use recado_domain::delivery::PostOutcome;
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::phone::E164;

/// WhatsApp, through Meta's Cloud API.
pub trait WhatsappChannel: Send + Sync {
    /// Sends from a tenant's number. What is `carried` comes back in every receipt.
    fn send(
        &self,
        tenant: &TenantId,
        from: &PhoneNumberId,
        to: &Addressee,
        message: &Outgoing,
        carried: &Carried,
    ) -> impl Future<Output = PostOutcome> + Send;
}

/// SMS, through a carrier.
pub trait SmsChannel: Send + Sync {
    /// Sends a text that is already folded to what the carrier carries.
    fn send(
        &self,
        to: &E164,
        text: &str,
        sender_id: Option<&str>,
    ) -> impl Future<Output = PostOutcome> + Send;
}
