//! `docs/PERMISSIONS.md`, out of the template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Result;
use recado_local::aws::{Queues, Secrets};
use recado_local::policy::{Condition, Effect, Role, Statement, is_elsewhere};
use recado_local::template::Template;
use recado_tests::deployed::template;
use recado_tests::documents::hold;
use serde_json::Value;

use crate::grants::{Grant, grants};
use crate::kinds::{KINDS, of_pattern};

const PAGE: &str = "docs/PERMISSIONS.md";
const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p recado-tests --test permissions the_page";

const HEAD: &str = "\
# Permissions

What each function's role gives. Written out of `infra/template.yaml` by

```
UPDATE_DOCS=1 cargo test -p recado-tests --test permissions the_page
```

and held by the gate. The same test program plays everything that the functions do on the local stack,
which signs each function's requests with a key of its own, refuses what its role does not give as AWS
would, and keeps what was used: a permission that nobody used fails it, and so does one that is missing.
What was used in a run is shown by `/sim/aws/permissions`.

Roles of people and of the operator's command line are the account's own and not in the template.

";

const TABLE: &str = "\
## Who reads and writes what

There is one table; what a role may touch in it is bounded by the beginning of the partition key
(`dynamodb:LeadingKeys`). `r` reads, `w` writes or deletes. Sealed data is opened with the keys in
`KeysSecret`, which is a permission of its own.

";

const READING: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

#[test]
fn the_page_of_permissions_is_what_the_template_gives() -> Result<()> {
    let template = template()?;
    hold(PAGE, &page(&template)?, COMMAND)
}

fn page(template: &Template) -> Result<String> {
    let mut page = HEAD.to_owned() + TABLE;
    let grants = grants(&template.roles);
    matrix(&mut page, template, &grants)?;
    secrets(&mut page, template, &grants)?;
    page.push_str("\n## By function\n");
    let names = names(template);
    for (function, role) in &template.roles {
        let own = grants.iter().filter(|grant| grant.function == *function);
        section(&mut page, function, role, own, &names)?;
    }
    Ok(page)
}

fn matrix(page: &mut String, template: &Template, grants: &[Grant]) -> Result<()> {
    let functions: Vec<&String> = template.roles.keys().collect();
    write!(page, "| partition | holds | customers' data |")?;
    functions.iter().try_for_each(|f| write!(page, " {f} |"))?;
    write!(page, "\n|---|---|---|")?;
    functions.iter().try_for_each(|_| write!(page, "---|"))?;
    for kind in &KINDS {
        let (prefix, personal) = (kind.prefix, kind.personal.words());
        write!(page, "\n| `{prefix}` | {} | {personal} |", kind.holds)?;
        for function in &functions {
            let mut letters = BTreeSet::new();
            for grant in grants.iter().filter(|grant| grant.function == **function) {
                let about = grant.partitions.as_deref().and_then(of_pattern);
                if about.is_some_and(|about| about.prefix == prefix) {
                    let action = grant.action.trim_start_matches("dynamodb:");
                    letters.insert(if READING.contains(&action) { 'r' } else { 'w' });
                }
            }
            let letters: String = letters.into_iter().collect();
            write!(page, " {letters} |")?;
        }
    }
    page.push('\n');
    Ok(())
}

fn secrets(page: &mut String, template: &Template, grants: &[Grant]) -> Result<()> {
    writeln!(
        page,
        "\n## Who reads which secret\n\n| secret | functions |\n|---|---|"
    )?;
    for (id, secret) in &template.secrets {
        let arn = Secrets::arn(&secret.name);
        let readers = grants.iter().filter(|grant| grant.resource == arn);
        let readers: BTreeSet<&str> = readers.map(|grant| grant.function.as_str()).collect();
        let readers: Vec<&str> = readers.into_iter().collect();
        writeln!(page, "| `{id}` | {} |", readers.join(", "))?;
    }
    Ok(())
}

fn section<'a>(
    page: &mut String,
    function: &str,
    role: &Role,
    grants: impl Iterator<Item = &'a Grant>,
    names: &BTreeMap<String, String>,
) -> Result<()> {
    writeln!(
        page,
        "\n### {function}\n\n| on | partitions | may |\n|---|---|---|"
    )?;
    let mut rows: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for grant in grants {
        let partitions = grant
            .partitions
            .as_ref()
            .map_or_else(String::new, |pattern| {
                let holds = of_pattern(pattern).map_or("not known", |kind| kind.holds);
                format!("`{pattern}`: {holds}")
            });
        let row = (named(&grant.resource, names), partitions);
        rows.entry(row).or_default().insert(&grant.action);
    }
    for ((on, partitions), actions) in rows {
        writeln!(page, "| {on} | {partitions} | {} |", listed(actions))?;
    }
    for statement in &role.statements {
        if statement.effect == Effect::Deny {
            let on = statement.resources.iter().map(|r| named(r, names));
            let on: Vec<String> = on.collect();
            let actions = statement.actions.iter().map(String::as_str);
            writeln!(page, "| {} | | never {} |", on.join(", "), listed(actions))?;
        } else if statement.actions.iter().any(|a| is_elsewhere(a)) {
            elsewhere(page, statement, names)?;
        }
    }
    Ok(())
}

/// A permission that the local stack has no service for: it stands here as the template has it.
fn elsewhere(
    page: &mut String,
    statement: &Statement,
    names: &BTreeMap<String, String>,
) -> Result<()> {
    let on = statement.resources.iter().map(|r| named(r, names));
    let on: Vec<String> = on.collect();
    let condition = match &statement.condition {
        Condition::Elsewhere(condition) => format!("if `{}`", compact(condition)),
        Condition::Always | Condition::LeadingKeys(_) => String::new(),
    };
    let actions = listed(statement.actions.iter().map(String::as_str));
    writeln!(page, "| {} | {condition} | {actions} |", on.join(", "))?;
    Ok(())
}

fn compact(condition: &Value) -> String {
    condition.to_string().replace('|', "\\|")
}

fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}

/// The logical ids of what stands in policies, by ARN.
fn names(template: &Template) -> BTreeMap<String, String> {
    let region = recado_local::aws::REGION;
    let account = recado_local::aws::ACCOUNT;
    let table = |name: &str| format!("arn:aws:dynamodb:{region}:{account}:table/{name}");
    let tables = template.tables.iter().map(|(id, t)| (table(&t.name), id));
    let queues = template.queues.iter();
    let queues = queues.map(|(id, queue)| (Queues::arn(&queue.name), id));
    let secrets = template.secrets.iter();
    let secrets = secrets.map(|(id, secret)| (Secrets::arn(&secret.name), id));
    let all = tables.chain(queues).chain(secrets);
    all.map(|(arn, id)| (arn, id.clone())).collect()
}

fn named(arn: &str, names: &BTreeMap<String, String>) -> String {
    let last = arn.rsplit([':', '/']).next().unwrap_or(arn);
    match (names.get(arn), arn.starts_with("arn:aws:kms:")) {
        (Some(id), _) => format!("`{id}`"),
        (None, true) => format!("key `{last}`"),
        (None, false) => format!("`{arn}`"),
    }
}
