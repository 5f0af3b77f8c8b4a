//! `reconcile`: does a bank's day fit?

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use recado_domain::delivery::Status;
use recado_domain::ids::{NotificationId, TenantId};
use recado_ports::{Chance, Notifications, Registry, StoreError};
use serde_json::{Map, Value, json};

use super::{unreadable_json, unreadable_text};
use crate::arguments::Reading;
use crate::connection::Clients;
use crate::errors::OperatorError;
use crate::ledger::Ledger;
use crate::output::{Answer, Fits, in_zone, table, utc};
use crate::reconcile::{Compared, Day, Elsewhere, Misfit, Reason, Tally};

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    tenant: TenantId,
    date: Date,
    ledger: Option<&Path>,
    reading: Reading,
) -> Result<Answer, OperatorError> {
    let ledger = ledger.map(read_ledger).transpose()?;
    let config = clients.store.tenant(&tenant).await?;
    let config =
        config.ok_or_else(|| OperatorError::Usage(format!("the registry has no bank {tenant}")))?;
    let day = Day::of(tenant, &config.time_zone, date).ok_or_else(|| {
        OperatorError::Usage("the bank's time zone in the registry is unknown".to_owned())
    })?;
    let now = clients.chance.now();
    let mut tally = Tally::default();
    clients
        .each_page(reading, |notifications, unreadable| {
            for item in notifications {
                if day.holds(&item.tenant, item.accepted_at) {
                    tally.add(&item, now, reading.grace);
                }
            }
            for item in unreadable {
                if day.may_hold(&item) {
                    tally.add_unreadable(item);
                }
            }
        })
        .await?;
    let compared = match ledger {
        Some(ledger) => {
            let mut compared = Compared::of(&ledger, &tally);
            look_elsewhere(clients, &day, &mut compared).await?;
            Some(compared)
        }
        None => None,
    };
    let fits = tally.fits() && compared.as_ref().is_none_or(Compared::fits);
    Ok(Answer {
        text: text(&day, &tally, compared.as_ref(), now),
        json: to_json(&day, &tally, compared.as_ref(), now),
        verdict: Fits::when(fits),
    })
}

fn read_ledger(path: &Path) -> Result<Ledger, OperatorError> {
    let text = std::fs::read_to_string(path).map_err(|source| OperatorError::File {
        path: path.display().to_string(),
        source,
    })?;
    Ok(Ledger::parse(&text)?)
}

/// What the scan did not meet on this day is asked for by name: it may be another day's, or have come
/// while the table was read.
async fn look_elsewhere<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    day: &Day,
    compared: &mut Compared,
) -> Result<(), OperatorError> {
    for id in std::mem::take(&mut compared.lost) {
        match clients.store.read(&id).await {
            Ok(None) => compared.lost.push(id),
            Ok(Some(item)) if item.tenant != day.tenant => {
                compared.elsewhere.push((id, Elsewhere::OtherBank));
            }
            Ok(Some(item)) if !day.holds(&item.tenant, item.accepted_at) => {
                compared
                    .elsewhere
                    .push((id, Elsewhere::OtherDay(item.accepted_at)));
            }
            Ok(Some(_)) => {}
            // It is there; whose it is and of which day nobody can tell.
            Err(StoreError::Unreadable(_)) => {
                compared.elsewhere.push((id, Elsewhere::Unreadable));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn to_json(day: &Day, tally: &Tally, compared: Option<&Compared>, now: Timestamp) -> Value {
    let by_status: Map<String, Value> = Status::ALL
        .into_iter()
        .map(|status| (status.name().to_owned(), count(tally, status).into()))
        .collect();
    json!({
        "tenant": day.tenant, "day": day.date.to_string(), "zone": day.zone,
        "from": utc(day.from), "until": utc(day.until), "as_of": utc(now),
        "accepted": tally.accepted(), "open": tally.open(), "by_status": by_status,
        "uncertain_legs": tally.uncertain_legs, "delivered_twice": tally.delivered_twice,
        "misfits": tally.misfits.iter().map(misfit_json).collect::<Value>(),
        "unreadable": unreadable_json(&tally.unreadable),
        "ledger": compared.map(ledger_json),
        "fits": tally.fits() && compared.is_none_or(Compared::fits),
    })
}

fn misfit_json(misfit: &Misfit) -> Value {
    let reasons = misfit.reasons.iter().map(|reason| match reason {
        Reason::Unfinished(owed) => json!({ "reason": owed.word(), "text": owed.to_string() }),
        Reason::Contradiction(wrong) => {
            json!({ "reason": wrong.word(), "text": wrong.to_string() })
        }
    });
    json!({
        "notification": misfit.id, "template": misfit.template, "status": misfit.status.name(),
        "accepted_at": utc(misfit.accepted_at), "reasons": reasons.collect::<Value>(),
    })
}

fn ledger_json(compared: &Compared) -> Value {
    let elsewhere = compared.elsewhere.iter().map(|(id, place)| {
        let accepted_at = match place {
            Elsewhere::OtherDay(at) => Some(utc(*at)),
            Elsewhere::OtherBank | Elsewhere::Unreadable => None,
        };
        json!({ "notification": id, "where": place.word(), "accepted_at": accepted_at })
    });
    json!({
        "listed": compared.listed, "repeated": compared.repeated, "lost": compared.lost,
        "elsewhere": elsewhere.collect::<Value>(),
        "unknown_to_the_bank": compared.unknown_to_the_bank,
    })
}

fn count(tally: &Tally, status: Status) -> usize {
    tally.by_status.get(&status).copied().unwrap_or_default()
}

fn text(day: &Day, tally: &Tally, compared: Option<&Compared>, now: Timestamp) -> String {
    let mut text = format!(
        "{}, {} in {}\nfrom   {}\nuntil  {}\nas of  {}{}\n\n",
        day.tenant,
        day.date,
        day.zone,
        in_zone(day.from, &day.zone),
        in_zone(day.until, &day.zone),
        in_zone(now, &day.zone),
        if now < day.until {
            ": the day is not over"
        } else {
            ""
        },
    );
    let (ended, open): (Vec<Status>, Vec<Status>) = Status::ALL
        .into_iter()
        .partition(|status| status.has_ended());
    let mut rows: Vec<[String; 2]> = Vec::new();
    for status in ended {
        rows.push([status.name().to_owned(), count(tally, status).to_string()]);
    }
    for status in open {
        let name = format!("still open: {}", status.name());
        rows.push([name, count(tally, status).to_string()]);
    }
    if !tally.unreadable.is_empty() {
        rows.push(["unreadable".to_owned(), tally.unreadable.len().to_string()]);
    }
    rows.push(["accepted in all".to_owned(), tally.accepted().to_string()]);
    text.push_str(&table(["", "notifications"], &rows));
    append(
        &mut text,
        format_args!(
            "\nuncertain legs: {}\ndelivered twice: {}\n",
            tally.uncertain_legs,
            tally.delivered_twice.len()
        ),
    );
    for id in &tally.delivered_twice {
        append(&mut text, format_args!("  {id}\n"));
    }
    text.push_str(&unreadable_text(&tally.unreadable));
    text.push_str(&misfits_text(&tally.misfits));
    if let Some(compared) = compared {
        text.push_str(&ledger_text(compared));
    }
    text.push_str(match (tally.fits(), compared) {
        (true, Some(compared)) if compared.fits() => "\nThe day fits.\n",
        (true, None) => {
            "\nWhat is stored fits. Whether all that was accepted is stored, only --ledger tells.\n"
        }
        (true, Some(_)) | (false, _) => "\nThe day does not fit.\n",
    });
    text
}

fn misfits_text(misfits: &[Misfit]) -> String {
    if misfits.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 5]> = misfits
        .iter()
        .map(|misfit| {
            let reasons = misfit.reasons.iter().map(|reason| match reason {
                Reason::Unfinished(owed) => owed.to_string(),
                Reason::Contradiction(wrong) => wrong.to_string(),
            });
            [
                misfit.id.to_string(),
                misfit.template.to_string(),
                utc(misfit.accepted_at),
                misfit.status.name().to_owned(),
                reasons.collect::<Vec<_>>().join("; "),
            ]
        })
        .collect();
    format!(
        "\ndo not fit: {}\n{}",
        misfits.len(),
        table(
            ["notification", "template", "accepted", "status", "because"],
            &rows
        )
    )
}

fn ledger_text(compared: &Compared) -> String {
    let mut text = format!(
        "\nthe bank lists {} ids ({} lines repeat one)\n",
        compared.listed, compared.repeated
    );
    let mut list = |title: &str, ids: &[NotificationId]| {
        append(&mut text, format_args!("{title}: {}\n", ids.len()));
        for id in ids {
            append(&mut text, format_args!("  {id}\n"));
        }
    };
    list(
        "lost, the bank lists them and we do not have them",
        &compared.lost,
    );
    list(
        "unknown to the bank, which never got our answer",
        &compared.unknown_to_the_bank,
    );
    append(
        &mut text,
        format_args!("not of this day: {}\n", compared.elsewhere.len()),
    );
    for (id, place) in &compared.elsewhere {
        let place = match place {
            Elsewhere::OtherDay(at) => format!("accepted {}", utc(*at)),
            Elsewhere::OtherBank => "another bank's".to_owned(),
            Elsewhere::Unreadable => "does not read".to_owned(),
        };
        append(&mut text, format_args!("  {id}  {place}\n"));
    }
    text
}

fn append(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes every text");
}
