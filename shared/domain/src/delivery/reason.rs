//! Why something was not sent, or was: closed lists, so that reports can count them.

use crate::words::words;

words! {
    /// Why a leg was closed without sending.
    CloseReason {
        /// The recipient has not agreed to WhatsApp.
        NoWhatsappConsent = "no_whatsapp_consent",
        /// The message waited longer than its template allows.
        QueueWaitExceeded = "queue_wait_exceeded",
        /// Meta does not have the template, or no longer.
        TemplateUnavailable = "template_unavailable",
        /// Meta has not approved the template yet.
        TemplatePending = "template_pending",
        /// Meta has refused the template.
        TemplateRejected = "template_rejected",
        /// Meta has paused the template.
        TemplatePaused = "template_paused",
        /// Meta has disabled the template for good.
        TemplateDisabled = "template_disabled",
        /// Meta counts the template as marketing, to which the recipient has not agreed.
        TemplateRecategorised = "template_recategorised",
        /// Meta counts the template as marketing, of which the recipient has had the day's share.
        FrequencyCap = "frequency_cap",
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
        /// Meta does not have the template, or no longer, and there is no other leg.
        TemplateUnavailable = "template_unavailable",
        /// Meta has not approved the template yet.
        TemplatePending = "template_pending",
        /// Meta has refused the template.
        TemplateRejected = "template_rejected",
        /// Meta has paused the template.
        TemplatePaused = "template_paused",
        /// Meta has disabled the template for good.
        TemplateDisabled = "template_disabled",
        /// Meta counts the template as marketing, to which the recipient has not agreed.
        TemplateRecategorised = "template_recategorised",
    }
}

impl SuppressReason {
    /// Why nothing is sent where the one leg there is may not be.
    #[must_use]
    pub fn without(leg: CloseReason) -> Self {
        match leg {
            CloseReason::FrequencyCap => Self::FrequencyCap,
            CloseReason::TemplateUnavailable => Self::TemplateUnavailable,
            CloseReason::TemplatePending => Self::TemplatePending,
            CloseReason::TemplateRejected => Self::TemplateRejected,
            CloseReason::TemplatePaused => Self::TemplatePaused,
            CloseReason::TemplateDisabled => Self::TemplateDisabled,
            CloseReason::TemplateRecategorised => Self::TemplateRecategorised,
            CloseReason::NoWhatsappConsent
            | CloseReason::QueueWaitExceeded
            | CloseReason::Guard
            | CloseReason::OptedOut
            | CloseReason::ChannelUnavailable
            | CloseReason::NotConfigured
            | CloseReason::QuietHours => Self::NoConsent,
        }
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
        /// Meta does not let the template out, or not to this recipient.
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
            CloseReason::TemplateUnavailable
            | CloseReason::TemplatePending
            | CloseReason::TemplateRejected
            | CloseReason::TemplatePaused
            | CloseReason::TemplateDisabled
            | CloseReason::TemplateRecategorised
            | CloseReason::FrequencyCap => Self::TemplateUnavailable,
            CloseReason::Guard => Self::Guard,
            CloseReason::OptedOut
            | CloseReason::ChannelUnavailable
            | CloseReason::NotConfigured
            | CloseReason::QuietHours => Self::PreviousFailed,
        }
    }
}
