//! See [`recado_fuzz::job_body`].

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| recado_fuzz::job_body(data));
