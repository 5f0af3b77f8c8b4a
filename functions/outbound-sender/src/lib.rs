//! outbound-sender
