//! Log lines: JSON, one a line, each readable alone; never an event, a body, a header or a number.

use tracing_subscriber::EnvFilter;

use crate::config::{Env, ProcessEnv};

/// Starts logging at `LOG_LEVEL` (`info` unless set). Libraries speak up from `warn` on.
pub(crate) fn init() {
    let level = ProcessEnv
        .get("LOG_LEVEL")
        .unwrap_or_else(|| "info".to_owned())
        .to_lowercase();
    let ours = [
        "recado",
        "notification_api",
        "outbound_sender",
        "webhook_receiver",
        "fallback_timer",
        "consent_api",
        "media_api",
        "template_api",
        "sandbox",
    ];
    let mut filter = EnvFilter::new("warn");
    for target in ours {
        if let Ok(directive) = format!("{target}={level}").parse() {
            filter = filter.add_directive(directive);
        }
    }
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(filter)
        .init();
    // A panic's message may quote what it choked on: its place is enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
