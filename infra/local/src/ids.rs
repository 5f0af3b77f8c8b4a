//! Random identifiers in the forms that AWS gives them.

use ring::rand::{SecureRandom, SystemRandom};

/// `N` random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}

/// Lower-case hexadecimal digits of `N` random bytes.
pub(crate) fn hex<const N: usize>() -> String {
    data_encoding::HEXLOWER.encode(&random::<N>())
}

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = data_encoding::HEXLOWER.encode(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )
}

/// An X-Ray trace header for a request that begins now.
pub(crate) fn trace(now: jiff::Timestamp) -> String {
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        now.as_second(),
        hex::<12>(),
        hex::<8>()
    )
}
