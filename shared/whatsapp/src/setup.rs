//! How an app, an account and a number stand at Meta before the first message: what whoever sets a bank up
//! asks, and the two subscriptions without which no receipt ever comes.

use std::collections::BTreeSet;

use http::Method;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use recado_domain::ids::{AppId, BusinessAccountId, PhoneNumberId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::json;
use crate::templates::{ManageError, done};
use crate::token::AccessToken;

/// What is read of a number.
const NUMBER_FIELDS: &str = "id,display_phone_number,status,quality_rating,name_status,throughput,\
                             whatsapp_business_manager_messaging_limit";
/// The object that an app's subscription for WhatsApp is of.
const OBJECT: &str = "whatsapp_business_account";
/// An account's numbers fit one page.
const PAGE: &str = "100";

/// A number as Meta knows it. What Meta leaves out, or writes in another form, is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberAtMeta {
    /// Its digits.
    pub digits: Option<String>,
    /// `CONNECTED`, or why it cannot send.
    pub status: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`; `UNKNOWN` before the first messages.
    pub quality: Option<String>,
    /// The displayed name's review, as in `APPROVED`.
    pub name: Option<String>,
    /// `STANDARD` (80 messages a second) or `HIGH` (1,000).
    pub throughput: Option<String>,
    /// How many people may be written to in a day, as in `TIER_2K`.
    pub limit: Option<String>,
}

/// What Meta says of an access token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenAtMeta {
    /// Whether it opens anything.
    pub valid: bool,
    /// The app it was made for.
    pub app: Option<AppId>,
    /// When it ends; none where it does not.
    pub expires: Option<Timestamp>,
    /// What it may do, as in `whatsapp_business_messaging`.
    pub permissions: BTreeSet<String>,
}

/// An app's subscription: where its webhooks go, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppSubscription {
    /// The address that Meta posts to.
    pub callback: Option<String>,
    /// The names of the webhooks.
    pub fields: BTreeSet<String>,
}

impl Client {
    /// How a number stands. Refused, too, where the token is not of its account.
    pub async fn number(
        &self,
        number: &PhoneNumberId,
        token: &AccessToken,
    ) -> Result<NumberAtMeta, ManageError> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            display_phone_number: Option<&'a RawValue>,
            #[serde(borrow)]
            status: Option<&'a RawValue>,
            #[serde(borrow)]
            quality_rating: Option<&'a RawValue>,
            #[serde(borrow)]
            name_status: Option<&'a RawValue>,
            #[serde(borrow)]
            throughput: Option<&'a RawValue>,
            #[serde(borrow)]
            whatsapp_business_manager_messaging_limit: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Throughput<'a> {
            #[serde(borrow)]
            level: Option<&'a RawValue>,
        }
        let path = format!("{number}?fields={NUMBER_FIELDS}");
        let answer = self.fetched(&path, token.header()).await?;
        let wire: Wire<'_> = read(&answer)?;
        let digits = json::text(wire.display_phone_number);
        let digits = digits.map(|text| text.chars().filter(char::is_ascii_digit).collect());
        let level = json::object::<Throughput<'_>>(wire.throughput).and_then(|it| it.level);
        Ok(NumberAtMeta {
            digits,
            status: word(wire.status),
            quality: word(wire.quality_rating),
            name: word(wire.name_status),
            throughput: word(level),
            limit: word(wire.whatsapp_business_manager_messaging_limit),
        })
    }

    /// In which country Meta keeps the contents of a number's messages, as in `BR`; none where it keeps them
    /// wherever it likes.
    pub async fn storage_region(
        &self,
        number: &PhoneNumberId,
        token: &AccessToken,
    ) -> Result<Option<String>, ManageError> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            storage_configuration: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Storage<'a> {
            #[serde(borrow)]
            status: Option<&'a RawValue>,
            #[serde(borrow)]
            data_localization_region: Option<&'a RawValue>,
        }
        let path = format!("{number}/settings");
        let answer = self.fetched(&path, token.header()).await?;
        let wire: Wire<'_> = read(&answer)?;
        // Meta's pages write these words in either case.
        let upper = |raw| word(raw).map(|word| word.to_uppercase());
        let storage = json::object::<Storage<'_>>(wire.storage_configuration);
        Ok(storage
            .filter(|it| upper(it.status).as_deref() == Some("IN_COUNTRY_STORAGE_ENABLED"))
            .and_then(|it| upper(it.data_localization_region)))
    }

    /// The ids of an account's numbers.
    pub async fn account_numbers(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
    ) -> Result<BTreeSet<PhoneNumberId>, ManageError> {
        let path = format!("{account}/phone_numbers?fields=id&limit={PAGE}");
        let answer = self.fetched(&path, token.header()).await?;
        #[derive(Deserialize)]
        struct Number<'a> {
            #[serde(borrow)]
            id: Option<&'a RawValue>,
        }
        let ids = data::<Number<'_>>(&answer)?
            .into_iter()
            .filter_map(|it| json::text(it.id));
        Ok(ids
            .filter_map(|id| PhoneNumberId::parse(&id).ok())
            .collect())
    }

    /// The apps that get an account's webhooks.
    pub async fn subscribed_apps(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
    ) -> Result<BTreeSet<AppId>, ManageError> {
        #[derive(Deserialize)]
        struct Subscriber<'a> {
            #[serde(borrow)]
            whatsapp_business_api_data: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct App<'a> {
            #[serde(borrow)]
            id: Option<&'a RawValue>,
        }
        let path = format!("{account}/subscribed_apps");
        let answer = self.fetched(&path, token.header()).await?;
        let apps = data::<Subscriber<'_>>(&answer)?
            .into_iter()
            .filter_map(|it| json::object::<App<'_>>(it.whatsapp_business_api_data))
            .filter_map(|app| json::text(app.id));
        Ok(apps.filter_map(|id| AppId::parse(&id).ok()).collect())
    }

    /// Lets the app that the token is of have the account's webhooks. Repeating it changes nothing.
    pub async fn subscribe_app(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
    ) -> Result<(), ManageError> {
        let path = format!("{account}/subscribed_apps");
        done(
            &self
                .asked(
                    self.request(Method::POST, &path, token.header()),
                    Vec::new(),
                )
                .await?,
        )
    }

    /// Where the app's webhooks for WhatsApp go. `token`: [`AccessToken::of_app`].
    pub async fn app_subscription(
        &self,
        app: &AppId,
        token: &AccessToken,
    ) -> Result<Option<AppSubscription>, ManageError> {
        #[derive(Deserialize)]
        struct Subscription<'a> {
            #[serde(borrow)]
            object: Option<&'a RawValue>,
            #[serde(borrow)]
            callback_url: Option<&'a RawValue>,
            #[serde(borrow)]
            active: Option<&'a RawValue>,
            #[serde(borrow)]
            fields: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Field<'a> {
            #[serde(borrow)]
            name: Option<&'a RawValue>,
        }
        let path = format!("{app}/subscriptions");
        let answer = self.fetched(&path, token.header()).await?;
        // A field is an object with its name and version; older answers hold the name alone.
        let name = |raw| match json::object::<Field<'_>>(Some(raw)) {
            Some(field) => json::owned(field.name),
            None => json::owned(Some(raw)),
        };
        let ours = data::<Subscription<'_>>(&answer)?
            .into_iter()
            .filter(|it| json::truth(it.active) != Some(false))
            .find(|it| json::text(it.object).as_deref() == Some(OBJECT));
        Ok(ours.map(|it| AppSubscription {
            callback: json::owned(it.callback_url),
            fields: json::list(it.fields)
                .unwrap_or_default()
                .into_iter()
                .filter_map(name)
                .collect(),
        }))
    }

    /// Sets where the app's webhooks go. Meta asks the address for the verify token at once, and refuses one
    /// that does not answer. The fields of before that are not named stay out.
    pub async fn set_app_subscription(
        &self,
        app: &AppId,
        token: &AccessToken,
        callback: &str,
        verify_token: &str,
        fields: &BTreeSet<String>,
    ) -> Result<(), ManageError> {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        // In the body: an address is logged on its way, and the verify token is a secret.
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("object", OBJECT)
            .append_pair("callback_url", callback)
            .append_pair("verify_token", verify_token)
            .append_pair("fields", &fields.join(","));
        let request = self
            .request(
                Method::POST,
                &format!("{app}/subscriptions"),
                token.header(),
            )
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        done(&self.asked(request, form.finish().into_bytes()).await?)
    }

    /// What Meta says of a bank's token. `app_token`: [`AccessToken::of_app`].
    pub async fn inspect_token(
        &self,
        app_token: &AccessToken,
        token: &AccessToken,
    ) -> Result<TokenAtMeta, ManageError> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            data: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(borrow)]
            is_valid: Option<&'a RawValue>,
            #[serde(borrow)]
            app_id: Option<&'a RawValue>,
            #[serde(borrow)]
            expires_at: Option<&'a RawValue>,
            #[serde(borrow)]
            scopes: Option<&'a RawValue>,
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("input_token", token.text());
        let path = format!("debug_token?{}", query.finish());
        let answer = self.fetched(&path, app_token.header()).await?;
        let wire: Wire<'_> = read(&answer)?;
        let data = json::object::<Data<'_>>(wire.data).ok_or(ManageError::Unavailable)?;
        // 0: it never ends.
        let expires = json::number(data.expires_at).filter(|seconds| *seconds > 0);
        Ok(TokenAtMeta {
            valid: json::truth(data.is_valid) == Some(true),
            app: json::text(data.app_id).and_then(|id| AppId::parse(&id).ok()),
            expires: expires.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            permissions: json::list(data.scopes)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|raw| word(Some(raw)))
                .collect(),
        })
    }
}

fn read<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> Result<T, ManageError> {
    serde_json::from_slice(answer).map_err(|_| ManageError::Unavailable)
}

/// The members of an answer's `data`.
fn data<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> Result<Vec<T>, ManageError> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let wire: Wire<'a> = read(answer)?;
    wire.data.ok_or(ManageError::Unavailable)?;
    let members = json::list(wire.data).ok_or(ManageError::Unavailable)?;
    Ok(members
        .into_iter()
        .filter_map(|raw| json::object(Some(raw)))
        .collect())
}

/// One of Meta's words; anything else is no word, and is not printed.
fn word(raw: Option<&RawValue>) -> Option<String> {
    json::owned(raw).filter(|text| {
        text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}
