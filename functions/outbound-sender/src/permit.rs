//! Whether the first leg may be sent: the recipient's consent and Meta's word on the template, read at
//! the same moment.

use recado_domain::class::Class;
use recado_domain::delivery::{Notification, Permission};
use recado_domain::standing::{self, Standing};
use recado_ports::{Chance, Recipient, Recipients, Registry, StoreError};
use recado_runtime::count_for_purpose;

use crate::Deps;

impl<S, Q, C, W> Deps<S, Q, C, W>
where
    S: Recipients + Registry,
    C: Chance,
{
    /// What Meta counts as marketing is counted against marketing's cap here, before its claim: whatever
    /// becomes of it afterwards, the recipient gets too few of them rather than too many.
    pub(crate) async fn first_leg(
        &self,
        item: &Notification,
        recipient: &Recipient,
        standing: &Standing,
    ) -> Result<Permission, StoreError> {
        let now = self.world.chance.now();
        let permission = standing.permission(item.class, &recipient.consents, now);
        let may_leave = item.untouched() && now < item.sendable_until();
        let granted = permission == Permission::Granted;
        if !(granted && may_leave && standing.is_recategorised(item.class)) {
            return Ok(permission);
        }
        let verdict = count_for_purpose(&self.world.store, item, Class::Marketing, now).await?;
        Ok(standing::under_cap(verdict))
    }
}
