//! fallback-timer
