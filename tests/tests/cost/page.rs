//! `docs/COST.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result};
use recado_local::cost::{Counted, Line, Prices, Status};
use recado_local::template::Template;

use crate::budget::{Budget, Measured};
use crate::tables;
use crate::units::Weighed;

const HEAD: &str = "\
# What it costs

USD for a million notifications, in sa-east-1, before taxes and without any free tier. Counted on the
local stack and multiplied with the prices of `infra/prices.toml` by

```
UPDATE_DOCS=1 cargo test -p recado-tests --test cost -- --nocapture
```

The gate counts again and fails when a notification takes other requests than this page says.

*Happy*: a transactional alert is accepted, sent by WhatsApp, delivered and read; its timer finds it read.
*Fallback*: no receipt comes in time, and the SMS leaves. One request of the bank's each, to a customer who
was written to before. Every
webhook comes alone and every message of a queue is taken alone: at load Meta puts several statuses into one
POST and SQS up to ten messages into one request, so that a million costs less. What ten messages at a time
save of the requests to the queues is counted too.

";

const LEFT_OUT: &str = "\
## Left out

- Meta's price of a template message in Brazil, which is a multiple of all of the above: it stands on
  Meta's rate card for the account's currency, and no confirmed copy of it was at hand.
- What functions remember for a while (banks, templates, switches, secrets): a few reads per process and
  half minute, whatever the load.
- Encryption's calls: DynamoDB keeps the table's key for its own use, and SQS reuses a data key for as
  long as the queue says.
- Storage, point-in-time recovery, the stream, alarms, the dashboard, Cognito, access logs, traces.

";

/// What was found out.
pub(crate) struct Found<'a> {
    pub(crate) measured: &'a Measured,
    pub(crate) budgets: &'a [Budget],
    pub(crate) weighed: &'a [Weighed],
    /// Of the happy path and of the fallback.
    pub(crate) bills: &'a [Vec<Line>; 2],
}

pub(crate) fn write(found: &Found<'_>, prices: &Prices, template: &Template) -> Result<String> {
    let Measured {
        happy, fallback, ..
    } = found.measured;
    let mut page = HEAD.to_owned();
    sums(&mut page, found.bills)?;
    lines(&mut page, prices, found.bills)?;
    requests(&mut page, [happy, fallback])?;
    tables::queues(&mut page, prices, found.measured)?;
    tables::budgets(&mut page, found.budgets)?;
    tables::units(&mut page, found.weighed)?;
    constants(&mut page, prices, template)?;
    page.push_str(LEFT_OUT);
    price_table(&mut page, prices)?;
    Ok(page)
}

fn is_sms(line: &&Line) -> bool {
    line.price == "sms"
}

fn sums(page: &mut String, bills: &[Vec<Line>; 2]) -> Result<()> {
    let aws = bills.each_ref().map(|bill| {
        let lines = bill.iter().filter(|line| !is_sms(line));
        lines.map(|line| line.usd).sum::<f64>()
    });
    let sms = bills.each_ref().map(|bill| {
        let lines = bill.iter().filter(is_sms);
        lines.map(|line| line.usd).sum::<f64>()
    });
    let [happy, fallback] = aws;
    let [_, sms] = sms;
    writeln!(
        page,
        "| USD per million notifications | happy | fallback |\n|---|---:|---:|\n\
         | AWS without the SMS | **{happy:.2}** | **{fallback:.2}** |\n\
         | the SMS | 0 | {sms:.0} |\n"
    )?;
    Ok(())
}

fn lines(page: &mut String, prices: &Prices, bills: &[Vec<Line>; 2]) -> Result<()> {
    writeln!(
        page,
        "## Line by line\n\n\
         | unit | USD | happy: per notification | USD | fallback: per notification | USD |\n\
         |---|---:|---:|---:|---:|---:|"
    )?;
    let [happy, fallback] = bills;
    for (happy, fallback) in happy.iter().zip(fallback) {
        let price = prices.prices.get(happy.price).context(happy.price)?;
        let mark = match price.status {
            Status::Confirmed => "",
            Status::Estimated => " (estimated)",
        };
        writeln!(
            page,
            "| {}{mark} | {} | {:.3} | {:.2} | {:.3} | {:.2} |",
            price.what, price.usd, happy.amount, happy.usd, fallback.amount, fallback.usd
        )?;
    }
    page.push('\n');
    Ok(())
}

/// The counts behind it, one by one.
fn requests(page: &mut String, counted: [&Counted; 2]) -> Result<()> {
    writeln!(
        page,
        "## What one notification takes\n\n| | happy | fallback |\n|---|---:|---:|"
    )?;
    let rows = |of: fn(&Counted) -> &BTreeMap<String, u64>| -> BTreeSet<String> {
        let names = counted.iter().flat_map(|counted| of(counted).keys());
        names.cloned().collect()
    };
    let mut row = |name: &str, count: &dyn Fn(&Counted) -> f64| {
        let [happy, fallback] = counted.map(count);
        writeln!(page, "| {name} | {happy} | {fallback} |")
    };
    let number = |count: Option<&u64>| {
        count.map_or(0.0, |count| {
            u32::try_from(*count).map_or(f64::MAX, f64::from)
        })
    };
    for function in rows(|counted| &counted.invocations) {
        let name = format!("invocations of {function}");
        row(&name, &|counted| number(counted.invocations.get(&function)))?;
    }
    for request in rows(|counted| &counted.table) {
        let name = format!("table: {}", request.replace('#', "\\#"));
        row(&name, &|counted| number(counted.table.get(&request)))?;
    }
    row("read units", &|counted| counted.read_units)?;
    row("write units", &|counted| counted.write_units)?;
    row("requests to the queues", &|counted| {
        number(Some(&counted.queue_requests()))
    })?;
    row("messages taken out of queues", &|counted| {
        number(Some(&counted.taken))
    })?;
    row("POSTs to Meta", &|counted| number(Some(&counted.posts)))?;
    row("bytes of their bodies", &|counted| {
        number(Some(&counted.posted_bytes))
    })?;
    row("parts of SMS", &|counted| number(Some(&counted.sms_parts)))?;
    page.push('\n');
    Ok(())
}

/// What runs on without a single notification.
fn constants(page: &mut String, prices: &Prices, template: &Template) -> Result<()> {
    let functions = template.functions.values();
    let queues = functions
        .map(|function| function.queue_events.len())
        .sum::<usize>();
    let queues = u32::try_from(queues).map_or(f64::MAX, f64::from);
    let polling = &prices.assumptions.polling;
    let requests = queues * polling.values.requests_per_queue_and_month;
    let polled = requests / 1e6 * prices.usd("sqs_requests")?;
    writeln!(
        page,
        "## Whatever the load, per month\n\n| | USD |\n|---|---:|\n\
         | Lambda's pollers on {queues} empty queues ({}) | {polled:.2} |\n\
         | each key in KMS | {:.2} |\n",
        polling.source,
        prices.usd("kms_key")?
    )?;
    Ok(())
}

fn price_table(page: &mut String, prices: &Prices) -> Result<()> {
    writeln!(
        page,
        "## Prices\n\nRegion {}. An estimated price is to be looked up before anybody relies on it.\n\n\
         | price | USD | as of | | source |\n|---|---:|---|---|---|",
        prices.region
    )?;
    for price in prices.prices.values() {
        let status = match price.status {
            Status::Confirmed => "confirmed",
            Status::Estimated => "estimated",
        };
        let (what, usd, date) = (&price.what, price.usd, &price.date);
        writeln!(
            page,
            "| {what} | {usd} | {date} | {status} | {} |",
            price.source
        )?;
    }
    let assumed = &prices.assumptions;
    let billed = assumed.billed_ms.values.iter();
    let billed: Vec<String> = billed.map(|(of, ms)| format!("{of} {ms}")).collect();
    let bytes = assumed.bytes.values;
    writeln!(
        page,
        "\nAssumed until it is measured on AWS:\n\n- {}: {} ({}).\n- {}: {} logged, {} answered to the bank, \
         {} of a request's head to Meta ({}).",
        assumed.billed_ms.what,
        billed.join(", "),
        assumed.billed_ms.source,
        assumed.bytes.what,
        bytes.log_lines,
        bytes.bank_answer,
        bytes.http_head,
        assumed.bytes.source
    )?;
    Ok(())
}
