//! The clock of the services that the local stack stands in for.

/// The time at which a stand-in does something: stamps an event, issues a token.
#[allow(
    clippy::disallowed_methods,
    reason = "API Gateway, Lambda and the token endpoint have clocks of their own; \
              whatever decides by a time here still takes it as an argument"
)]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
