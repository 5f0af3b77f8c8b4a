//! Log lines: JSON, one a line, each readable alone; never an event, a body, a header or a number.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Env, ProcessEnv};

/// Our own crates.
const OURS: [&str; 9] = [
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

/// Starts logging at `LOG_LEVEL` (`info` unless set). Libraries speak up from `warn` on.
pub(crate) fn init() {
    let level = ProcessEnv.get("LOG_LEVEL");
    let level = level.and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(OURS.map(|ours| (ours, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
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
