//! What the roles of `infra/template.yaml` give, one permission at a time, and whether it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use recado_local::aws::Use;
use recado_local::policy::{Condition, Effect, Role, is_elsewhere, matches};

/// One permission: an action on a resource, for items of the table within partitions of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    pub(crate) function: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The pattern of the partition keys; none where the statement does not say.
    pub(crate) partitions: Option<String>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} on {}", self.function, self.action, self.resource)?;
        match &self.partitions {
            Some(pattern) => write!(f, ", partitions {pattern}"),
            None => Ok(()),
        }
    }
}

impl Grant {
    /// Whether it gives what was used.
    pub(crate) fn covers(&self, used: &Use) -> bool {
        self.function == used.function
            && self.action == used.action
            && matches(&self.resource, &used.resource)
            && self
                .partitions
                .as_ref()
                .is_none_or(|pattern| matches(pattern, &used.kind))
    }
}

/// Every permission that the local stack can tell to be used: those of services without a stand-in (KMS,
/// X-Ray, logs) are left out.
pub(crate) fn grants(roles: &BTreeMap<String, Role>) -> Vec<Grant> {
    let mut grants = Vec::new();
    for (function, role) in roles {
        let allows = role.statements.iter().filter(|s| s.effect == Effect::Allow);
        for statement in allows {
            let partitions: Vec<Option<String>> = match &statement.condition {
                Condition::LeadingKeys(patterns) => patterns.iter().cloned().map(Some).collect(),
                Condition::Always | Condition::Elsewhere(_) => vec![None],
            };
            let actions = statement.actions.iter().filter(|a| !is_elsewhere(a));
            for (action, resource) in
                actions.flat_map(|action| statement.resources.iter().map(move |r| (action, r)))
            {
                grants.extend(partitions.iter().map(|pattern| Grant {
                    function: function.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    partitions: pattern.clone(),
                }));
            }
        }
    }
    grants
}

/// What is wrong between what the roles give and what was used: a sentence for each permission.
pub(crate) fn differences(
    roles: &BTreeMap<String, Role>,
    used: &BTreeSet<Use>,
    refused: &BTreeSet<Use>,
) -> Vec<String> {
    let grants = grants(roles);
    let mut wrong: Vec<String> = refused.iter().map(lacks).collect();
    for grant in &grants {
        if !used.iter().any(|used| grant.covers(used)) {
            wrong.push(format!("nobody uses {grant}: take it out of the template"));
        }
        if grants.iter().filter(|other| *other == grant).count() > 1 {
            wrong.push(format!("given twice: {grant}"));
        }
    }
    for used in used {
        if !grants.iter().any(|grant| grant.covers(used)) {
            wrong.push(lacks(used));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

fn lacks(used: &Use) -> String {
    let Use {
        function,
        action,
        resource,
        kind,
    } = used;
    let partitions = match kind.as_str() {
        "" => String::new(),
        kind => format!(", partitions {kind}"),
    };
    format!("{function} lacks {action} on {resource}{partitions}: add it to the template")
}
