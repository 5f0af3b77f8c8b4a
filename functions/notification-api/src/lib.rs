//! notification-api
