//! A first request ahead of the first real one, so that its connection is open by then.

use recado_domain::ids::TenantId;
use recado_ports::Registry;

use crate::store::Store;

impl Store {
    /// Reads a bank that is not there, since every function may read the banks. What comes of it does not
    /// matter: the first real request meets the same trouble and says so.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = TenantId::parse("warm-up") {
            self.tenant(&nobody).await.ok();
        }
    }
}
