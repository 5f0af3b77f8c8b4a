//! The rules of creation: form of names and components, limits, variables and their examples.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Category, MetaTemplate, ParameterFormat, TextShape, fixed_text};
use crate::meta::{errors::GraphError, field::Field};

type Outcome<T> = Result<T, GraphError>;

const HEADER_MAX: usize = 60;
const BODY_MAX: usize = 1024;
const FOOTER_MAX: usize = 60;
const LABEL_MAX: usize = 25;

pub(super) fn parse(request: &Value) -> Outcome<MetaTemplate> {
    let root = Field::root(request);
    root.only(&[
        "name",
        "language",
        "category",
        "parameter_format",
        "components",
        "message_send_ttl_seconds",
        "display_format",
    ])?;
    let name = root.require("name")?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.text_within(512)?.bytes().all(allowed) {
        return Err(name.wrong("may only contain lowercase letters, digits and underscores"));
    }
    let language = root.require("language")?;
    let code = language.text()?;
    if !fixed_text::LANGUAGES.contains(&code) {
        return Err(language.wrong("is not a supported language code"));
    }
    let category = category(&root.require("category")?)?;
    let parameter_format = match root.get("parameter_format") {
        None => ParameterFormat::Positional,
        Some(_) if category == Category::Authentication => ParameterFormat::Positional,
        Some(format) => match format.one_of(&["NAMED", "POSITIONAL"])? {
            "NAMED" => ParameterFormat::Named,
            _ => ParameterFormat::Positional,
        },
    };
    let components = root.require("components")?;
    check_components(&components, category, parameter_format)?;
    Ok(MetaTemplate {
        name: name.text()?.to_owned(),
        language: code.to_owned(),
        category,
        parameter_format,
        components: components.value.as_array().cloned().unwrap_or_default(),
        ttl: root
            .get("message_send_ttl_seconds")
            .map(|field| ttl(&field, category))
            .transpose()?,
    })
}

pub(super) fn category(field: &Field<'_>) -> Outcome<Category> {
    let name = field.one_of(&Category::NAMES)?;
    Category::parse(name).ok_or_else(|| field.wrong("is not a category"))
}

pub(super) fn ttl(field: &Field<'_>, category: Category) -> Outcome<i64> {
    let seconds = field.integer()?;
    let (low, high) = match category {
        Category::Authentication => (30, 900),
        Category::Utility => (30, 43_200),
        Category::Marketing => (43_200, 2_592_000),
    };
    let thirty_days = seconds == -1 && category != Category::Marketing;
    if thirty_days || (low..=high).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(field.wrong(&format!("must be between {low} and {high} seconds")))
    }
}

pub(super) fn check_components(
    field: &Field<'_>,
    category: Category,
    format: ParameterFormat,
) -> Outcome<()> {
    let mut seen = BTreeSet::new();
    for component in field.items()? {
        let kind = component
            .require("type")?
            .one_of(&["HEADER", "BODY", "FOOTER", "BUTTONS"])?;
        if !seen.insert(kind) {
            return Err(component.wrong("appears twice"));
        }
        match (category, kind) {
            (Category::Authentication, "HEADER") => {
                return Err(component.wrong("authentication templates have no header"));
            }
            (Category::Authentication, "BODY") => {
                component.only(&["type", "add_security_recommendation"])?;
                if let Some(sentence) = component.get("add_security_recommendation") {
                    sentence.boolean()?;
                }
            }
            (Category::Authentication, "FOOTER") => {
                component.only(&["type", "code_expiration_minutes"])?;
                let minutes = component.require("code_expiration_minutes")?;
                if !(1..=90).contains(&minutes.integer()?) {
                    return Err(minutes.wrong("must be between 1 and 90"));
                }
            }
            (Category::Authentication, _) => one_time_button(&component)?,
            (_, "HEADER") => header(&component, format)?,
            (_, "BODY") => body(&component, format)?,
            (_, "FOOTER") => footer(&component)?,
            (Category::Utility | Category::Marketing, _) => buttons(&component)?,
        }
    }
    if !seen.contains("BODY") {
        return Err(GraphError::template(2_388_072, "The body is missing."));
    }
    if category == Category::Authentication && !seen.contains("BUTTONS") {
        return Err(field.wrong("an authentication template needs an OTP button"));
    }
    Ok(())
}

fn one_time_button(component: &Field<'_>) -> Outcome<()> {
    let field = component.require("buttons")?;
    let buttons = field.items()?;
    let [button] = buttons.as_slice() else {
        return Err(field.wrong("must have exactly one button"));
    };
    button.require("type")?.one_of(&["OTP"])?;
    let kind = button
        .require("otp_type")?
        .one_of(&["COPY_CODE", "ONE_TAP", "ZERO_TAP"])?;
    for name in ["text", "autofill_text"] {
        if let Some(label) = button.get(name) {
            label.text_within(LABEL_MAX)?;
        }
    }
    if kind == "COPY_CODE" {
        return button.only(&["type", "otp_type", "text"]);
    }
    button.only(&[
        "type",
        "otp_type",
        "text",
        "autofill_text",
        "supported_apps",
        "zero_tap_terms_accepted",
    ])?;
    if kind == "ZERO_TAP" && !button.require("zero_tap_terms_accepted")?.boolean()? {
        return Err(button.wrong("zero_tap_terms_accepted must be true"));
    }
    let apps = button.require("supported_apps")?;
    if !(1..=5).contains(&apps.items()?.len()) {
        return Err(apps.wrong("must have between 1 and 5 apps"));
    }
    for app in apps.items()? {
        let package = app.require("package_name")?;
        let segment = |segment: &str| {
            segment.starts_with(|first: char| first.is_ascii_alphabetic())
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let name = package.text_within(224)?;
        if !name.contains('.') || !name.split('.').all(segment) {
            return Err(package.wrong("must be an Android package"));
        }
        let hash = app.require("signature_hash")?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if hash.text()?.len() != 11 || !hash.text()?.bytes().all(allowed) {
            return Err(hash.wrong("must be 11 characters long"));
        }
    }
    Ok(())
}

fn header(component: &Field<'_>, format: ParameterFormat) -> Outcome<()> {
    let kind = component
        .require("format")?
        .one_of(&["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"])?;
    match kind {
        "TEXT" => {
            let field = component.require("text")?;
            let shape = TextShape::new(limited(&field, HEADER_MAX, 2_388_047)?);
            if shape.variables.len() > 1 {
                return Err(GraphError::template(
                    2_388_047,
                    "A header can have one variable at most.",
                ));
            }
            variables(&shape, format)?;
            examples(component, &shape, format, "header_text")
        }
        "LOCATION" => Ok(()),
        _ => {
            let handles = component
                .get("example")
                .and_then(|example| example.get("header_handle"))
                .ok_or_else(|| component.wrong("needs example['header_handle']"))?;
            match handles.items()?.is_empty() {
                true => Err(handles.wrong("cannot be empty")),
                false => Ok(()),
            }
        }
    }
}

fn body(component: &Field<'_>, format: ParameterFormat) -> Outcome<()> {
    let field = component.require("text")?;
    let text = limited(&field, BODY_MAX, 2_388_040)?;
    let shape = TextShape::new(text);
    variables(&shape, format)?;
    let trimmed = text.trim();
    if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
        return Err(GraphError::template(
            2_388_299,
            "Variables can't be at the start or end of the template.",
        ));
    }
    if text.contains("}}{{") {
        return Err(GraphError::template(
            2_388_293,
            "Two variables can't stand next to each other.",
        ));
    }
    let words = text
        .split_whitespace()
        .filter(|word| !word.contains("{{"))
        .count();
    if words < shape.variables.len() {
        return Err(GraphError::template(
            2_388_293,
            "This template has too many variables for its length.",
        ));
    }
    examples(component, &shape, format, "body_text")
}

fn footer(component: &Field<'_>) -> Outcome<()> {
    let field = component.require("text")?;
    if limited(&field, FOOTER_MAX, 2_388_073)?.contains("{{") {
        return Err(GraphError::template(
            2_388_073,
            "A footer can't have variables.",
        ));
    }
    Ok(())
}

fn limited<'a>(field: &Field<'a>, max: usize, subcode: u32) -> Outcome<&'a str> {
    let text = field.text()?;
    if text.is_empty() || text.chars().count() > max {
        return Err(GraphError::template(
            subcode,
            format!("{} must have between 1 and {max} characters.", field.path()),
        ));
    }
    Ok(text)
}

/// Names of variables must fit the format: 1, 2, 3 … or `lower_case`, each once.
fn variables(shape: &TextShape, format: ParameterFormat) -> Outcome<()> {
    let wrong = |details: String| Err(GraphError::template(2_388_072, details));
    if shape.text.matches("{{").count() != shape.variables.len() {
        return wrong("Each variable must be closed and may appear once.".to_owned());
    }
    for (index, name) in shape.variables.iter().enumerate() {
        let named = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let good = match format {
            ParameterFormat::Named => named,
            ParameterFormat::Positional => *name == (index + 1).to_string(),
        };
        if !good {
            return wrong(format!(
                "The variable {{{{{name}}}}} does not fit the format."
            ));
        }
    }
    Ok(())
}

fn examples(
    component: &Field<'_>,
    shape: &TextShape,
    format: ParameterFormat,
    name: &str,
) -> Outcome<()> {
    if shape.variables.is_empty() {
        return Ok(());
    }
    let missing = || component.wrong("needs an example for every variable");
    let example = component.get("example").ok_or_else(missing)?;
    let complete = match format {
        ParameterFormat::Named => {
            let given = example.require(&format!("{name}_named_params"))?;
            let names: BTreeSet<&str> = given
                .items()?
                .iter()
                .filter(|item| item.get("example").is_some())
                .filter_map(|item| item.value.get("param_name")?.as_str())
                .collect();
            shape
                .variables
                .iter()
                .all(|name| names.contains(name.as_str()))
        }
        ParameterFormat::Positional => {
            let given = example.require(name)?;
            // The body's examples are an array of arrays, the header's a plain one.
            let row = given.value.get(0).filter(|row| row.is_array());
            row.unwrap_or(given.value)
                .as_array()
                .is_some_and(|row| row.len() == shape.variables.len())
        }
    };
    if complete { Ok(()) } else { Err(missing()) }
}

fn buttons(component: &Field<'_>) -> Outcome<()> {
    let field = component.require("buttons")?;
    let mut kinds = Vec::new();
    for button in field.items()? {
        let kind = button.require("type")?.one_of(&[
            "QUICK_REPLY",
            "URL",
            "PHONE_NUMBER",
            "COPY_CODE",
            "FLOW",
            "ORDER_DETAILS",
            "REQUEST_CONTACT_INFO",
            "VOICE_CALL",
        ])?;
        if !matches!(kind, "COPY_CODE" | "REQUEST_CONTACT_INFO" | "VOICE_CALL") {
            button.require("text")?.text_within(LABEL_MAX)?;
        }
        match kind {
            "URL" => url_button(&button)?,
            "PHONE_NUMBER" => {
                button.require("phone_number")?.text_within(20)?;
            }
            "COPY_CODE" => {
                button.require("example")?;
            }
            _ => {}
        }
        kinds.push(kind);
    }
    let count = |kind: &str| kinds.iter().filter(|it| **it == kind).count();
    if kinds.is_empty() || kinds.len() > 10 {
        return Err(field.wrong("must have between 1 and 10 buttons"));
    }
    for (kind, max) in [("URL", 2), ("PHONE_NUMBER", 1), ("COPY_CODE", 1)] {
        if count(kind) > max {
            return Err(field.wrong(&format!("may have at most {max} {kind} buttons")));
        }
    }
    let first = kinds.iter().position(|kind| *kind == "QUICK_REPLY");
    let last = kinds.iter().rposition(|kind| *kind == "QUICK_REPLY");
    if let (Some(first), Some(last)) = (first, last)
        && last - first + 1 != count("QUICK_REPLY")
    {
        return Err(field.wrong("quick replies must stand together"));
    }
    Ok(())
}

fn url_button(button: &Field<'_>) -> Outcome<()> {
    let field = button.require("url")?;
    let shape = TextShape::new(field.text_within(2000)?);
    match shape.variables.as_slice() {
        [] => Ok(()),
        [one] if one == "1" && shape.text.ends_with("{{1}}") => {
            match button.require("example")?.items()?.is_empty() {
                true => Err(button.wrong("needs an example for its variable")),
                false => Ok(()),
            }
        }
        _ => Err(field.wrong("may have one variable, {{1}}, at its end")),
    }
}
