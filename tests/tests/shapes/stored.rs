//! Everything that lies in the table.

use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use recado_domain::class::Class;
use recado_domain::consent::{ChannelConsents, MetaPreference};
use recado_domain::delivery::CapVerdict;
use recado_domain::ids::ClaimToken;
use recado_domain::standing::Standing;
use recado_domain::switches::{Counter, Reach, Spending, Switch, Window};
use recado_dynamodb::Store;
use recado_ports::{
    ChatRecord, Conversations, Created, Kept, Notifications, OwnTemplates, Profile, Recipients,
    Registry, Standings, Switches, Switchgear,
};
use recado_tests::bench::Bench;
use serde_json::Value;

use crate::specimens::{
    accepted, account, at, bank, chat_entry, edition, events, notes, notification_id, phone_number,
    profile_update, recipient, template, tenant, turns, with_every_fact,
};
use crate::{Fixtures, WHAT_TO_DO, fixtures, hold, releases};

const FILE: &str = "stored.json";
const ALIAS: &str = "alias-digest";
const CLIENT: &str = "client-1";
const PEPPER: &str = "pepper-fingerprint";
const DAY: &str = "2026-11-21";
/// Somebody who was erased.
const ERASED: u8 = 3;

fn now() -> Timestamp {
    at(100)
}

fn holder(word: &str) -> ClaimToken {
    let text = word.repeat(25) + "a";
    ClaimToken::parse(&text).expect("a specimen")
}

fn counter() -> Counter {
    Counter {
        switch: Switch::SmsBudget(Reach::Tenant(tenant())),
        window: Window::Minute(29_921_160),
    }
}

/// Writes one of everything, by the ways that functions and the operator have.
async fn write(store: &Store) -> Result<()> {
    let bank_id = tenant();
    for notification in [accepted(), with_every_fact()] {
        let created = store.create(&notification).await?;
        ensure!(created == Created::New, "{created:?}");
    }
    for (recipient, event) in events() {
        store.consent(&bank_id, &recipient, &event).await?;
    }
    let first = recipient(1);
    let stop = MetaPreference::Stop;
    store.meta_preference(&bank_id, &first, stop, at(6)).await?;
    store
        .update_profile(&bank_id, &first, &profile_update())
        .await?;
    store.put_alias(&bank_id, ALIAS, &first).await?;
    store.refuse_window(&bank_id, &first, at(86_400)).await?;
    let id = notification_id(1);
    store
        .count(&bank_id, &first, DAY, Class::Marketing, &id, 3)
        .await?;
    store.put_chat(&bank_id, &first, &chat_entry()).await?;
    let sort_key = chat_entry().sort_key;
    store
        .claim_reply(&bank_id, &first, &sort_key, &holder("h"))
        .await?;
    store.erase(&bank_id, &recipient(ERASED), at(7)).await?;

    store.bind_pepper(PEPPER).await?;
    store.put_tenant(&bank_id, &bank()).await?;
    store.put_client(CLIENT, &bank_id).await?;
    store.put_number(&phone_number(), &bank_id).await?;
    store.put_account(&account(), &bank_id).await?;
    let kept = store.keep(&bank_id, &template()).await?;
    ensure!(kept == Kept::New, "{kept:?}");
    for note in notes() {
        store.note(&bank_id, &edition(), &note).await?;
    }
    for turned in turns() {
        store.turn(&turned).await?;
    }
    store.tally(&counter(), 10).await?;
    Ok(())
}

#[tokio::test]
async fn what_today_stores_is_what_the_current_release_does() -> Result<()> {
    let bench = Bench::at(now()).await?;
    write(&bench.store).await?;
    let mut written = Fixtures::new();
    for item in bench.aws.dump_table()? {
        let part = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        written.insert(format!("{} {}", part("pk"), part("sk")), sorted(item));
    }
    hold(FILE, &written)
}

/// Sets in one order: the service has none.
fn sorted(mut item: Value) -> Value {
    for attribute in item
        .as_object_mut()
        .into_iter()
        .flat_map(|it| it.values_mut())
    {
        if let Some(set) = attribute.get_mut("SS").and_then(Value::as_array_mut) {
            set.sort_by_key(ToString::to_string);
        }
    }
    item
}

#[tokio::test]
async fn today_reads_what_every_release_stored() -> Result<()> {
    for release in releases()? {
        let bench = Bench::at(now()).await?;
        for (name, item) in fixtures(&release, FILE)? {
            bench.put(&item).await.with_context(|| name.clone())?;
        }
        read(&bench.store)
            .await
            .with_context(|| format!("what {release} stored\n\n{WHAT_TO_DO}"))?;
    }
    Ok(())
}

fn same<T: Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Result<()> {
    ensure!(
        found == expected,
        "{what} reads as {found:?}\nand not as {expected:?}"
    );
    Ok(())
}

/// Reads one of everything and holds it against what was written.
async fn read(store: &Store) -> Result<()> {
    for expected in [accepted(), with_every_fact()] {
        let found = Notifications::read(store, &expected.id).await?;
        same("a notification", &found, &Some(expected))?;
    }
    people(store).await.context("recipients")?;
    registry(store).await.context("the registry")?;
    switches(store).await.context("switches")
}

async fn people(store: &Store) -> Result<()> {
    let bank = tenant();
    for (recipient, event) in events() {
        let mut consents = ChannelConsents::default();
        let (_, entry) = consents.take_in(&bank, &recipient, &event);
        let page = Recipients::history(store, &bank, &recipient, None, 10).await?;
        same("a history", &page.entries, &vec![entry])?;
        let found = store.recipient(&bank, &recipient).await?;
        let mut channel = found
            .consents
            .0
            .get(&event.channel)
            .cloned()
            .unwrap_or_default();
        let meta = channel.meta.take();
        same("consents", &channel, &consents)?;
        let told =
            (recipient == crate::specimens::recipient(1)).then_some((MetaPreference::Stop, at(6)));
        same("Meta's preference", &meta, &told)?;
    }
    let first = recipient(1);
    let update = profile_update();
    let profile = Profile {
        phone: update.phone,
        locale: update.locale,
        user_digest: update.user_digest,
        window_until: update.window_until,
        window_refused: Some(at(86_400)),
        aliases: vec![ALIAS.to_owned()],
        erased_at: None,
    };
    let found = store.recipient(&bank, &first).await?.profile;
    same("a profile", &found, &Some(profile))?;
    let erased = store.recipient(&bank, &recipient(ERASED)).await?;
    let erased_at = erased.profile.and_then(|profile| profile.erased_at);
    same("an erased profile", &erased_at, &Some(at(7)))?;
    ensure!(
        !erased.consents.0.is_empty(),
        "an erasure's suppression is gone"
    );
    same(
        "an alias",
        &store.alias(&bank, ALIAS).await?,
        &Some(first.clone()),
    )?;

    // The one that was counted counts once; another one is over a cap of one.
    for (id, expected) in [(1, CapVerdict::Within), (2, CapVerdict::Exceeded)] {
        let id = notification_id(id);
        let purpose = Class::Marketing;
        let verdict = store.count(&bank, &first, DAY, purpose, &id, 1).await?;
        same("the day's cap", &verdict, &expected)?;
    }
    let entry = chat_entry();
    let found = store.chat_entry(&bank, &first, &entry.sort_key).await?;
    same("a conversation's entry", &found, &Some(entry.clone()))?;
    for (word, expected) in [("h", ChatRecord::New), ("o", ChatRecord::Repeated)] {
        let key = &entry.sort_key;
        let claimed = store.claim_reply(&bank, &first, key, &holder(word)).await?;
        same("an answer's claim", &claimed, &expected)?;
    }
    Ok(())
}

async fn registry(store: &Store) -> Result<()> {
    let pepper = store.pepper().await?;
    same("the pepper", &pepper.as_deref(), &Some(PEPPER))?;
    let id = tenant();
    same("a bank", &store.tenant(&id).await?, &Some(bank()))?;
    same("a client", &store.client(CLIENT).await?, &Some(id.clone()))?;
    let clients = store.clients_of(&id).await?;
    same("a bank's clients", &clients, &vec![CLIENT.to_owned()])?;
    let number = store.number(&phone_number()).await?;
    same("a number", &number, &Some(id.clone()))?;
    same(
        "an account",
        &store.account(&account()).await?,
        &Some(id.clone()),
    )?;
    let name = &template().name;
    same(
        "own names",
        &store.own_names(&id).await?,
        &vec![name.clone()],
    )?;
    let shelf = store.shelf(&id, name).await?;
    same("a template", &shelf.own.get(&1), &Some(&template()))?;
    let mut standing = Standing::default();
    for note in notes() {
        let _first = standing.take(&note);
    }
    let found = shelf.standings.get(&edition()).cloned();
    same("a standing", &found, &Some(standing))
}

async fn switches(store: &Store) -> Result<()> {
    let found = Switchgear::switches(store).await?;
    for turned in turns() {
        ensure!(found.contains(&turned), "{turned:?} is not in {found:?}");
        let turns = Switchgear::turns(store, &turned.turn.switch()).await?;
        same("a switch's turns", &turns, &vec![turned])?;
    }
    same("how many", &found.len(), &turns().len())?;
    let spending = store.tally(&counter(), 1).await?;
    same("a count", &spending, &Spending::Exceeded)
}
