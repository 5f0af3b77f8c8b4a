//! Recipients whose outcome is fixed: `+55 11 90000-0001` to `-0012`, which need no phone.

use super::delivery::Stage;

/// What happens to everything that is sent to a reserved recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    DeliveredAndRead,
    Delivered,
    Silent,
    NotOnWhatsapp,
    TemplatePaused,
    ThrottledTwice,
    AnswerLostThenDelivered,
    AnswerLost,
    ReadOnly,
    FailedThenDelivered,
    DeliveredAfterSms,
    EverythingFails,
}

impl Script {
    pub(crate) fn of(e164: &str) -> Option<Self> {
        let number: u16 = e164.strip_prefix("+55119000000")?.parse().ok()?;
        Some(match number {
            1 => Self::DeliveredAndRead,
            2 => Self::Delivered,
            3 => Self::Silent,
            4 => Self::NotOnWhatsapp,
            5 => Self::TemplatePaused,
            6 => Self::ThrottledTwice,
            7 => Self::AnswerLostThenDelivered,
            8 => Self::AnswerLost,
            9 => Self::ReadOnly,
            10 => Self::FailedThenDelivered,
            11 => Self::DeliveredAfterSms,
            12 => Self::EverythingFails,
            _ => return None,
        })
    }

    /// The steps of an accepted message, in order.
    pub(crate) fn stages(self) -> &'static [Stage] {
        const UNDELIVERABLE: Stage = Stage::Failed(131_026);
        match self {
            Self::DeliveredAndRead => &[Stage::Sent, Stage::Delivered, Stage::Read],
            Self::Delivered
            | Self::TemplatePaused
            | Self::ThrottledTwice
            | Self::AnswerLostThenDelivered => &[Stage::Sent, Stage::Delivered],
            Self::Silent | Self::AnswerLost => &[],
            Self::NotOnWhatsapp | Self::EverythingFails => &[UNDELIVERABLE],
            Self::ReadOnly => &[Stage::Sent, Stage::Read],
            Self::FailedThenDelivered => &[Stage::Sent, UNDELIVERABLE, Stage::Delivered],
            // Its delivery waits for the SMS.
            Self::DeliveredAfterSms => &[Stage::Sent],
        }
    }
}
