//! Whose doing a failure is, and who must look.

use recado_domain::delivery::FailureKind;

/// Why Meta did not send a message: few enough to label a metric with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The token or a permission: nothing leaves until somebody mends it.
    Access,
    /// The business account or its number: locked, unpaid, unregistered, restricted.
    Account,
    /// The number's quality: Meta restricts it for hours.
    Quality,
    /// Our request is malformed, or goes to the wrong endpoint: a fault of this code.
    Request,
    /// The template or its values do not fit what Meta approved.
    Template,
    /// The template is paused: for a while, for its quality.
    TemplatePaused,
    /// What the bank sent cannot be delivered: media, a number that is its own.
    Content,
    /// The recipient's country is not served.
    Country,
    /// This person cannot be reached on WhatsApp, or not this way.
    Recipient,
    /// This person does not want marketing from this business.
    OptedOut,
    /// The person's device changed: possibly a stolen number.
    Identity,
    /// Meta chose not to deliver marketing to this person now.
    Declined,
    /// Free-form content outside the 24-hour window.
    Window,
    /// Too much at once, for the application or the number.
    Throttled,
    /// Too much at once to the same person.
    Pair,
    /// The number or a template is being worked on at Meta: minutes.
    Maintenance,
    /// Meta is broken.
    Outage,
    /// Something of the customer's did not reach us.
    Inbound,
    /// A code of calls that Recado does not make.
    Elsewhere,
    /// A code that nobody here has seen, or none.
    Unknown,
}

/// Who must do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attention {
    /// Nobody: it passes, or it is the recipient's own affair.
    Nobody,
    /// Somebody, in office hours: this kind of message does not leave.
    Mend,
    /// Somebody now: nothing leaves by this number, or a customer may be being robbed.
    Page,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 20] = [
        Self::Access,
        Self::Account,
        Self::Quality,
        Self::Request,
        Self::Template,
        Self::TemplatePaused,
        Self::Content,
        Self::Country,
        Self::Recipient,
        Self::OptedOut,
        Self::Identity,
        Self::Declined,
        Self::Window,
        Self::Throttled,
        Self::Pair,
        Self::Maintenance,
        Self::Outage,
        Self::Inbound,
        Self::Elsewhere,
        Self::Unknown,
    ];

    /// The word in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Account => "account",
            Self::Quality => "quality",
            Self::Request => "request",
            Self::Template => "template",
            Self::TemplatePaused => "template_paused",
            Self::Content => "content",
            Self::Country => "country",
            Self::Recipient => "recipient",
            Self::OptedOut => "opted_out",
            Self::Identity => "identity",
            Self::Declined => "declined",
            Self::Window => "window",
            Self::Throttled => "throttled",
            Self::Pair => "pair",
            Self::Maintenance => "maintenance",
            Self::Outage => "outage",
            Self::Inbound => "inbound",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn kind(self) -> FailureKind {
        match self {
            Self::Template
            | Self::Content
            | Self::Country
            | Self::Recipient
            | Self::OptedOut
            | Self::Identity
            | Self::Window => FailureKind::Permanent,
            Self::Quality
            | Self::TemplatePaused
            | Self::Declined
            | Self::Throttled
            | Self::Pair
            | Self::Maintenance => FailureKind::Temporary,
            Self::Access
            | Self::Account
            | Self::Request
            | Self::Outage
            | Self::Inbound
            | Self::Elsewhere
            | Self::Unknown => FailureKind::Technical,
        }
    }

    /// Who must look at it.
    #[must_use]
    pub fn attention(self) -> Attention {
        match self {
            Self::Access | Self::Account | Self::Quality | Self::Identity => Attention::Page,
            Self::Request
            | Self::Template
            | Self::TemplatePaused
            | Self::Content
            | Self::Country
            | Self::Inbound
            | Self::Elsewhere
            | Self::Unknown => Attention::Mend,
            Self::Recipient
            | Self::OptedOut
            | Self::Declined
            | Self::Window
            | Self::Throttled
            | Self::Pair
            | Self::Maintenance
            | Self::Outage => Attention::Nobody,
        }
    }
}
