//! See [`recado_fuzz::pix_code`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::pix_code(data));
