//! A bank's own templates: stored, handed in, approved, sent.

use anyhow::{Context, Result};
use recado_tests::contract::{Answer, ask};
use recado_tests::{leg as leg_of, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{World, language, leg};

async fn create(world: &World, model: &Value) -> Result<Answer> {
    ask(&world.bank, "POST /v1/templates", "", |request| {
        request.json(model)
    })
    .await
}

async fn submit(world: &World, place: &str) -> Result<Answer> {
    let operation = "POST /v1/templates/{name}/versions/{version}/submit";
    ask(&world.bank, operation, place, |request| request).await
}

/// The catalogue's Pix alert under another name.
async fn model(world: &World, name: &str) -> Result<Value> {
    model_of(world, "pix_received", name).await
}

async fn model_of(world: &World, original: &str, name: &str) -> Result<Value> {
    let shown = world.show(original).await?;
    let mut model = shown.body["versions"][0]["template"].clone();
    model["name"] = json!(name);
    Ok(model)
}

/// What the catalogue's Pix alert and the banks' variants of it take. Its SMS follows after 30 s.
pub(crate) fn message(template: &str, to: &str) -> Value {
    json!({
        "template": template, "locale": "pt_BR", "to": to,
        "params": {
            "name": "Maria Souza", "payer": "João Lima",
            "amount": { "minor": 20_000, "currency": "BRL" },
            "balance": { "minor": 150_000, "currency": "BRL" },
        },
    })
}

#[tokio::test]
async fn a_template_of_ones_own_goes_by_sms_until_meta_has_approved_it() -> Result<()> {
    let world = World::of(0).await?;
    let to = world.customer(&["transactional"]).await?;
    let model = model(&world, "own_pix").await?;
    let created = create(&world, &model).await?;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(created.body["origin"], "own");
    assert_eq!(created.body["template"], model, "nothing of it is lost");
    let meta = language(&json!([created.body]), 1, "pt_BR")?;
    assert_eq!(
        (&meta["name"], &meta["status"], &meta["sendable"]),
        (&json!("own_pix"), &json!("not_submitted"), &json!(false))
    );

    let id = world.bank.send(&message("own_pix", &to)).await?;
    let early = world.bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(
        (leg(&early, "whatsapp"), leg(&early, "sms")),
        (
            "skipped template_unavailable".to_owned(),
            "sent template_unavailable".to_owned()
        )
    );

    for _ in 0..2 {
        let submitted = submit(&world, "own_pix/1").await?;
        assert_eq!(submitted.status, StatusCode::OK, "{}", submitted.body);
        let meta = language(&json!([submitted.body]), 1, "pt_BR")?;
        assert_eq!(meta["category"], "UTILITY", "{meta}");
    }
    for locale in ["pt_BR", "en"] {
        world.until("own_pix", 1, locale, "approved").await?;
    }
    let id = world.bank.send(&message("own_pix", &to)).await?;
    let late = world
        .bank
        .until(&id, |item| {
            !leg_of(item, "whatsapp")["submitted_at"].is_null()
        })
        .await?;
    assert_eq!(leg_of(&late, "sms"), &Value::Null, "{late}");

    // Created again, it stands where it stood.
    let again = create(&world, &model).await?;
    assert_eq!(again.status, StatusCode::OK);
    let meta = language(&json!([again.body]), 1, "pt_BR")?;
    assert_eq!(meta["status"], "approved");
    Ok(())
}

#[tokio::test]
async fn a_header_with_a_document_is_handed_in_with_a_sample() -> Result<()> {
    let world = World::of(0).await?;
    let model = model_of(&world, "statement_ready", "own_statement").await?;
    assert_eq!(create(&world, &model).await?.status, StatusCode::CREATED);
    let submitted = submit(&world, "own_statement/1").await?;
    assert_eq!(submitted.status, StatusCode::OK, "{}", submitted.body);
    for locale in ["pt_BR", "en", "fr", "de"] {
        world.until("own_statement", 1, locale, "approved").await?;
    }
    let lines = shared().logs.lines();
    assert!(
        lines.iter().all(|line| !line.contains("EAAG")),
        "an access token in a log"
    );
    Ok(())
}

#[tokio::test]
async fn a_version_is_immutable_and_the_banks_own() -> Result<()> {
    let (world, other) = (World::of(0).await?, World::of(1).await?);
    let mut model = model(&world, "own_fixed").await?;
    assert_eq!(create(&world, &model).await?.status, StatusCode::CREATED);
    model["sms_parts"] = json!(2);
    let refused = create(&world, &model).await?;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::CONFLICT, "version-exists")
    );
    model["version"] = json!(2);
    assert_eq!(create(&world, &model).await?.status, StatusCode::CREATED);
    let shown = world.show("own_fixed").await?;
    let versions = shown.body["versions"].as_array().context("versions")?;
    let numbers: Vec<&Value> = versions.iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(
        world.at_meta("own_fixed", 2, "pt_BR").await?["name"],
        "own_fixed_v2"
    );
    // What the catalogue has of a version stays what it is.
    let mut disguised = model.clone();
    disguised["name"] = json!("pix_received");
    disguised["version"] = json!(1);
    let refused = create(&world, &disguised).await?;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    let listed = |world: &World| {
        let bank = world.bank.clone();
        async move {
            let list = ask(&bank, "GET /v1/templates", "", |request| request).await?;
            let all = list.body["templates"].as_array().context("a list")?.clone();
            let named = all.into_iter().map(|one| (one["name"].clone(), one));
            anyhow::Ok(named.collect::<Vec<_>>())
        }
    };
    let ours = listed(&world).await?;
    let newest = ours.iter().find(|(name, _)| name == "own_fixed");
    assert_eq!(newest.context("listed")?.1["version"], 2);
    assert!(ours.iter().any(|(name, _)| name == "pix_received"));
    let theirs = listed(&other).await?;
    assert!(theirs.iter().all(|(name, _)| name != "own_fixed"));
    assert_eq!(other.show("own_fixed").await?.status, StatusCode::NOT_FOUND);
    assert_eq!(
        submit(&other, "own_fixed/1").await?.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        submit(&world, "own_fixed/3").await?.status,
        StatusCode::NOT_FOUND
    );
    Ok(())
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_all_its_faults_and_no_value() -> Result<()> {
    let world = World::of(0).await?;
    let mut broken = model(&world, "own_broken").await?;
    let body = "x".repeat(2_000);
    broken["locales"]["pt_BR"]["whatsapp"]["body"] = json!(format!("{{{{secretive}}}} {body}"));
    broken["validity"] = json!("1s");
    let refused = create(&world, &broken).await?;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-content")
    );
    let fields = refused.faulty_fields();
    assert!(
        fields.len() > 1 && fields.contains(&"locales.pt_BR.whatsapp.body"),
        "{fields:?}"
    );

    let mut misspelt = model(&world, "own_misspelt").await?;
    misspelt["classs"] = json!("quartz-value");
    misspelt["category"] = json!("quartz-value");
    let refused = create(&world, &misspelt).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.faulty_fields(), ["template"]);
    assert!(!refused.body.to_string().contains("quartz"));

    let bank = &world.bank;
    let refused = ask(bank, "POST /v1/templates", "", |request| {
        request.header("content-type", "application/json").body("{")
    })
    .await?;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let refused = ask(bank, "POST /v1/templates", "", |request| {
        request.header("content-type", "text/plain").body("{}")
    })
    .await?;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for name in ["own_broken", "own_misspelt"] {
        assert_eq!(world.show(name).await?.status, StatusCode::NOT_FOUND);
    }
    Ok(())
}
