//! A template message against the template it names; the result is what the phone will show.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Outcome, content, order, order::OrderReference};
use crate::meta::{
    errors::GraphError,
    field::Field,
    templates::{ButtonShape, HeaderShape, MetaTemplate, ParameterFormat, Shape, TextShape},
};
use crate::phones::{Button, ButtonKind, Screen};

/// Longest one-time code (characters, Meta).
const CODE_MAX: usize = 15;
/// Longest quick-reply payload (characters; what is known to be safe).
const PAYLOAD_MAX: usize = 128;
/// Longest coupon code (characters, Meta since 3 December 2025).
const COUPON_MAX: usize = 20;

/// Checks the `template` object of a send and fills the template in.
///
/// From version 23 on, Meta answers 132018 where older versions said 100.
pub(crate) fn check(
    sent: &Field<'_>,
    template: &MetaTemplate,
    shape: &Shape,
    version: u32,
) -> Outcome<(Screen, Option<OrderReference>)> {
    sent.only(&["name", "language", "components"])?;
    let check = Check {
        template,
        bad_value: if version >= 23 { 132_018 } else { 100 },
    };
    let given = Given::sort(sent)?;
    let header = check.header(given.header.as_ref(), shape)?;
    let body_values = check.texts(given.body.as_ref(), &shape.body, "body")?;
    let text = fit(shape.body.fill(&body_values), 1024, "body")?;
    let (buttons, order) = check.buttons(&given, shape, &body_values)?;
    Ok((
        Screen {
            header,
            text,
            footer: shape.footer.clone(),
            buttons,
        },
        order,
    ))
}

/// The components of a send, each in its place.
#[derive(Default)]
struct Given<'a> {
    header: Option<Field<'a>>,
    body: Option<Field<'a>>,
    buttons: BTreeMap<usize, Field<'a>>,
}

impl<'a> Given<'a> {
    fn sort(sent: &Field<'a>) -> Outcome<Self> {
        let mut given = Self::default();
        let Some(components) = sent.get("components") else {
            return Ok(given);
        };
        for component in components.items()? {
            let kind = component.require("type")?.one_of(&[
                "header",
                "body",
                "button",
                "carousel",
                "limited_time_offer",
            ])?;
            let twice = match kind {
                "header" => given.header.replace(component.clone()).is_some(),
                "body" => given.body.replace(component.clone()).is_some(),
                "button" => {
                    component.only(&["type", "sub_type", "index", "parameters"])?;
                    let index = index(&component.require("index")?)?;
                    given.buttons.insert(index, component.clone()).is_some()
                }
                _ => return Err(component.wrong_as(132_012, "the template has no such component")),
            };
            if twice {
                return Err(component.wrong_as(132_012, "the component is given twice"));
            }
            if kind != "button" {
                component.only(&["type", "parameters"])?;
            }
        }
        Ok(given)
    }
}

/// `"0"`, and the integer form that is accepted in practice.
fn index(field: &Field<'_>) -> Outcome<usize> {
    let number = field
        .value
        .as_u64()
        .or_else(|| field.value.as_str()?.parse().ok());
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| field.wrong("must be the button's position"))
}

fn parameters<'a>(component: Option<&Field<'a>>) -> Outcome<Vec<Field<'a>>> {
    component
        .and_then(|component| component.get("parameters"))
        .map_or(Ok(Vec::new()), |field| field.items())
}

fn count(what: &str, given: usize, expected: usize) -> Outcome<()> {
    if given == expected {
        return Ok(());
    }
    Err(GraphError::new(
        132_000,
        format!(
            "{what}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
        ),
    ))
}

fn fit(text: String, max: usize, what: &str) -> Outcome<String> {
    match text.chars().count() {
        length if length > max => Err(GraphError::new(
            132_005,
            format!("{what}: the text has {length} characters, at most {max} are allowed"),
        )),
        _ => Ok(text),
    }
}

struct Check<'a> {
    template: &'a MetaTemplate,
    bad_value: u32,
}

impl Check<'_> {
    /// The text of one parameter, with the rules for white space.
    fn text<'f>(&self, parameter: &Field<'f>) -> Outcome<&'f str> {
        let field = match parameter.value.get("type").and_then(Value::as_str) {
            Some("text") => parameter.get("text").ok_or_else(|| {
                GraphError::missing(format!("{}: text is missing", parameter.path()))
            })?,
            // Legacy forms: the phone shows their fallback.
            Some(kind @ ("currency" | "date_time")) => {
                parameter.require(kind)?.require("fallback_value")?
            }
            _ => return Err(parameter.wrong_as(132_012, "Format mismatch, expected TEXT")),
        };
        let text = field.text()?;
        let refused = |what: &str| Err(field.wrong_as(self.bad_value, what));
        if text.trim().is_empty() {
            return refused("Param text cannot be empty");
        }
        if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
            return refused(
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            );
        }
        Ok(text)
    }

    /// The values of a text with variables, by variable.
    fn texts(
        &self,
        component: Option<&Field<'_>>,
        shape: &TextShape,
        what: &str,
    ) -> Outcome<Vec<(String, String)>> {
        let parameters = parameters(component)?;
        count(what, parameters.len(), shape.variables.len())?;
        let mut values: Vec<(String, String)> = Vec::new();
        for (position, parameter) in parameters.iter().enumerate() {
            let name = parameter.get("parameter_name");
            let variable = match (self.template.parameter_format, name) {
                (ParameterFormat::Positional, None) => shape.variables[position].clone(),
                (ParameterFormat::Positional, Some(name)) => {
                    return Err(name.wrong_as(132_012, "the template has positional parameters"));
                }
                (ParameterFormat::Named, None) => {
                    return Err(parameter.wrong_as(132_012, "Parameter name is missing or empty"));
                }
                (ParameterFormat::Named, Some(name)) => {
                    let text = name.text()?;
                    if !shape.variables.iter().any(|known| known == text)
                        || values.iter().any(|(known, _)| known == text)
                    {
                        return Err(name.wrong_as(132_012, "no place for a parameter of this name"));
                    }
                    text.to_owned()
                }
            };
            values.push((variable, self.text(parameter)?.to_owned()));
        }
        Ok(values)
    }

    fn header(&self, given: Option<&Field<'_>>, shape: &Shape) -> Outcome<Option<String>> {
        match &shape.header {
            None => count("header", parameters(given)?.len(), 0).map(|()| None),
            Some(HeaderShape::Text(text)) => {
                let values = self.texts(given, text, "header")?;
                fit(text.fill(&values), 60, "header").map(Some)
            }
            Some(HeaderShape::Given(format)) => {
                let parameters = parameters(given)?;
                let mismatch = |received: &str| {
                    GraphError::new(
                        132_012,
                        format!(
                            "header: Format mismatch, expected {}, received {received}",
                            format.to_uppercase()
                        ),
                    )
                };
                let [parameter] = parameters.as_slice() else {
                    return Err(mismatch("UNKNOWN"));
                };
                let kind = parameter.require("type")?.text()?;
                if kind != format {
                    return Err(mismatch(&kind.to_uppercase()));
                }
                let media = parameter.require(kind)?;
                match kind {
                    "location" => content::location(&media)?,
                    _ => content::media(kind, &media)?,
                }
                Ok(Some(crate::phones::media_line(kind, media.value)))
            }
        }
    }

    fn buttons(
        &self,
        given: &Given<'_>,
        shape: &Shape,
        body: &[(String, String)],
    ) -> Outcome<(Vec<Button>, Option<OrderReference>)> {
        if let Some((index, _)) = given
            .buttons
            .iter()
            .find(|(index, _)| **index >= shape.buttons.len())
        {
            return Err(GraphError::new(
                132_012,
                format!("buttons: the template has no button at index {index}"),
            ));
        }
        let (mut shown, mut order) = (Vec::new(), None);
        for (index, button) in shape.buttons.iter().enumerate() {
            let sent = given.buttons.get(&index);
            if let Some(sent) = sent {
                let sub_type = sent.require("sub_type")?;
                if !sub_type.text()?.eq_ignore_ascii_case(button.sub_type()) {
                    return Err(sub_type.wrong_as(
                        132_012,
                        &format!("Format mismatch, expected {}", button.sub_type()),
                    ));
                }
            }
            let parameters = parameters(sent)?;
            shown.push(self.button(index, button, &parameters, body, &mut order)?);
        }
        Ok((shown, order))
    }

    fn button(
        &self,
        index: usize,
        shape: &ButtonShape,
        parameters: &[Field<'_>],
        body: &[(String, String)],
        order: &mut Option<OrderReference>,
    ) -> Outcome<Button> {
        let missing = || {
            GraphError::missing(format!(
                "buttons: Button at index {index} of type {} requires a parameter",
                shape.sub_type()
            ))
        };
        if parameters.len() > 1 {
            count("buttons", parameters.len(), 1)?;
        }
        let parameter = parameters.first();
        match shape {
            ButtonShape::QuickReply { label } => {
                let button = Button::new(ButtonKind::QuickReply, label);
                let Some(parameter) = parameter else {
                    // Without a payload the webhook carries the label.
                    return Ok(button.payload(label));
                };
                typed(parameter, "payload")?;
                let payload = parameter.require("payload")?.text_within(PAYLOAD_MAX)?;
                Ok(button.payload(payload))
            }
            ButtonShape::Url { label, url } => {
                let button = Button::new(ButtonKind::Url, label);
                if url.variables.is_empty() {
                    count("buttons", parameters.len(), 0)?;
                    return Ok(button.url(&url.text));
                }
                let suffix = self.text(parameter.ok_or_else(missing)?)?;
                let url = url.fill(&[("1".to_owned(), suffix.to_owned())]);
                Ok(button.url(&fit(url, 2000, "button url")?))
            }
            ButtonShape::Otp { label } => {
                let parameter = parameter.ok_or_else(missing)?;
                let code = self.text(parameter)?;
                if body.first().map(|(_, text)| text.as_str()) != Some(code) {
                    return Err(parameter.wrong_as(132_012, "the code differs from the body's"));
                }
                let code = fit(code.to_owned(), CODE_MAX, "one-time code")?;
                Ok(Button::new(ButtonKind::CopyCode, label).code(Some(code)))
            }
            ButtonShape::CopyCode { label } => {
                let parameter = parameter.ok_or_else(missing)?;
                typed(parameter, "coupon_code")?;
                let field = parameter.require("coupon_code")?;
                let code = field.text_within(COUPON_MAX)?;
                if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err(field.wrong("must be alphanumeric"));
                }
                Ok(Button::new(ButtonKind::CopyCode, label).code(Some(code.to_owned())))
            }
            ButtonShape::OrderDetails { label } => {
                let parameter = parameter.ok_or_else(missing)?;
                typed(parameter, "action")?;
                let details = parameter.require("action")?.require("order_details")?;
                let found = order::check(&details)?;
                let code = found.pay_code.clone();
                *order = Some(found);
                Ok(Button::new(ButtonKind::OrderDetails, label).code(code))
            }
            ButtonShape::Flow { label } => {
                if let Some(parameter) = parameter {
                    typed(parameter, "action")?;
                    parameter
                        .require("action")?
                        .only(&["flow_token", "flow_action_data"])?;
                }
                Ok(Button::new(ButtonKind::Flow, label))
            }
            ButtonShape::Phone { label, number } => {
                count("buttons", parameters.len(), 0)?;
                Ok(Button::new(ButtonKind::PhoneNumber, label).url(&format!("tel:{number}")))
            }
            ButtonShape::Bare { label, .. } => {
                count("buttons", parameters.len(), 0)?;
                Ok(Button::new(ButtonKind::Other, label))
            }
        }
    }
}

fn typed(parameter: &Field<'_>, expected: &str) -> Outcome<()> {
    let kind = parameter.require("type")?;
    if kind.text()? == expected {
        Ok(())
    } else {
        Err(kind.wrong_as(132_012, &format!("Format mismatch, expected {expected}")))
    }
}
