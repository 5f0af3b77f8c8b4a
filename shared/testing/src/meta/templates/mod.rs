//! Message templates: their form, their creation rules, and the store behind the endpoints.

mod create;
mod endpoints;
mod fixed_text;
mod implied;
mod shape;
mod store;

pub(crate) use shape::{ButtonShape, HeaderShape, Shape, TextShape};
pub(crate) use store::{StatusNews, Store, Stored};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::GraphError;

/// What a template may be used for; also what a message is charged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// One-time codes, in Meta's fixed words.
    Authentication,
    /// About something the customer did or asked for.
    Utility,
    /// Everything else.
    Marketing,
}

impl Category {
    pub(crate) const NAMES: [&'static str; 3] = ["AUTHENTICATION", "UTILITY", "MARKETING"];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authentication => "AUTHENTICATION",
            Self::Utility => "UTILITY",
            Self::Marketing => "MARKETING",
        }
    }

    /// As `pricing.category` spells it.
    pub(crate) fn price(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Utility => "utility",
            Self::Marketing => "marketing",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Authentication, Self::Utility, Self::Marketing]
            .into_iter()
            .find(|category| category.name().eq_ignore_ascii_case(name))
    }
}

/// How parameters find their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ParameterFormat {
    /// `{{amount}}`, by `parameter_name`.
    Named,
    /// `{{1}}`, by order.
    Positional,
}

/// Where a template stands with Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TemplateStatus {
    /// Under review.
    Pending,
    /// The only status that sends.
    Approved,
    /// Refused at review.
    Rejected,
    /// Quality too low for now: sends are refused with 132015.
    Paused,
    /// For good: sends are refused with 132016.
    Disabled,
}

impl TemplateStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Paused => "PAUSED",
            Self::Disabled => "DISABLED",
        }
    }
}

/// A template in one language, as it is given to Meta at creation.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaTemplate {
    /// ≤ 512 characters of `[a-z0-9_]`.
    pub name: String,
    /// Meta's code: `pt_BR`.
    pub language: String,
    /// Category.
    pub category: Category,
    /// Named or positional parameters; authentication templates are positional.
    pub parameter_format: ParameterFormat,
    /// The components as the creation request has them.
    pub components: Vec<Value>,
    /// `message_send_ttl_seconds`; −1 is 30 days; `None` the category's default.
    pub ttl: Option<i64>,
}

impl MetaTemplate {
    /// Reads and checks the body of a creation request, with the rules and codes of Meta.
    pub fn from_creation(request: &Value) -> Result<Self, GraphError> {
        create::parse(request)
    }

    /// Seconds for which Meta keeps trying to deliver a message of this template.
    pub fn ttl_seconds(&self) -> u64 {
        const THIRTY_DAYS: u64 = 30 * 24 * 3600;
        let default = match self.category {
            Category::Authentication => 600,
            Category::Utility | Category::Marketing => THIRTY_DAYS,
        };
        match self.ttl {
            None => default,
            Some(seconds) => u64::try_from(seconds).unwrap_or(THIRTY_DAYS),
        }
    }
}

#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod tests;
