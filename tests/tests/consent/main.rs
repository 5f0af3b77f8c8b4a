//! Consent from its recording to its effects, on the whole stack.
