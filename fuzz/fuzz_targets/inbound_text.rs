//! See [`recado_fuzz::inbound_text`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::inbound_text(data));
