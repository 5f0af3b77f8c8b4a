//! See [`recado_fuzz::template_file`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::template_file(data));
