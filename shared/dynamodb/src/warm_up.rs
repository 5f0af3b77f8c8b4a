//! A first request ahead of the first real one, so that its connection is open by then.

use crate::store::Store;

impl Store {
    /// Reads an entry that is not there. What comes of it does not matter: the first real request
    /// meets the same trouble and says so.
    pub async fn warm_up(&self) {
        recado_ports::Registry::client(self, "warm-up").await.ok();
    }
}
