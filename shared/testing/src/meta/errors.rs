//! Meta's error codes, the HTTP status each comes with, and the two shapes an error is told in.

use serde_json::{Value, json};

/// A refusal as Meta words it: a code, a title and, for the developer, details.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("(#{code}) {}: {details}", title(*.code))]
pub struct GraphError {
    /// Meta's error code; what a client branches on.
    pub code: u32,
    /// `error_subcode`: only generic Graph errors and template management carry one.
    pub subcode: Option<u32>,
    /// `error_data.details`: which field, and what is wrong with it.
    pub details: String,
    /// HTTP status, when it is not the one that Meta's table gives for the code.
    pub http_status: Option<u16>,
}

impl GraphError {
    /// An error with the HTTP status of Meta's table.
    pub fn new(code: u32, details: impl Into<String>) -> Self {
        Self {
            code,
            subcode: None,
            details: details.into(),
            http_status: None,
        }
    }

    /// 100: a parameter that Meta does not accept.
    pub fn invalid(details: impl Into<String>) -> Self {
        Self::new(100, details)
    }

    /// 131008: a required parameter is missing.
    pub fn missing(details: impl Into<String>) -> Self {
        Self::new(131_008, details)
    }

    /// 100 with subcode 33: the node does not exist, or not for this token.
    pub fn no_such_node(id: &str) -> Self {
        Self {
            subcode: Some(33),
            ..Self::invalid(format!(
                "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
            ))
        }
    }

    /// 100 with one of the 2388xxx numbers as subcode: how template management refuses.
    pub fn template(subcode: u32, details: impl Into<String>) -> Self {
        Self {
            subcode: Some(subcode),
            ..Self::invalid(details)
        }
    }

    /// The HTTP status the error is answered with.
    pub fn status(&self) -> u16 {
        self.http_status
            .unwrap_or_else(|| default_http_status(self.code))
    }

    /// The body of a synchronous answer.
    pub fn graph_body(&self, trace: &str) -> Value {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code, title(self.code)),
            "type": if self.subcode == Some(33) { "GraphMethodException" } else { "OAuthException" },
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if self.subcode.is_some_and(|subcode| subcode > 2_388_000) {
            error["error_user_title"] = json!("Template refused");
            error["error_user_msg"] = json!(self.details);
        } else if !self.details.is_empty() {
            error["error_data"] =
                json!({ "messaging_product": "whatsapp", "details": self.details });
        }
        if matches!(self.code, 1 | 2 | 4 | 130_429 | 131_000 | 131_016 | 131_056) {
            error["is_transient"] = json!(self.code == 2);
        }
        json!({ "error": error })
    }
}

/// One entry of `statuses[].errors[]`: the shape in which a failure comes by webhook.
pub(crate) fn webhook_error(code: u32) -> Value {
    let (title, details) = (title(code), webhook_details(code));
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": { "details": details },
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    })
}

/// HTTP status per code (Meta's table of December 2025).
pub fn default_http_status(code: u32) -> u16 {
    match code {
        0 | 190 => 401,
        10 | 200..=299 | 368 | 130_497 | 131_005 | 131_031 => 403,
        132_001 => 404,
        3 | 131_000 | 131_016 | 131_045 | 131_057 | 133_000 | 134_102 => 500,
        2 | 133_004 => 503,
        _ => 400,
    }
}

/// The title Meta gives to a code; the same words stand in `message`.
pub fn title(code: u32) -> &'static str {
    match code {
        0 => "AuthException",
        1 => "API Unknown",
        2 => "API Service",
        3 => "API Method",
        4 => "API Too Many Calls",
        10 => "API Permission Denied",
        33 => "Parameter value is not valid",
        100 => "Invalid parameter",
        190 => "Invalid OAuth access token",
        200..=299 => "API Permission",
        368 => "Temporarily blocked for policies violations",
        2500 => "Unknown path components",
        80_007 => "Rate limit issues",
        130_403 => "User is blocked by the business",
        130_429 => "Rate limit hit",
        130_472 => "User's number is part of an experiment",
        130_497 => "Business account is restricted from messaging users in this country",
        131_000 => "Something went wrong",
        131_005 => "Access denied",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_031 => "Account has been locked",
        131_042 => "Business eligibility payment issue",
        131_045 => "Incorrect certificate",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_049 => "This message was not delivered to maintain healthy ecosystem engagement",
        131_050 => "User has stopped marketing messages",
        131_051 => "Unsupported message type",
        131_052 => "Media download error",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        131_057 => "Account in maintenance mode",
        131_062 => "Business-scoped user id is not supported for this message",
        131_064 => "Messaging limited because of template misclassification",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_005 => "Translated text too long",
        132_007 => "Template format character policy violated",
        132_012 => "Parameter format does not match format in the created template",
        132_015 => "Template is paused",
        132_016 => "Template is disabled",
        132_018 => "There is an issue with the parameters in your template",
        133_010 => "Phone number not registered",
        134_011 => "WhatsApp Payments terms of service has not been accepted",
        137_000 => "Recipient identity key hash mismatch",
        139_200 => "Direct Send access blocked",
        _ => "Request failed",
    }
}

fn webhook_details(code: u32) -> &'static str {
    match code {
        131_026 => "Message Undeliverable.",
        131_047 => {
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
        }
        131_049 => {
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."
        }
        131_050 => {
            "Recipient has chosen to stop receiving marketing messages on WhatsApp from your business."
        }
        130_472 => {
            "Failed to send message because this user's phone number is part of an experiment."
        }
        137_000 => "The recipient's identity key hash does not match the one given.",
        _ => title(code),
    }
}
