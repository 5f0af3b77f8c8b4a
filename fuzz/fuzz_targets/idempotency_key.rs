//! See [`recado_fuzz::idempotency_key`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::idempotency_key(data));
