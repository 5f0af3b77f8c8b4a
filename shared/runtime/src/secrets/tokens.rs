//! The banks' access tokens for Meta, as the secret holds them at the moment.

use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use recado_domain::ids::TenantId;
use recado_ports::Chance;

use super::{Watched, WhatsappSecret};
use crate::chance::Process;
use crate::metrics::{Metric, count};

/// Every bank's token, in the form that the client of Meta's takes.
pub struct Tokens<T> {
    secret: Arc<Watched<WhatsappSecret>>,
    form: PhantomData<fn() -> T>,
}

impl<T: FromStr + PartialEq> Tokens<T> {
    /// The tokens of this secret.
    #[must_use]
    pub fn of(secret: &Arc<Watched<WhatsappSecret>>) -> Self {
        Self {
            secret: Arc::clone(secret),
            form: PhantomData,
        }
    }

    /// The bank's token; none for a bank without one.
    #[must_use]
    pub fn get(&self, tenant: &TenantId) -> Option<T> {
        self.secret
            .current()
            .access_tokens
            .get(tenant)?
            .parse()
            .ok()
    }

    /// For a token that Meta has refused: reads the secret again and tells whether it holds another one
    /// by now. Where it does not, the bank's messages do not leave by WhatsApp until somebody mends it.
    pub async fn has_another(&self, tenant: &TenantId, refused: &T) -> bool {
        let renewed = |token: Option<T>| token.is_some_and(|token| token != *refused);
        if renewed(self.get(tenant)) {
            return true;
        }
        self.secret.again().await;
        let another = renewed(self.get(tenant));
        if !another {
            count(Metric::TokenRefused, 1, Process::default().now());
            tracing::error!(tenant.id = %tenant, "access token refused");
        }
        another
    }

    /// Asks Meta for what may be asked for twice: once more with another token, where the first is
    /// refused and the secret holds one. None for a bank without a token.
    pub async fn ask<A, F>(
        &self,
        tenant: &TenantId,
        ask: impl Fn(T) -> F,
        refuses: impl Fn(&A) -> bool,
    ) -> Option<A>
    where
        T: Clone,
        F: Future<Output = A>,
    {
        let token = self.get(tenant)?;
        let answer = ask(token.clone()).await;
        if !refuses(&answer) || !self.has_another(tenant, &token).await {
            return Some(answer);
        }
        let Some(newer) = self.get(tenant) else {
            return Some(answer);
        };
        let second = ask(newer.clone()).await;
        if refuses(&second) {
            self.has_another(tenant, &newer).await;
        }
        Some(second)
    }
}
