//! A [`Change`] as the service's expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use recado_domain::delivery::{Change, Condition, Content, Fact, Value};

use crate::attributes::{Item, millis, number, text};
use crate::keys::PK;
use crate::notification_item::{CONTENT, TENANT, VALID_UNTIL};

/// A conditional update, ready for the request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    pub(crate) condition: String,
    /// None where nothing changes: the condition alone is asked.
    pub(crate) update: Option<String>,
    pub(crate) names: HashMap<String, String>,
    /// None where there are none: the service refuses an empty map.
    pub(crate) values: Option<Item>,
}

/// Names and values that stand for themselves in expressions, each once. Every name is replaced,
/// so that no attribute can be one of the service's reserved words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placeholders {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Placeholders {
    pub(crate) fn name(&mut self, attribute: &str) -> String {
        let known = self.names.iter().position(|name| name == attribute);
        let index = known.unwrap_or_else(|| {
            self.names.push(attribute.to_owned());
            self.names.len() - 1
        });
        format!("#n{index}")
    }

    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        let known = self.values.iter().position(|other| *other == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        format!(":v{index}")
    }

    pub(crate) fn names(&self) -> HashMap<String, String> {
        let numbered = self.names.iter().enumerate();
        numbered
            .map(|(index, name)| (format!("#n{index}"), name.clone()))
            .collect()
    }

    pub(crate) fn values(&self) -> Option<Item> {
        let numbered = self.values.iter().enumerate();
        let values: Item = numbered
            .map(|(index, value)| (format!(":v{index}"), value.clone()))
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The parts of an update expression.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clauses {
    pub(crate) set: Vec<String>,
    pub(crate) remove: Vec<String>,
    pub(crate) add: Vec<String>,
    pub(crate) delete: Vec<String>,
}

impl Clauses {
    /// The expression; none where nothing changes.
    pub(crate) fn expression(&self) -> Option<String> {
        let clauses = [
            ("SET", &self.set),
            ("REMOVE", &self.remove),
            ("ADD", &self.add),
            ("DELETE", &self.delete),
        ];
        let written: Vec<String> = clauses
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(word, parts)| format!("{word} {}", parts.join(", ")))
            .collect();
        (!written.is_empty()).then(|| written.join(" "))
    }
}

/// Translates a change of a notification.
pub(crate) fn translate(change: &Change) -> Update {
    let mut placeholders = Placeholders::default();
    let exists = format!("attribute_exists({})", placeholders.name(PK));
    let condition = match operands(&change.when, Junction::And, &mut placeholders) {
        parts if parts.is_empty() => exists,
        parts => format!("{exists} AND {}", parts.join(" AND ")),
    };

    let mut clauses = Clauses::default();
    for (fact, value) in &change.set {
        let name = placeholders.name(&fact.attribute());
        let value = placeholders.value(attribute_value(value));
        clauses.set.push(format!("{name} = {value}"));
    }
    for (fact, value) in &change.set_once {
        let name = placeholders.name(&fact.attribute());
        let value = placeholders.value(attribute_value(value));
        clauses
            .set
            .push(format!("{name} = if_not_exists({name}, {value})"));
    }
    for fact in &change.remove {
        clauses.remove.push(placeholders.name(&fact.attribute()));
    }
    match change.content {
        Content::Keep => {}
        Content::Drop => clauses.remove.push(placeholders.name(CONTENT)),
    }
    Update {
        condition,
        update: clauses.expression(),
        names: placeholders.names(),
        values: placeholders.values(),
    }
}

/// A fact's value as an attribute.
pub(crate) fn attribute_value(value: &Value) -> AttributeValue {
    match value {
        Value::Number(value) => number(*value),
        Value::Text(value) => text(value),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Junction {
    And,
    Or,
}

impl Junction {
    fn word(self) -> &'static str {
        match self {
            Self::And => " AND ",
            Self::Or => " OR ",
        }
    }
}

/// The operands that `condition` contributes to a junction.
fn operands(
    condition: &Condition,
    outer: Junction,
    placeholders: &mut Placeholders,
) -> Vec<String> {
    let mut name = |fact: &Fact| placeholders.name(&fact.attribute());
    vec![match condition {
        Condition::Has(fact) => format!("attribute_exists({})", name(fact)),
        Condition::Lacks(fact) => format!("attribute_not_exists({})", name(fact)),
        Condition::Is(fact, value) => {
            let name = name(fact);
            format!("{name} = {}", placeholders.value(attribute_value(value)))
        }
        // A missing attribute compares with nothing: false, as the domain says.
        Condition::AtMost(fact, limit) => {
            let name = name(fact);
            format!("{name} <= {}", placeholders.value(number(*limit)))
        }
        Condition::OwnedBy(tenant) => {
            let name = placeholders.name(TENANT);
            format!("{name} = {}", placeholders.value(text(tenant.as_str())))
        }
        Condition::ValidAt(now) => {
            let name = placeholders.name(VALID_UNTIL);
            format!("{name} > {}", placeholders.value(millis(*now)))
        }
        Condition::Sealed => format!("attribute_exists({})", placeholders.name(CONTENT)),
        Condition::All(parts) => return junction(parts, Junction::And, outer, placeholders),
        Condition::Any(parts) => return junction(parts, Junction::Or, outer, placeholders),
    }]
}

/// A nested junction of the same kind dissolves and one of a single operand is that operand: the
/// service refuses doubled parentheses.
fn junction(
    parts: &[Condition],
    inner: Junction,
    outer: Junction,
    placeholders: &mut Placeholders,
) -> Vec<String> {
    let written: Vec<String> = parts
        .iter()
        .flat_map(|part| operands(part, inner, placeholders))
        .collect();
    if inner == outer || written.len() == 1 {
        return written;
    }
    if written.is_empty() {
        // Nothing is required: true. None of nothing is enough: false. The key tells which.
        let key = placeholders.name(PK);
        return vec![match inner {
            Junction::And => format!("attribute_exists({key})"),
            Junction::Or => format!("attribute_not_exists({key})"),
        }];
    }
    vec![format!("({})", written.join(inner.word()))]
}

#[cfg(test)]
mod tests {
    use recado_domain::delivery::LegFact;
    use recado_domain::ids::TenantId;

    use super::*;

    fn leg(fact: LegFact) -> Fact {
        Fact::Leg(0, fact)
    }

    fn change(when: Condition) -> Change {
        Change {
            when,
            set: Vec::new(),
            set_once: Vec::new(),
            remove: Vec::new(),
            content: Content::Keep,
        }
    }

    /// The expression with its placeholders put back.
    fn plain(update: &Update, expression: &str) -> String {
        let value = |value: &AttributeValue| match value.as_n() {
            Ok(digits) => digits.clone(),
            Err(other) => format!("{:?}", other.as_s().unwrap()),
        };
        let mut pairs: Vec<(String, String)> = update
            .names
            .iter()
            .map(|(key, name)| (key.clone(), name.clone()))
            .collect();
        pairs.extend(
            update
                .values
                .iter()
                .flatten()
                .map(|(key, held)| (key.clone(), value(held))),
        );
        // The longest first: #n1 is the beginning of #n10.
        pairs.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
        let fill = |text: String, (key, plain): &(String, String)| text.replace(key, plain);
        pairs.iter().fold(expression.to_owned(), fill)
    }

    #[test]
    fn every_condition_reads_as_the_service_writes_it_and_requires_the_item() {
        let check = |when: Condition, expected: &str| {
            let update = translate(&change(when));
            assert_eq!(
                plain(&update, &update.condition),
                format!("attribute_exists(pk){expected}")
            );
        };
        let has = || Condition::Has(leg(LegFact::Closed));
        let lacks = || Condition::Lacks(leg(LegFact::Token));
        check(has(), " AND attribute_exists(l0k)");
        check(lacks(), " AND attribute_not_exists(l0t)");
        check(
            Condition::Is(leg(LegFact::Token), "tok".into()),
            " AND l0t = \"tok\"",
        );
        check(Condition::AtMost(leg(LegFact::Until), 7), " AND l0u <= 7");
        check(
            Condition::OwnedBy(TenantId::parse("aurora").unwrap()),
            " AND tn = \"aurora\"",
        );
        let second = jiff::Timestamp::from_second(1).unwrap();
        check(Condition::ValidAt(second), " AND vu > 1000");
        check(
            Condition::Sealed,
            &format!(" AND attribute_exists({CONTENT})"),
        );
        check(Condition::All(vec![]), "");
        check(Condition::Any(vec![]), " AND attribute_not_exists(pk)");
        check(
            Condition::All(vec![has(), lacks()]),
            " AND attribute_exists(l0k) AND attribute_not_exists(l0t)",
        );
        check(
            Condition::All(vec![
                Condition::All(vec![has()]),
                Condition::Any(vec![has(), lacks()]),
            ]),
            " AND attribute_exists(l0k) AND (attribute_exists(l0k) OR attribute_not_exists(l0t))",
        );
        check(
            Condition::Any(vec![has(), Condition::All(vec![lacks(), has()])]),
            " AND (attribute_exists(l0k) OR (attribute_not_exists(l0t) AND attribute_exists(l0k)))",
        );
        check(
            Condition::Any(vec![Condition::Any(vec![has()])]),
            " AND attribute_exists(l0k)",
        );
        check(
            Condition::Any(vec![has(), Condition::All(vec![])]),
            " AND (attribute_exists(l0k) OR attribute_exists(pk))",
        );
    }

    #[test]
    fn facts_are_set_kept_and_removed_and_the_content_goes_with_them() {
        let mut everything = change(Condition::All(vec![]));
        everything.set = vec![(leg(LegFact::Submitted), Value::Number(5))];
        everything.set_once = vec![(leg(LegFact::Read), Value::Number(6))];
        everything.remove = vec![leg(LegFact::Uncertain)];
        everything.content = Content::Drop;
        let update = translate(&everything);
        let written = plain(&update, update.update.as_deref().unwrap());
        assert_eq!(
            written,
            "SET l0s = 5, l0r = if_not_exists(l0r, 6) REMOVE l0x, sc"
        );
    }

    #[test]
    fn a_change_without_content_sends_no_empty_expression() {
        let update = translate(&change(Condition::Has(Fact::Cancelled)));
        assert_eq!(update.update, None);
        assert_eq!(update.values, None);
    }
}
