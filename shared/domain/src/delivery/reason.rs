//! Why something was not sent, or was: closed lists, so that reports can count them.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the API, the store and the logs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == text)
            }
        }
    };
}

words! {
    /// Why a leg was closed without sending.
    CloseReason {
        /// The recipient has not agreed to WhatsApp.
        NoWhatsappConsent = "no_whatsapp_consent",
        /// The message waited longer than its template allows.
        QueueWaitExceeded = "queue_wait_exceeded",
        /// Meta does not let the template out.
        TemplateUnavailable = "template_unavailable",
        /// The critical lane's guard found nothing sent.
        Guard = "guard",
        /// The recipient has revoked this channel.
        OptedOut = "opted_out",
        /// This deployment has no such channel.
        ChannelUnavailable = "channel_unavailable",
        /// The bank's entry in the registry is missing or incomplete.
        NotConfigured = "not_configured",
        /// It would have left in the recipient's quiet hours.
        QuietHours = "quiet_hours",
    }
}

words! {
    /// Why nothing was sent at all.
    SuppressReason {
        /// No grant for the purpose.
        NoConsent = "no_consent",
        /// The recipient has revoked it.
        OptedOut = "opted_out",
        /// The recipient has had the day's share of this purpose.
        FrequencyCap = "frequency_cap",
        /// It would have left in the recipient's quiet hours, and later would have been too late.
        QuietHours = "quiet_hours",
    }
}

words! {
    /// Why a leg opened.
    OpenedBecause {
        /// It is the ladder's first.
        First = "first",
        /// The leg before it was not delivered in time.
        NotDeliveredInTime = "not_delivered_in_time",
        /// The leg before it failed for good.
        PreviousFailed = "previous_failed",
        /// The recipient has not agreed to WhatsApp.
        NoWhatsappConsent = "no_whatsapp_consent",
        /// The message waited longer than its template allows.
        QueueWaitExceeded = "queue_wait_exceeded",
        /// Meta does not let the template out.
        TemplateUnavailable = "template_unavailable",
        /// The critical lane's guard found nothing sent.
        Guard = "guard",
    }
}

impl OpenedBecause {
    /// Why the leg after a closed one opens.
    #[must_use]
    pub fn after(closed: CloseReason) -> Self {
        match closed {
            CloseReason::NoWhatsappConsent => Self::NoWhatsappConsent,
            CloseReason::QueueWaitExceeded => Self::QueueWaitExceeded,
            CloseReason::TemplateUnavailable => Self::TemplateUnavailable,
            CloseReason::Guard => Self::Guard,
            CloseReason::OptedOut
            | CloseReason::ChannelUnavailable
            | CloseReason::NotConfigured
            | CloseReason::QuietHours => Self::PreviousFailed,
        }
    }
}
