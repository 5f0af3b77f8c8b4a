//! A webhook of statuses, as webhook-receiver takes it in.

use data_encoding::{BASE64, HEXLOWER};
use recado_domain::ids::{Callback, IdempotencyKey};
use recado_whatsapp::webhook::{AppSecret, Folded, fold, parse, verify};
use ring::hmac;

use crate::{now, pepper, tenant};

const SECRET: &str = "97a815c6b4487040fa6aff3b648b6fd9";

/// How Meta groups what it tells in one POST: it promises nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouped {
    /// All statuses in one change, and all their contacts in one list beside them.
    Together,
    /// The same where a status names its recipient by number alone: the rest is looked up in the list.
    ByNumber,
    /// A change for each.
    Apart,
}

/// A signed POST.
pub struct Post {
    /// The body's exact bytes.
    pub body: Vec<u8>,
    /// Statuses in it.
    pub statuses: usize,
    header: String,
    secrets: [AppSecret; 1],
}

impl Post {
    /// `statuses` of as many notifications. Of twenty, nine are delivered, nine read, one sent, one failed.
    #[must_use]
    pub fn of(statuses: usize, grouped: Grouped) -> Self {
        let all: Vec<(Option<String>, String)> =
            (0..statuses).map(|index| status(index, grouped)).collect();
        let at_once = match grouped {
            Grouped::Together | Grouped::ByNumber => statuses,
            Grouped::Apart => 1,
        };
        let changes: Vec<String> = all.chunks(at_once).map(change).collect();
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"800000000000001","changes":[{}]}}]}}"#,
            changes.join(",")
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hmac::sign(&key, body.as_bytes());
        Self {
            header: format!("sha256={}", HEXLOWER.encode(signature.as_ref())),
            body: body.into_bytes(),
            statuses,
            secrets: [AppSecret::parse(SECRET).unwrap()],
        }
    }

    /// Verified over its bytes, read, folded.
    ///
    /// # Panics
    /// Where it is not what [`Post::of`] made.
    #[must_use]
    pub fn take_in(&self) -> Folded {
        verify(&self.secrets, Some(&self.header), &self.body).unwrap();
        let notice = parse(&self.body).unwrap();
        assert!(notice.strange.is_empty() && notice.updates.len() == self.statuses);
        fold(&notice.updates)
    }

    /// Verified alone: what everybody else's POST costs.
    ///
    /// # Panics
    /// Where it is not what [`Post::of`] made.
    pub fn verify(&self) {
        verify(&self.secrets, Some(&self.header), &self.body).unwrap();
    }
}

fn change(statuses: &[(Option<String>, String)]) -> String {
    let contacts: Vec<&str> = statuses.iter().filter_map(|it| it.0.as_deref()).collect();
    let statuses: Vec<&str> = statuses.iter().map(|it| it.1.as_str()).collect();
    format!(
        r#"{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"551140000001","phone_number_id":"700000000000001"}},"contacts":[{}],"statuses":[{}]}},"field":"messages"}}"#,
        contacts.join(","),
        statuses.join(",")
    )
}

/// A status and its contact, with every member that Meta documents; a failed one comes without a contact.
fn status(index: usize, grouped: Grouped) -> (Option<String>, String) {
    let key = IdempotencyKey::parse(&format!("payday-{index}")).unwrap();
    let carried = Callback {
        notification: pepper().notification(&tenant(), &key),
        attempt: 1,
    };
    let (phone, user) = (
        format!("55119{:08}", 70_000_000 + index),
        format!("BR.44719200381{index:08}"),
    );
    let wamid = BASE64
        .encode(format!("\x1d\x00\x0d{phone}\x15\x02\x00\x11\x18\x12{index:018X}\x00").as_bytes());
    let word = match index % 20 {
        0..9 => "delivered",
        9..18 => "read",
        18 => "sent",
        _ => "failed",
    };
    let told = format!(
        r#"{{"id":"wamid.{wamid}","status":"{word}","timestamp":"{}","recipient_id":"{phone}""#,
        now().as_second()
    );
    if word == "failed" {
        let errors = r#"[{"code":131026,"title":"Message undeliverable","message":"Message undeliverable","error_data":{"details":"Message Undeliverable."},"href":"https:\/\/developers.facebook.com\/docs\/whatsapp\/cloud-api\/support\/error-codes\/"}]"#;
        let status =
            format!(r#"{told},"biz_opaque_callback_data":"{carried}","errors":{errors}}}"#);
        return (None, status);
    }
    let contact = format!(
        r#"{{"profile":{{"name":"Jo\u00e3o Lima {index}","username":"joao.{index}"}},"wa_id":"{phone}","user_id":"{user}"}}"#
    );
    let by_user = match grouped {
        Grouped::Together | Grouped::Apart => format!(r#","recipient_user_id":"{user}""#),
        Grouped::ByNumber => String::new(),
    };
    let status = format!(
        r#"{told}{by_user},"biz_opaque_callback_data":"{carried}","pricing":{{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}}}}"#
    );
    (Some(contact), status)
}
