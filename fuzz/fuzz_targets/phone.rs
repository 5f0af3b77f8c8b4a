//! See [`recado_fuzz::phone`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::phone(data));
