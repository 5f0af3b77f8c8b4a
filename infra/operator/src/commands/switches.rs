//! `switches`: how they stand, and turning them.

use recado_domain::ids::TenantId;
use recado_domain::switches::{Breaker, KNOWN_FOR, Reach, Scope, Sending, SmsBudget, Turn, Turned};
use recado_ports::{Chance, Registry, Switchgear};
use recado_runtime::Env;
use serde_json::{Value, json};

use crate::arguments::Switching;
use crate::connection::Clients;
use crate::errors::OperatorError;
use crate::output::{Answer, Fits, table, utc};

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    switching: Switching,
    env: &dyn Env,
) -> Result<Answer, OperatorError> {
    let (turns, note) = match switching {
        Switching::Show => {
            let mut turns = clients.store.switches().await?;
            turns.sort_by_key(|turned| turned.turn.switch());
            (turns, "no switch was ever turned\n")
        }
        Switching::History(switch) => {
            (clients.store.turns(&switch).await?, "it was never turned\n")
        }
        Switching::Turn { turn, who, why } => {
            known(clients, &turn).await?;
            let user = || env.get("USER").or_else(|| env.get("LOGNAME"));
            let by = who.or_else(user).filter(|who| !who.trim().is_empty());
            let by = by.ok_or_else(|| OperatorError::Usage("--who is missing".to_owned()))?;
            let turned = Turned {
                turn,
                at: clients.chance.now(),
                by,
                why,
            };
            clients.store.turn(&turned).await?;
            let mut answer = listed(&[turned], "");
            answer.text.push_str(&format!(
                "\nKept. Every function knows it within {} s.\n",
                KNOWN_FOR.as_secs()
            ));
            return Ok(answer);
        }
    };
    Ok(listed(&turns, note))
}

/// A switch for a bank or a template that nobody knows would be turned in vain, and nobody would notice.
async fn known<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    turn: &Turn,
) -> Result<(), OperatorError> {
    let (tenant, template) = match turn {
        Turn::Sending(Scope::Template(tenant, name), _) => (Some(tenant), Some(name)),
        Turn::Sending(Scope::Tenant(tenant), _)
        | Turn::Breaker(Reach::Tenant(tenant), _)
        | Turn::SmsBudget(Reach::Tenant(tenant), _)
        | Turn::Rate(tenant, _) => (Some(tenant), None),
        Turn::Sending(Scope::Lane(_), _)
        | Turn::Breaker(Reach::Everywhere, _)
        | Turn::SmsBudget(Reach::Everywhere, _) => (None, None),
    };
    let refuse = |text: String| Err(OperatorError::Usage(text));
    let unknown = |tenant: &TenantId| format!("the registry has no bank {tenant}");
    if let Some(tenant) = tenant {
        if clients.store.tenant(tenant).await?.is_none() {
            return refuse(unknown(tenant));
        }
        if let Some(name) = template
            && clients.store.template(tenant, name, None).await?.is_none()
        {
            return refuse(format!("{tenant} has no template {name}"));
        }
    }
    Ok(())
}

fn listed(turns: &[Turned], none: &str) -> Answer {
    let text = if turns.is_empty() {
        none.to_owned()
    } else {
        let rows: Vec<[String; 5]> = turns
            .iter()
            .map(|turned| {
                [
                    turned.turn.switch().to_string(),
                    stands(&turned.turn),
                    utc(turned.at),
                    turned.by.clone(),
                    turned.why.clone(),
                ]
            })
            .collect();
        table(["switch", "stands", "since", "by", "why"], &rows)
    };
    Answer {
        text,
        json: json!({ "switches": turns.iter().map(to_json).collect::<Value>() }),
        verdict: Fits::Yes,
    }
}

fn to_json(turned: &Turned) -> Value {
    json!({
        "switch": turned.turn.switch().to_string(), "stands": stands(&turned.turn),
        "since": utc(turned.at), "by": turned.by, "why": turned.why,
    })
}

fn stands(turn: &Turn) -> String {
    let word = match turn {
        Turn::Sending(_, Sending::On) => "on",
        Turn::Sending(_, Sending::Off) => "off",
        Turn::Breaker(_, Breaker::Open) => "open",
        Turn::Breaker(_, Breaker::Closed) => "closed",
        Turn::SmsBudget(_, None) | Turn::Rate(_, None) => "lifted",
        Turn::Rate(_, Some(per_second)) => return format!("{per_second} a second"),
        Turn::SmsBudget(
            _,
            Some(SmsBudget {
                per_minute,
                per_day,
            }),
        ) => {
            let limit =
                |number: &Option<u32>, of: &str| number.map(|number| format!("{number} a {of}"));
            let limits = [limit(per_minute, "minute"), limit(per_day, "day")];
            return limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
        }
    };
    word.to_owned()
}
