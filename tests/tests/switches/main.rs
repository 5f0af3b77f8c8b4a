//! The switches, end to end: turned by the operator's own command, obeyed by the functions, seen on the
//! customers' phones. Every stack here has its switches turned before its first message, because a function
//! goes by what it has read for up to ten seconds.

mod breaker;
mod budget;
mod off;
mod rate;
mod record;
mod windows;
mod world;
