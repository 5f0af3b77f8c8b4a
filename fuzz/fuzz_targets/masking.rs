//! See [`recado_fuzz::masking`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::masking(data));
