//! See [`recado_fuzz::webhook_body`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::webhook_body(data));
