//! The template that a send implies, for whoever never saw it being created.

use serde_json::{Value, json};

use super::{Category, MetaTemplate, ParameterFormat};

/// Meta's most buttons of a template; what lies beyond is not one.
const BUTTONS: usize = 10;

impl MetaTemplate {
    /// The plainest template that this `template` object of a send fits: as many parameters, of these
    /// names and kinds, at these places. `None` where the object names none; what is wrong with it the
    /// check of the send says.
    pub(crate) fn implied_by(sent: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let components = sent["components"].as_array().map_or(&[][..], Vec::as_slice);
        let of = |kind: &str| components.iter().find(move |it| it["type"] == kind);
        let body = of("body").map_or(&[][..], parameters);
        let named = body.iter().any(|it| it.get("parameter_name").is_some());
        let format = match named || body.is_empty() {
            true => ParameterFormat::Named,
            false => ParameterFormat::Positional,
        };
        // Positional values and a link are how a one-time code is sent, and only that.
        let is_code = format == ParameterFormat::Positional
            && components.iter().any(|it| it["sub_type"] == "url");
        let (category, body) = match is_code {
            true => (Category::Authentication, json!({ "type": "BODY" })),
            false => {
                let body = json!({ "type": "BODY", "text": places(body) });
                (Category::Utility, body)
            }
        };
        let header = of("header").map(parameters).and_then(<[Value]>::first);
        let mut made: Vec<Value> = header.map(implied_header).into_iter().collect();
        made.push(body);
        let buttons = buttons(components, is_code);
        if !buttons.is_empty() {
            made.push(json!({ "type": "BUTTONS", "buttons": buttons }));
        }
        Some(Self {
            name: text(&sent["name"])?,
            language: text(&sent["language"]["code"])?,
            category,
            parameter_format: format,
            components: made,
            ttl: None,
        })
    }
}

fn parameters(component: &Value) -> &[Value] {
    component["parameters"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// A text with a place for each parameter, each in a line of its own.
fn places(parameters: &[Value]) -> String {
    let place = |(position, parameter): (usize, &Value)| match parameter["parameter_name"].as_str()
    {
        Some(name) => format!("{{{{{name}}}}}"),
        None => format!("{{{{{}}}}}", position + 1),
    };
    let places: Vec<String> = parameters.iter().enumerate().map(place).collect();
    places.join("\n")
}

fn implied_header(parameter: &Value) -> Value {
    match parameter["type"].as_str() {
        Some("text") | None => {
            let text = places(std::slice::from_ref(parameter));
            json!({ "type": "HEADER", "format": "TEXT", "text": text })
        }
        Some(kind) => json!({ "type": "HEADER", "format": kind.to_uppercase() }),
    }
}

/// The buttons up to the last that the send gives something; those between need nothing.
fn buttons(components: &[Value], is_code: bool) -> Vec<Value> {
    let mut buttons = Vec::new();
    for component in components.iter().filter(|it| it["type"] == "button") {
        let place = component["index"]
            .as_u64()
            .or_else(|| component["index"].as_str()?.parse().ok())
            .and_then(|place| usize::try_from(place).ok())
            .filter(|place| *place < BUTTONS);
        let Some(place) = place else { continue };
        while buttons.len() <= place {
            buttons.push(json!({ "type": "QUICK_REPLY", "text": "…" }));
        }
        let kind = component["sub_type"].as_str().unwrap_or_default();
        buttons[place] = match kind.to_ascii_lowercase().as_str() {
            "url" if is_code => json!({ "type": "OTP" }),
            "url" => json!({ "type": "URL", "text": "…", "url": "https://bank.example/{{1}}" }),
            other => json!({ "type": other.to_uppercase(), "text": "…" }),
        };
    }
    buttons
}
