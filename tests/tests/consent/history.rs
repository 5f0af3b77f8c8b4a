//! `GET /v1/consents/{recipient}/history` and `…/export`.

use std::time::Duration;

use anyhow::{Context, Result};
use recado_tests::contract::ask;
use recado_tests::{ago, alert, fresh_number, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{agreed, aurora, event, export, history, record, show, token};

/// Five events, a minute apart; answers the token.
async fn five_events(bank: &recado_tests::Bank, to: &str) -> Result<String> {
    let mut last = String::new();
    for minutes in (1..=5).rev() {
        let action = if minutes % 2 == 0 { "revoke" } else { "grant" };
        let at = ago(Duration::from_secs(60 * minutes));
        last = token(&record(bank, &event(to, "whatsapp", &["marketing"], action, &at)).await?)?;
    }
    Ok(last)
}

#[tokio::test]
async fn an_event_is_kept_with_its_whole_evidence() -> Result<()> {
    let bank = aurora().await?;
    let evidence = json!({
        "source": "web", "wording_version": "2026-03", "wording": "Quero receber ofertas", "actor": "customer",
        "captured_at": "2026-03-04T10:11:12.131Z", "ip": "2001:db8::7", "wording_id": "offers",
        "locale": "pt_BR", "user_agent": "Aurora/7.1", "source_ref": "/profile", "evidence_ref": "box 9",
        "double_opt_in_at": "2026-03-04T11:11:12.131Z",
        "wording_sha256": "3e3142afcc23254f6a730d4e75ae1b44c672fe2720b97a89c4b10888d9a59a38",
    });
    let mut grant = event(
        &fresh_number(),
        "whatsapp",
        &["marketing", "servicing"],
        "grant",
        "",
    );
    grant["evidence"] = evidence.clone();
    grant["legal_basis"] = json!("consent");
    grant["expires_at"] = json!("2030-01-01T00:00:00Z");
    let before = recado_tests::now();
    let recipient = token(&record(&bank, &grant).await?)?;
    let events = history(&bank, &recipient).await?;
    let at = events[0]["at"].clone();
    assert!(
        (before.as_str()..=recado_tests::now().as_str()).contains(&at.as_str().unwrap_or_default()),
        "{at}"
    );
    let expected = json!({
        "at": at, "channel": "whatsapp", "purposes": ["servicing", "marketing"], "action": "grant",
        "status_after": { "servicing": "granted", "marketing": "granted" },
        "legal_basis": "consent", "expires_at": "2030-01-01T00:00:00.000Z", "evidence": evidence,
        "number": 1, "prev_hash": "",
    });
    let mut told = events[0].clone();
    let digests = ["id", "hash", "evidence_sha256"].map(|name| told[name].take());
    assert!(digests.iter().all(Value::is_string), "{digests:?}");
    told.as_object_mut()
        .context("an object")?
        .retain(|_, value| !value.is_null());
    assert_eq!(told, expected);
    assert_eq!(events.len(), 1);
    Ok(())
}

/// The chains as the first page of the history tells them.
async fn chains(bank: &recado_tests::Bank, recipient: &str) -> Result<Value> {
    let operation = "GET /v1/consents/{recipient}/history?limit=1";
    let page = ask(bank, operation, recipient, |request| request).await?;
    Ok(page.body["chains"].clone())
}

/// Channel, length, whether it holds, and where it breaks.
type Told = (String, Option<u64>, Option<bool>, Option<u64>);

fn told(chains: &Value) -> Vec<Told> {
    let one = |chain: &Value| {
        (
            chain["channel"].as_str().unwrap_or_default().to_owned(),
            chain["length"].as_u64(),
            chain["holds"].as_bool(),
            chain["broken_at"].as_u64(),
        )
    };
    chains.as_array().into_iter().flatten().map(one).collect()
}

#[tokio::test]
async fn entries_hang_together_and_one_that_was_changed_or_taken_away_shows() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = five_events(&bank, &to).await?;
    let no = event(&to, "sms", &["servicing"], "revoke", &ago(crate::DAY));
    record(&bank, &no).await?;
    let held = chains(&bank, &recipient).await?;
    let sound = |channel: &str, length| (channel.to_owned(), Some(length), Some(true), None);
    let expected = [sound("whatsapp", 5), sound("sms", 1)];
    assert_eq!(told(&held), expected);
    let events = history(&bank, &recipient).await?;
    let mut whatsapps: Vec<&Value> = events
        .iter()
        .filter(|event| event["channel"] == "whatsapp")
        .collect();
    whatsapps.sort_by_key(|event| event["number"].as_u64());
    let mut last = json!("");
    for event in &whatsapps {
        assert_eq!(event["prev_hash"], last);
        last = event["hash"].clone();
    }
    assert_eq!(held[0]["head"], last);

    // Somebody with the table's keys makes a revoke a grant, then takes an entry away.
    let second = whatsapps[1]["id"].as_str().context("an id")?;
    let entry = find_entry(&recipient, second)?;
    let mut forged = entry.clone();
    forged["ac"] = json!({ "S": "grant" });
    write(&bank, "PutItem", "Item", forged).await?;
    let broken = [
        ("whatsapp".to_owned(), Some(5), Some(false), Some(2)),
        sound("sms", 1),
    ];
    assert_eq!(told(&chains(&bank, &recipient).await?), broken);
    let key = json!({ "pk": entry["pk"], "sk": entry["sk"] });
    write(&bank, "DeleteItem", "Key", key).await?;
    assert_eq!(told(&chains(&bank, &recipient).await?), broken);
    write(&bank, "PutItem", "Item", entry).await?;
    assert_eq!(told(&chains(&bank, &recipient).await?), expected);
    Ok(())
}

fn find_entry(recipient: &str, id: &str) -> Result<Value> {
    let items = shared().aws.dump_table()?;
    let mut found = items.into_iter().filter(|item| {
        let pk = item["pk"]["S"].as_str().unwrap_or_default();
        pk.starts_with("RCPH#") && pk.ends_with(recipient) && item["dg"]["S"] == id
    });
    found.next().context("the entry")
}

/// Writes past the adapter, as nobody should.
async fn write(bank: &recado_tests::Bank, operation: &str, name: &str, value: Value) -> Result<()> {
    let ask = async |operation: &str, body: Value| {
        let request = bank
            .http
            .post(&shared().ready.aws_endpoint)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string());
        let text = request.send().await?.error_for_status()?.text().await?;
        anyhow::Ok(serde_json::from_str::<Value>(&text)?)
    };
    let tables = ask("ListTables", json!({})).await?;
    let mut body = json!({ "TableName": tables["TableNames"][0] });
    body[name] = value;
    ask(operation, body).await?;
    Ok(())
}

#[tokio::test]
async fn a_history_is_read_page_by_page_oldest_first() -> Result<()> {
    let bank = aurora().await?;
    let recipient = five_events(&bank, &fresh_number()).await?;
    let whole = history(&bank, &recipient).await?;
    let times: Vec<&str> = whole
        .iter()
        .filter_map(|event| event["evidence"]["captured_at"].as_str())
        .collect();
    assert!(times.len() == 5 && times.is_sorted(), "{times:?}");
    for (limit, sizes) in [
        (2, vec![2, 2, 1]),
        (5, vec![5]),
        (1, vec![1; 5]),
        (100, vec![5]),
    ] {
        let (mut read, mut pages, mut cursor): (Vec<Value>, Vec<usize>, String) =
            Default::default();
        loop {
            // The cursor as it is: whoever pastes it into an address must not need to escape it.
            let operation = format!("GET /v1/consents/{{recipient}}/history?limit={limit}{cursor}");
            let page = ask(&bank, &operation, &recipient, |request| request).await?;
            let events = page.body["events"].as_array().context("no events")?;
            pages.push(events.len());
            read.extend(events.clone());
            match page.body["next"].as_str() {
                Some(next) if pages.len() < 9 => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        assert_eq!((&read, &pages), (&whole, &sizes), "pages of {limit}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() -> Result<()> {
    let bank = aurora().await?;
    let recipient = agreed(&bank, &fresh_number()).await?;
    let queries = [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=yesterday", "cursor"),
        ("cursor=", "cursor"),
    ];
    for (query, field) in queries {
        let operation = format!("GET /v1/consents/{{recipient}}/history?{query}");
        let answer = ask(&bank, &operation, &recipient, |request| request).await?;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}: {}",
            answer.body
        );
        assert_eq!(answer.faulty_fields(), [field], "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn an_export_holds_everything_in_clear_but_what_a_customers_words_had_masked() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let mut grant = event(
        &to,
        "whatsapp",
        &["transactional", "servicing"],
        "grant",
        &ago(Duration::from_secs(3600)),
    );
    grant["evidence"]["wording"] = json!("Quero receber avisos da minha conta");
    grant["evidence"]["ip"] = json!("203.0.113.7");
    let recipient = token(&record(&bank, &grant).await?)?;
    let id = bank.send(&alert(&to)).await?;
    bank.until_status(&id, "read").await?;
    let words = [
        "Meu cartão 4111 1111 1111 1111 sumiu",
        "quem fala é Benedita",
    ];
    for (place, text) in words.into_iter().enumerate() {
        bank.reply(&to, json!({ "text": text })).await?;
        lines(&bank, &recipient, place + 1).await?;
    }
    let exported = export(&bank, &recipient).await?.body;
    assert_eq!(exported["recipient"], json!(recipient));
    assert_eq!(exported["to"], json!(to));
    assert_eq!(
        exported["consents"],
        show(&bank, &recipient).await?.body["consents"]
    );
    assert_eq!(
        exported["history"],
        json!(history(&bank, &recipient).await?)
    );
    assert_eq!(
        exported["history"][0]["evidence"]["wording"],
        "Quero receber avisos da minha conta"
    );
    assert_eq!(exported["history"][0]["evidence"]["ip"], "203.0.113.7");
    let mut said: Vec<&str> = exported["conversation"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["text"].as_str())
        .collect();
    // Meta tells whole seconds: two words of one second stand in any order.
    said.sort_unstable();
    assert_eq!(said, ["Meu cartão **** 1111 sumiu", "quem fala é Benedita"]);
    Ok(())
}

/// Waits until a conversation has this many lines.
async fn lines(bank: &recado_tests::Bank, recipient: &str, how_many: usize) -> Result<()> {
    crate::until(async || {
        Ok(export(bank, recipient).await?.body["conversation"]
            .as_array()
            .map(Vec::len)
            == Some(how_many))
    })
    .await
}
