//! What happens in the simulated world, for a timeline.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

/// Events kept for a reader who never comes.
const KEPT: usize = 10_000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimEvent {
    /// When.
    pub at: Timestamp,
    /// Whose phone, in E.164.
    pub phone: Option<String>,
    /// `ntf_…` of the message, from its callback data.
    pub notification: Option<String>,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. In JSON the variant's name is the member `kind`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// Meta accepted a message.
    Accepted {
        /// wamid.
        message: String,
    },
    /// Meta refused a send.
    Rejected {
        /// Meta's code; `None` when the edge answered with a page.
        code: Option<u32>,
        /// HTTP status.
        status: u16,
    },
    /// The client gets no answer to a send.
    AnswerLost,
    /// `sent`.
    Sent,
    /// On the phone.
    Delivered,
    /// Seen by the customer.
    Read,
    /// Meta says that the message failed.
    Failed {
        /// Meta's code.
        code: u32,
    },
    /// The phone came back after the message's time to live.
    Expired,
    /// An SMS arrived.
    SmsReceived {
        /// Its text.
        text: String,
    },
    /// The carrier refused an SMS.
    SmsRefused,
    /// A call was answered.
    CallReceived {
        /// What was spoken.
        text: String,
    },
    /// The customer wrote or pressed a button.
    Reply {
        /// Text, or the button's label.
        text: String,
    },
    /// A phone's switches were changed.
    Switched {
        /// Whether WhatsApp reaches it now.
        online: bool,
        /// Whether it has an account.
        on_whatsapp: bool,
    },
    /// A webhook was answered, or not.
    WebhookPosted {
        /// HTTP status; `None` without an answer.
        status: Option<u16>,
        /// Updates in it.
        updates: usize,
        /// 1 for the first time.
        attempt: u32,
    },
    /// A webhook that a fault swallowed, or that Meta gave up.
    WebhookLost {
        /// Updates in it.
        updates: usize,
    },
    /// A template changed its status.
    TemplateStatus {
        /// Name.
        name: String,
        /// Language.
        language: String,
        /// `APPROVED`, `PAUSED` …
        status: &'static str,
    },
}

/// Events since they were last taken.
#[derive(Debug, Default)]
pub(crate) struct Events(VecDeque<SimEvent>);

impl Events {
    pub(crate) fn push(&mut self, event: SimEvent) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    pub(crate) fn take(&mut self) -> Vec<SimEvent> {
        std::mem::take(&mut self.0).into()
    }
}
