//! See [`recado_fuzz::webhook_signature`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::webhook_signature(data));
