//! What a function's role may do: IAM's statements as far as the template uses them, and their meaning.
//!
//! A construct that is not known here is an error when the template is read, never a permission.

#[cfg(test)]
mod tests;

use serde_json::Value;

/// The condition key that holds the partition keys of a DynamoDB request.
pub const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// The services that the local stack stands in for; a permission for any other is never asked for here.
const HERE: [&str; 4] = ["dynamodb", "sqs", "sns", "secretsmanager"];

/// What a function may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its statements, in the template's order.
    pub statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: String,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Such as `dynamodb:GetItem`; may hold `*` and `?`.
    pub actions: Vec<String>,
    /// ARNs; may hold `*` and `?`.
    pub resources: Vec<String>,
    /// When it applies.
    pub condition: Condition,
}

/// What a statement does to the requests that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It gives.
    Allow,
    /// It takes, whatever else gives.
    Deny,
}

/// When a statement applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// When every partition key of the request is like one of these (`ForAllValues:StringLike` on
    /// [`LEADING_KEYS`]): always for a request that has none, a scan.
    LeadingKeys(Vec<String>),
    /// Something about a service that the local stack has no stand-in for.
    Elsewhere(Value),
}

/// What one request asks of its caller's role. A transaction asks several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// The ARN of what is acted on.
    pub resource: String,
    /// The partition keys, for a DynamoDB request that names items.
    pub leading_keys: Vec<String>,
}

/// What a role says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement gives it and none takes it.
    Allowed,
    /// No statement gives it.
    NotAllowed,
    /// A statement takes it.
    Denied,
}

impl Role {
    /// IAM's rule: denied by default, an `Allow` gives, a `Deny` takes whatever gives.
    #[must_use]
    pub fn decide(&self, asked: &Asked) -> Decision {
        let mut decision = Decision::NotAllowed;
        for statement in self.statements.iter().filter(|s| s.covers(asked)) {
            match statement.effect {
                Effect::Allow => decision = Decision::Allowed,
                Effect::Deny => return Decision::Denied,
            }
        }
        decision
    }
}

impl Statement {
    fn covers(&self, asked: &Asked) -> bool {
        // IAM tells actions' letters not apart.
        let action = asked.action.to_ascii_lowercase();
        self.actions
            .iter()
            .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.iter().any(|r| matches(r, &asked.resource))
            && match &self.condition {
                Condition::Always => true,
                Condition::LeadingKeys(patterns) => asked
                    .leading_keys
                    .iter()
                    .all(|key| patterns.iter().any(|pattern| matches(pattern, key))),
                Condition::Elsewhere(_) => false,
            }
    }

    /// Whether it is about services only that the local stack has no stand-in for (KMS, X-Ray, logs).
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.actions.iter().all(|action| is_elsewhere(action))
    }
}

/// Whether an action is one of a service that the local stack has no stand-in for.
#[must_use]
pub fn is_elsewhere(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    !HERE.iter().any(|here| here.eq_ignore_ascii_case(service)) && action != "*"
}

/// IAM's wildcards: `*` stands for any text, none included, `?` for one character.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last star: one character further each time that the rest did not fit.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match &mut retry {
                Some((after_star, from)) => {
                    *from += 1;
                    (p, t) = (*after_star, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
