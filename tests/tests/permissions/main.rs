//! Each function's role in `infra/template.yaml` gives what the function uses and nothing else: held
//! against what the functions ask for while everything that they can do is done, and shown in
//! `docs/PERMISSIONS.md`.

mod document;
mod grants;
mod kinds;
mod scenario;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use recado_local::aws::Use;
use recado_local::policy::{Asked, Decision, Effect, Role};
use recado_local::stack::Stack;
use recado_tests::GLANCE;
use recado_tests::deployed::template;
use tokio::time::sleep;

use crate::grants::{differences, grants};
use crate::kinds::{KINDS, of_pattern};

#[tokio::test(flavor = "multi_thread")]
async fn every_role_gives_exactly_what_its_function_uses() -> Result<()> {
    let stack = scenario::stack().await?;
    // A function that lacks something fails and tries again for long: what it lacks is told at once.
    let played = tokio::select! {
        played = scenario::play(&stack) => played,
        () = something_is_refused(&stack) => Ok(()),
    };
    let used: BTreeSet<Use> = stack.aws.used().into_keys().collect();
    let refused: BTreeSet<Use> = stack.aws.refused().into_keys().collect();
    let items = stack.aws.dump_table()?;
    stack.shutdown().await;
    if refused.is_empty() {
        played?;
        let wrong = differences(&template()?.roles, &used, &refused);
        ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    } else {
        // What is unused cannot be told where the play was broken off.
        let wrong = differences(&Default::default(), &BTreeSet::new(), &refused);
        ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
    for item in items {
        let key = item["pk"]["S"].as_str().unwrap_or_default();
        let known = KINDS.iter().any(|kind| {
            key == kind.prefix || (kind.prefix.ends_with('#') && key.starts_with(kind.prefix))
        });
        let kind = key.split('#').next().unwrap_or_default();
        ensure!(known, "kinds.rs does not know what lies under {kind}");
    }
    Ok(())
}

async fn something_is_refused(stack: &Stack) {
    while stack.aws.refused().is_empty() {
        sleep(GLANCE).await;
    }
}

#[test]
fn every_permission_on_the_table_names_a_kind_of_partition_and_no_wildcard_an_action() -> Result<()>
{
    for grant in grants(&template()?.roles) {
        ensure!(!grant.action.contains(['*', '?']), "{grant}");
        if grant.action.starts_with("dynamodb:") {
            let pattern = grant.partitions.as_deref();
            ensure!(
                pattern.and_then(of_pattern).is_some(),
                "{grant}: a condition must name the partitions that it is about, as kinds.rs has them"
            );
        }
    }
    Ok(())
}

/// SNS knows no narrower resource for an SMS than `*`; a denial takes every topic out again.
#[test]
fn who_may_send_an_sms_may_publish_to_no_topic() -> Result<()> {
    let roles = template()?.roles;
    let topic = Asked {
        action: "sns:Publish".to_owned(),
        resource: "arn:aws:sns:sa-east-1:000000000000:alarms".to_owned(),
        leading_keys: Vec::new(),
    };
    let senders: Vec<(&String, &Role)> = roles
        .iter()
        .filter(|(_, role)| {
            let mut statements = role.statements.iter();
            statements.any(|s| s.effect == Effect::Allow && s.actions.contains(&topic.action))
        })
        .collect();
    ensure!(senders.len() == 1, "one function sends SMS");
    for (function, role) in senders {
        ensure!(
            role.decide(&topic) == Decision::Denied,
            "{function} may publish to topics: a statement must deny sns:Publish on them"
        );
    }
    Ok(())
}

#[test]
fn a_permission_too_many_and_one_too_few_are_told_by_name() -> Result<()> {
    let roles = template()?.roles;
    let all = grants(&roles);
    let used: BTreeSet<Use> = all
        .iter()
        .map(|grant| Use {
            function: grant.function.clone(),
            action: grant.action.clone(),
            resource: grant.resource.clone(),
            kind: grant
                .partitions
                .clone()
                .unwrap_or_default()
                .replace('*', ""),
        })
        .collect();
    assert_eq!(differences(&roles, &used, &BTreeSet::new()), [""; 0]);
    for one in &used {
        let mut fewer = used.clone();
        fewer.remove(one);
        let unused = differences(&roles, &fewer, &BTreeSet::new()).join("\n");
        let grant = all.iter().find(|grant| grant.covers(one));
        let name = grant.map(ToString::to_string).unwrap_or_default();
        ensure!(unused.contains(&format!("nobody uses {name}:")), "{unused}");

        let mut other = one.clone();
        other.kind = format!("{}?", other.kind);
        other.action = format!("{}More", other.action);
        let more: BTreeSet<Use> = used.iter().cloned().chain([other.clone()]).collect();
        let lacking = differences(&roles, &more, &BTreeSet::new()).join("\n");
        let name = format!("{} lacks {} on", other.function, other.action);
        ensure!(lacking.contains(&name), "{lacking}");
    }
    Ok(())
}
