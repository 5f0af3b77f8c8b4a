//! Receipt handles and message ids: opaque to clients, and worth nothing to another run.

use data_encoding::{BASE64, HEXLOWER};
use ring::rand::{SecureRandom, SystemRandom};

use super::errors::SqsError;
use super::queue::Number;

/// What a receipt handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) queue: usize,
    pub(super) number: Number,
    pub(super) receive_count: u32,
}

/// Issues and reads the receipt handles of one run.
pub(super) struct Receipts {
    run: [u8; 8],
}

/// Run, queue, number, receive count.
const BYTES: usize = 8 + 2 + 8 + 4;

impl Receipts {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut run = [0; 8];
        SystemRandom::new()
            .fill(&mut run)
            .map_err(|_| anyhow::anyhow!("the system has no random numbers"))?;
        Ok(Self { run })
    }

    pub(super) fn issue(&self, receipt: Receipt) -> String {
        let queue = u16::try_from(receipt.queue).expect("a template has at most 500 resources");
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.run);
        bytes[8..10].copy_from_slice(&queue.to_be_bytes());
        bytes[10..18].copy_from_slice(&receipt.number.to_be_bytes());
        bytes[18..].copy_from_slice(&receipt.receive_count.to_be_bytes());
        BASE64.encode(&bytes)
    }

    /// Reads a handle issued in this run for `queue`.
    pub(super) fn read(&self, handle: &str, queue: usize) -> Result<Receipt, SqsError> {
        let invalid = SqsError::ReceiptHandleIsInvalid;
        let bytes = BASE64.decode(handle.as_bytes()).unwrap_or_default();
        let Ok(bytes) = <[u8; BYTES]>::try_from(bytes) else {
            return Err(invalid);
        };
        let (run, rest) = bytes.split_at(8);
        let (from, rest) = rest.split_at(2);
        let (number, receive_count) = rest.split_at(8);
        let receipt = Receipt {
            queue: usize::from(u16::from_be_bytes(from.try_into().unwrap_or_default())),
            number: Number::from_be_bytes(number.try_into().unwrap_or_default()),
            receive_count: u32::from_be_bytes(receive_count.try_into().unwrap_or_default()),
        };
        if run != self.run || receipt.queue != queue {
            return Err(invalid);
        }
        Ok(receipt)
    }

    /// A message's id, in the form of a UUID.
    pub(super) fn message_id(&self, number: Number) -> String {
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.run);
        seed[8..].copy_from_slice(&number.to_be_bytes());
        let hex = HEXLOWER.encode(&md5::compute(seed).0);
        let (a, b, c, d, e) = (
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..],
        );
        format!("{a}-{b}-4{c}-8{d}-{e}")
    }
}
