//! The catalogue's own templates, with their 30 seconds, all at the same time.

use anyhow::{Context, Result};
use recado_domain::catalogue as templates;
use recado_domain::channel::Channel;
use recado_domain::locale::Locale;
use recado_domain::params;
use recado_domain::render;
use recado_domain::template::Template;
use recado_tests::queued;
use serde_json::{Value, json};
use tokio::sync::RwLockReadGuard;

use crate::{META, World, actions, button};

const PIX_CODE: &str = "00020126550014br.gov.bcb.pix0114+55619123456780215Mensalidade nov5204000053039865406123.455802BR5916BANCO EXEMPLO SA6009SAO PAULO62150511FAT202611A763042892";

fn request(template: &str, to: &str, params: Value) -> Value {
    json!({ "template": template, "locale": "pt_BR", "to": to, "params": params })
}

/// Sends to a customer who looks at once; answers the customer, the notification and the message.
async fn shown(world: &World, template: &str, params: Value) -> Result<(String, String, Value)> {
    let to = world.customer(json!({})).await?;
    let id = world.bank.send(&request(template, &to, params)).await?;
    let message = world.whatsapp(&to, &id).await?;
    Ok((to, id, message))
}

/// The end: read, on WhatsApp alone. Whoever waits for Meta need not wait for the 30 seconds.
async fn read_and_done(
    world: &World,
    to: &str,
    id: &str,
    together: RwLockReadGuard<'_, ()>,
) -> Result<Value> {
    world.bank.until_status(id, "read").await?;
    drop(together);
    let end = world.ended(id, to).await?;
    assert_eq!(end["status"], "read", "{end}");
    assert_eq!(end["legs"].as_array().map(Vec::len), Some(1), "{end}");
    assert_eq!(world.bank.channels(to).await?, ["whatsapp"]);
    Ok(end)
}

async fn card_purchase(world: &World) -> Result<()> {
    let params = json!({
        "name": "Benedita Fagundes", "amount": { "minor": 12_050, "currency": "BRL" },
        "merchant": "Padaria Sol", "card": "4321", "date": "2026-11-21", "time": "14:05",
    });
    let together = META.read().await;
    let (to, id, message) = shown(world, "card_purchase", params).await?;
    assert_eq!(
        message["buttons"].as_array().map(Vec::len),
        Some(2),
        "{message}"
    );
    world
        .bank
        .reply(
            &to,
            json!({ "button": button(&message, "not_recognized")? }),
        )
        .await?;
    world
        .bank
        .until(&id, |notification| {
            actions(notification) == ["not_recognized"]
        })
        .await?;
    let end = read_and_done(world, &to, &id, together).await?;
    assert_eq!(actions(&end), ["not_recognized"], "{end}");
    Ok(())
}

async fn pix_sent(world: &World) -> Result<()> {
    let params = json!({
        "name": "Benedita Fagundes", "amount": { "minor": 35_000, "currency": "BRL" },
        "payee": "Padaria Sol Nascente", "date": "2026-11-21", "time": "14:05",
    });
    let together = META.read().await;
    let (to, id, message) = shown(world, "pix_sent", params).await?;
    world
        .bank
        .reply(&to, json!({ "button": button(&message, "dispute")? }))
        .await?;
    world
        .bank
        .until(&id, |notification| actions(notification) == ["dispute"])
        .await?;
    read_and_done(world, &to, &id, together).await?;
    Ok(())
}

async fn statement(world: &World) -> Result<()> {
    let file = json!({ "url": "https://arquivos.bancoaurora.example/extrato-7781.pdf", "filename": "extrato-2026-10.pdf" });
    let params =
        json!({ "name": "Benedita Fagundes", "period": "outubro de 2026", "statement": file });
    let together = META.read().await;
    let (to, id, message) = shown(world, "statement_ready", params).await?;
    assert_eq!(
        message["header"], "[document extrato-2026-10.pdf]",
        "{message}"
    );
    let bulk = world.stack.aws.queues().history("recado-bulk")?;
    assert!(
        bulk.iter().any(|job| job.contains(&id)),
        "a statement goes by the bulk lane"
    );
    read_and_done(world, &to, &id, together).await?;
    Ok(())
}

async fn payment_reminder(world: &World) -> Result<()> {
    let params = json!({
        "name": "Benedita Fagundes", "amount": { "minor": 12_345, "currency": "BRL" },
        "due_date": "2026-11-30", "pix_code": PIX_CODE,
    });
    let together = META.read().await;
    let (to, id, message) = shown(world, "payment_reminder", params).await?;
    let buttons = message["buttons"].as_array().cloned().unwrap_or_default();
    assert_eq!(buttons.len(), 1, "{message}");
    assert_eq!(
        (&buttons[0]["kind"], &buttons[0]["code"]),
        (&json!("order_details"), &json!(PIX_CODE)),
        "{message}"
    );
    assert!(
        queued(world.stack, &id)?
            .iter()
            .all(|body| !body.contains("br.gov.bcb.pix"))
    );
    read_and_done(world, &to, &id, together).await?;
    Ok(())
}

#[tokio::test]
async fn purchase_pix_statement_and_bill_look_right_and_end_without_an_sms() -> Result<()> {
    let world = World::open().await?;
    let (card, pix, pdf, bill) = tokio::join!(
        card_purchase(&world),
        pix_sent(&world),
        statement(&world),
        payment_reminder(&world)
    );
    card.context("card_purchase")?;
    pix.context("pix_sent")?;
    pdf.context("statement_ready")?;
    bill.context("payment_reminder")
}

/// How many templates are told at once, before a fault of somebody else's may strike.
const AT_ONCE: usize = 6;

#[tokio::test]
async fn every_template_reaches_a_customer_as_it_was_written() -> Result<()> {
    let world = World::open().await?;
    for names in templates::names().chunks(AT_ONCE) {
        let together = META.read().await;
        let mut sent = Vec::new();
        for name in names {
            // A customer each: nobody gets forty messages on one day.
            let to = world.customer(json!({})).await?;
            let template = templates::find(name, None).context("it is listed")?;
            let given = template.example_params(Locale::PtBr);
            let request = request(name.as_str(), &to, Value::Object(given));
            let id = world.bank.send(&request).await?;
            sent.push((template, to, id));
        }
        for (template, to, id) in &sent {
            let name = &template.name;
            let message = world.whatsapp(to, id).await.context(name.to_string())?;
            assert_eq!(seen(&message), written(template)?, "{message}");
            let buttons = message["buttons"].as_array().map_or(0, Vec::len);
            assert_eq!(buttons, template.buttons.len(), "{name}: {message}");
            let read = world.bank.until_status(id, "read").await;
            read.context(name.to_string())?;
        }
        drop(together);
    }
    Ok(())
}

/// A message's words, without the marks of bold type: Meta puts them around a code.
fn seen(message: &Value) -> String {
    let parts = ["header", "text", "footer"];
    let parts = parts.iter().filter_map(|part| message[*part].as_str());
    let document = |part: &str| part.replace("[document ", "[");
    let parts: Vec<String> = parts.map(document).collect();
    parts.join("\n\n").replace('*', "")
}

/// What a template says with its examples.
fn written(template: &Template) -> Result<String> {
    let params = params::parse(template, &template.example_params(Locale::PtBr))
        .ok()
        .context("its own examples")?;
    let preview = render::preview_on(template, Locale::PtBr, &params, "", Channel::Whatsapp)?;
    Ok(preview.text.replace('*', ""))
}

#[tokio::test]
async fn every_template_is_previewed_in_every_language() -> Result<()> {
    let world = World::open().await?;
    let to = world.customer(json!({})).await?;
    for name in templates::names() {
        let template = templates::find(&name, None).context("it is listed")?;
        for locale in Locale::ALL {
            let mut body = request(
                name.as_str(),
                &to,
                Value::Object(template.example_params(locale)),
            );
            body["locale"] = json!(locale);
            let answer = world
                .bank
                .post("/v1/notifications/preview", None, &body)
                .await?;
            let answer: Value = answer.error_for_status()?.json().await?;
            let channels = answer["channels"].as_array().map_or(0, Vec::len);
            assert_eq!(channels, template.ladder.len(), "{name} {locale}: {answer}");
            assert_eq!(answer["locale"], json!(locale), "{name}");
        }
    }
    Ok(())
}
