//! Payments in Brazil: the arithmetic and the form of `order_details` and `order_status`.

use super::{Outcome, content};
use crate::meta::field::Field;

/// An order's `reference_id`, which a business may use once, and the end it set itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderReference {
    pub(crate) reference_id: String,
    /// Unix seconds after which the order cannot be paid; Meta wants it 300 s ahead.
    pub(crate) expires: Option<i64>,
    /// The code the customer pays with, as the phone shows it.
    pub(crate) pay_code: Option<String>,
}

pub(crate) fn check(parameters: &Field<'_>) -> Outcome<OrderReference> {
    parameters.only(&[
        "reference_id",
        "type",
        "payment_type",
        "payment_settings",
        "currency",
        "total_amount",
        "order",
    ])?;
    let reference = reference_id(parameters)?;
    parameters
        .require("type")?
        .one_of(&["digital-goods", "physical-goods"])?;
    parameters.require("payment_type")?.one_of(&["br"])?;
    parameters.require("currency")?.one_of(&["BRL"])?;
    let pay_code = payment_settings(&parameters.require("payment_settings")?)?;
    let order = parameters.require("order")?;
    order.only(&[
        "status",
        "expiration",
        "items",
        "subtotal",
        "tax",
        "shipping",
        "discount",
        "catalog_id",
    ])?;
    order.require("status")?.one_of(&["pending"])?;
    totals(parameters, &order)?;
    Ok(OrderReference {
        reference_id: reference.to_owned(),
        expires: order
            .get("expiration")
            .map(|field| expiration(&field))
            .transpose()?,
        pay_code,
    })
}

fn reference_id<'a>(parameters: &Field<'a>) -> Outcome<&'a str> {
    let field = parameters.require("reference_id")?;
    let reference = field.text_within(60)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if reference.bytes().all(allowed) {
        Ok(reference)
    } else {
        Err(field.wrong("may only contain letters, digits, underscores, dots and hyphens"))
    }
}

fn amount(field: &Field<'_>) -> Outcome<i64> {
    let offset = field.require("offset")?;
    if offset.integer()? != 100 {
        return Err(offset.wrong("must be 100"));
    }
    let value = field.require("value")?;
    match value.integer()? {
        negative if negative < 0 => Err(value.wrong("must not be negative")),
        amount => Ok(amount),
    }
}

fn totals(parameters: &Field<'_>, order: &Field<'_>) -> Outcome<()> {
    let items = order.require("items")?;
    if items.items()?.is_empty() {
        return Err(items.wrong("cannot be empty"));
    }
    let mut sum = 0_i64;
    for item in items.items()? {
        item.require("retailer_id")?.text_within(100)?;
        item.require("name")?.text_within(60)?;
        let listed = amount(&item.require("amount")?)?;
        let price = item
            .get("sale_amount")
            .map_or(Ok(listed), |sale| amount(&sale))?;
        let quantity = item.require("quantity")?;
        let count = quantity.integer()?;
        if count < 1 {
            return Err(quantity.wrong("must be at least 1"));
        }
        sum = sum.saturating_add(price.saturating_mul(count));
    }
    let subtotal = order.require("subtotal")?;
    if amount(&subtotal)? != sum {
        return Err(subtotal.wrong("must equal the sum of the items' amounts times quantities"));
    }
    let tax = amount(&order.require("tax")?)?;
    let part = |name: &str| order.get(name).map_or(Ok(0), |field| amount(&field));
    let (shipping, discount) = (part("shipping")?, part("discount")?);
    for (part, name, max) in [
        ("discount", "description", 60),
        ("discount", "discount_program_name", 60),
        ("shipping", "description", 60),
        ("tax", "description", 60),
    ] {
        if let Some(field) = order.get(part).and_then(|field| field.get(name)) {
            field.text_within(max)?;
        }
    }
    let total = parameters.require("total_amount")?;
    let expected = sum
        .saturating_add(tax)
        .saturating_add(shipping)
        .saturating_sub(discount);
    if amount(&total)? != expected {
        return Err(total.wrong("must equal subtotal + tax + shipping - discount"));
    }
    Ok(())
}

fn expiration(field: &Field<'_>) -> Outcome<i64> {
    field.require("description")?.text_within(120)?;
    let timestamp = field.require("timestamp")?;
    timestamp
        .text()?
        .parse()
        .map_err(|_| timestamp.wrong("must be a UTC timestamp in seconds, as a string"))
}

fn payment_settings(field: &Field<'_>) -> Outcome<Option<String>> {
    let settings = field.items()?;
    if settings.is_empty() {
        return Err(field.wrong("cannot be empty"));
    }
    let mut pay_code = None;
    for setting in settings {
        let kind = setting.require("type")?.one_of(&[
            "pix_dynamic_code",
            "payment_link",
            "boleto",
            "offsite_card_pay",
        ])?;
        setting.only(&["type", kind])?;
        let detail = setting.require(kind)?;
        let shown = match kind {
            "pix_dynamic_code" => {
                detail.only(&["code", "merchant_name", "key", "key_type"])?;
                detail.require("merchant_name")?.text_within(60)?;
                detail.require("key")?.text_within(255)?;
                detail
                    .require("key_type")?
                    .one_of(&["CPF", "CNPJ", "EMAIL", "PHONE", "EVP"])?;
                detail.require("code")?.text_within(1000)?
            }
            "payment_link" => {
                content::https(&detail.require("uri")?)?;
                detail.require("uri")?.text()?
            }
            "boleto" => detail.require("digitable_line")?.text_within(60)?,
            _ => {
                detail.require("credential_id")?.text_within(256)?;
                detail.require("last_four_digits")?.text_within(4)?
            }
        };
        pay_code.get_or_insert_with(|| shown.to_owned());
    }
    Ok(pay_code)
}

pub(super) fn check_status(parameters: &Field<'_>) -> Outcome<()> {
    parameters.only(&["reference_id", "order", "payment"])?;
    reference_id(parameters)?;
    let order = parameters.require("order")?;
    order.require("status")?.one_of(&[
        "pending",
        "processing",
        "partially-shipped",
        "shipped",
        "completed",
        "canceled",
    ])?;
    if let Some(description) = order.get("description") {
        description.text_within(120)?;
    }
    if let Some(payment) = parameters.get("payment") {
        payment
            .require("status")?
            .one_of(&["pending", "captured", "failed"])?;
    }
    Ok(())
}
