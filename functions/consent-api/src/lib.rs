//! consent-api
