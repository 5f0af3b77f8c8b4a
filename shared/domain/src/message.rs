//! A WhatsApp message before it takes Meta's wire form: what the renderer makes and the client sends.

use std::fmt;

use crate::fault::Fault;
use crate::ids::UserId;
use crate::locale::Locale;
use crate::masking;
use crate::money::Money;
use crate::phone::E164;

/// Whom a message goes to. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub enum Addressee {
    /// A number.
    Phone(E164),
    /// A person who wrote to us without a number (Meta's business-scoped user id).
    User(UserId),
}

impl fmt::Debug for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => write!(f, "Phone({phone})"),
            Self::User(_) => f.write_str("User(…)"),
        }
    }
}

/// What is sent. Holds the customer's data: no `Debug`.
#[derive(Clone, PartialEq)]
pub enum Outgoing {
    /// A template, the only kind allowed outside the 24-hour window.
    Template(TemplateMessage),
    /// Free-form text, ≤ 4,096 characters; only inside the window.
    Text {
        /// The text.
        body: FreeText,
    },
    /// Free-form text with reply buttons; only inside the window.
    Buttons(ButtonsMessage),
    /// Free-form text with a list of choices; only inside the window.
    List(ListMessage),
    /// A payment request with a Pix code; only inside the window.
    OrderDetails {
        /// The text above the order, ≤ 1,024 characters.
        body: FreeText,
        /// The order.
        order: OrderDetails,
    },
}

/// Free-form text with nothing in it that must not be sent. Holds the customer's data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct FreeText(String);

impl FreeText {
    /// Takes a text of 1 to `longest` characters. Refused, with every rule that it breaks under `field`, where
    /// it holds a card's or an account's full number, a password, a code or a card's security number.
    pub fn new(field: &str, text: String, longest: usize) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if !(1..=longest).contains(&text.chars().count()) {
            let rule = format!("must be 1 to {longest} characters");
            faults.push(Fault::new(field, rule));
        }
        let found = masking::forbidden(&text);
        faults.extend(found.iter().map(|found| Fault::new(field, found.rule())));
        if faults.is_empty() {
            Ok(Self(text))
        } else {
            Err(faults)
        }
    }

    /// The text, for the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A template with its values.
#[derive(Clone, PartialEq)]
pub struct TemplateMessage {
    /// The template's name at Meta.
    pub name: String,
    /// Its language; never substituted.
    pub language: Locale,
    /// The header's value, where the header has one.
    pub header: Option<HeaderValue>,
    /// The body's values.
    pub body: BodyValues,
    /// The buttons that take a value, each with its 0-based place among all the template's buttons.
    pub buttons: Vec<(u8, ButtonValue)>,
}

/// A body's values, as the template was created.
#[derive(Clone, PartialEq)]
pub enum BodyValues {
    /// `parameter_format` NAMED: name and value, in order of appearance.
    Named(Vec<(String, String)>),
    /// Authentication templates: by position.
    Positional(Vec<String>),
}

/// A header's value.
#[derive(Clone, PartialEq)]
pub enum HeaderValue {
    /// One named text variable.
    Text {
        /// The variable's name.
        name: String,
        /// Its value, ≤ 60 characters with the text around it.
        value: String,
    },
    /// An image.
    Image(Media),
    /// A document (PDF).
    Document {
        /// Where it is.
        media: Media,
        /// The name shown to the customer; its extension selects the icon.
        filename: String,
    },
}

/// A media file.
#[derive(Clone, PartialEq, Eq)]
pub enum Media {
    /// Uploaded to Meta before (kept 30 days).
    Id(String),
    /// A public HTTPS address.
    Link(String),
}

/// A button's value.
#[derive(Clone, PartialEq)]
pub enum ButtonValue {
    /// What comes back when a quick reply is pressed, ≤ 128 characters.
    QuickReply {
        /// The payload.
        payload: String,
    },
    /// What is appended to the template's URL.
    Url {
        /// The suffix.
        suffix: String,
    },
    /// An authentication template's code, ≤ 15 characters; equal to the body's.
    OneTimeCode {
        /// The code.
        code: String,
    },
    /// A utility or marketing template's copy-code button, ≤ 20 characters.
    CopyCode {
        /// The code.
        code: String,
    },
    /// Brazil's native payment request.
    OrderDetails(Box<OrderDetails>),
}

/// Brazil's `order_details`: a bill with a Pix code. Meta moves no money.
#[derive(Clone, PartialEq)]
pub struct OrderDetails {
    /// Unique per message of the business, 1–60 of `[A-Za-z0-9_.-]`.
    pub reference_id: String,
    /// What is to be paid, in BRL.
    pub total: Money,
    /// The single item's name, ≤ 60 characters.
    pub item: String,
    /// The Pix copy-and-paste code, never rewritten.
    pub pix_code: String,
    /// Whom the money goes to, as shown.
    pub merchant_name: String,
    /// The Pix key, as shown.
    pub pix_key: String,
    /// The key's kind.
    pub pix_key_type: PixKeyType,
}

/// The kinds of Pix key that Meta knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixKeyType {
    /// A natural person's tax number.
    Cpf,
    /// A company's tax number.
    Cnpj,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A random key (UUID).
    Evp,
}

/// Free-form text with 1–3 reply buttons.
#[derive(Clone, PartialEq)]
pub struct ButtonsMessage {
    /// ≤ 60 characters.
    pub header: Option<FreeText>,
    /// ≤ 1,024 characters.
    pub body: FreeText,
    /// ≤ 60 characters.
    pub footer: Option<FreeText>,
    /// Id (≤ 256) and title (≤ 20, unique).
    pub buttons: Vec<(String, FreeText)>,
}

/// Free-form text with a list of choices: ≤ 10 sections, ≤ 10 rows in all.
#[derive(Clone, PartialEq)]
pub struct ListMessage {
    /// ≤ 4,096 characters.
    pub body: FreeText,
    /// The label that opens the list, ≤ 20 characters.
    pub open: FreeText,
    /// Sections: title (≤ 24) and rows.
    pub sections: Vec<(FreeText, Vec<ListRow>)>,
}

/// One row of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct ListRow {
    /// ≤ 200 characters, returned when chosen.
    pub id: String,
    /// ≤ 24 characters.
    pub title: FreeText,
    /// ≤ 72 characters.
    pub description: Option<FreeText>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_text_holds_nothing_that_must_not_be_sent() {
        let check = |text: &str, rules: &[&str]| {
            let broken = FreeText::new("text", text.to_owned(), 60).err();
            let broken = broken.unwrap_or_default();
            let found: Vec<&str> = broken.iter().map(|fault| fault.rule.as_str()).collect();
            assert_eq!(found, rules, "{text}");
            assert!(broken.iter().all(|fault| fault.field == "text"), "{text}");
        };
        check("Olá, seu cartão final 4321 foi desbloqueado.", &[]);
        check(
            "Seu cartão 4111 1111 1111 1111 foi desbloqueado.",
            &["must not contain a card number"],
        );
        check(
            "A senha: 8412 do cartão 4111111111111111.",
            &[
                "must not contain a card number",
                "must not contain a password, a code or a card's security number",
            ],
        );
        check("", &["must be 1 to 60 characters"]);
        check(&"ã".repeat(60), &[]);
        check(&"ã".repeat(61), &["must be 1 to 60 characters"]);
    }

    #[test]
    fn an_addressee_prints_masked() {
        let phone = E164::parse("+5511987654321").expect("valid");
        assert_eq!(
            format!("{:?}", Addressee::Phone(phone)),
            "Phone(+55 (11) *****-4321)"
        );
        let user = UserId::parse("BR.4471920038117265530").expect("valid");
        assert_eq!(format!("{:?}", Addressee::User(user)), "User(…)");
    }
}
