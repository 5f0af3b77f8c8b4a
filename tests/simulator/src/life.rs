//! What banks and customers do of their own accord.

use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::consent::Action;
use recado_domain::template::Template;
use recado_testing::phones::Change;

use crate::contents::{Content, Fallback, Wishes, templates};
use crate::functions::System;
use crate::town::{Bank, Heard, Ledger, valid_for};

/// A customer's phone goes off and on; the customer presses buttons, writes, agrees and no longer does.
pub(crate) async fn live(system: System, banks: Arc<Vec<Bank>>, phone: String, until: i64) {
    let lively = system.sim.throw(|dice| dice.between(3_000, 60_000));
    while system.sim.millis() < until {
        let rest = system.sim.throw(|dice| dice.between(500, lively));
        system.sim.pause(rest).await;
        let bank = system.sim.throw(|dice| dice.pick(&banks).clone());
        let (what, times) = system.sim.throw(|dice| {
            let times = if dice.hits(0.3) { 2 } else { 1 };
            (dice.between(0, 99), times)
        });
        match what {
            0..=29 => {
                let online = system.sim.throw(|dice| dice.hits(0.6));
                system.switch(
                    &phone,
                    Change {
                        online: Some(online),
                        ..Change::default()
                    },
                );
            }
            30..=49 => system.press(&phone, times),
            50..=57 => {
                let word = system
                    .sim
                    .throw(|dice| *dice.pick(&["SAIR", "stop", "Parar."]));
                system.write(&bank, &phone, word, times);
            }
            58..=64 => system.write(&bank, &phone, "Voltar", times),
            65 => system.erase(&bank, &phone),
            66..=68 => {
                let word = system.sim.throw(|dice| *dice.pick(&["stop", "resume"]));
                system.prefer(&bank, &phone, word);
            }
            69..=74 => system.write(&bank, &phone, "qual é o meu saldo?", times),
            75..=99 => {
                let (channel, purposes, action) = system.sim.throw(|dice| {
                    let channel = *dice.pick(&[Channel::Whatsapp, Channel::Whatsapp, Channel::Sms]);
                    let purposes = match dice.between(0, 1) {
                        0 => vec![*dice.pick(&Class::ALL)],
                        _ => Class::ALL.to_vec(),
                    };
                    let action = *dice.pick(&[Action::Grant, Action::Revoke]);
                    (channel, purposes, action)
                });
                system.agree(&bank, &phone, channel, &purposes, action);
            }
            _ => {}
        }
    }
}

/// One key of a bank's: ordered until there is an answer, now and then once more, with other content,
/// cancelled or looked at.
pub(crate) async fn business(system: System, ledger: Ledger, bank: Bank, phone: String, at: u64) {
    system.sim.pause(at).await;
    let template = choose(&system);
    let wishes = Wishes {
        valid_until: (system.sim.throw(|dice| dice.hits(0.15))).then(|| {
            let millis = system.sim.throw(|dice| dice.between(5_000, 180_000));
            valid_for(&system, i64::try_from(millis).unwrap_or(0))
        }),
        fallback: match system.sim.throw(|dice| dice.hits(0.05)) {
            true => Fallback::None,
            false => Fallback::AsTemplate,
        },
    };
    let draw = || loop {
        let name = &bank.name;
        let content = system
            .sim
            .throw(|dice| Content::draw(dice, &template, &phone, name, &wishes));
        let text = content.sms.as_deref();
        if text.is_none_or(|text| system.sns.is_free(&phone, text)) {
            return content;
        }
    };
    let mut contents = vec![draw()];
    let errs = system.sim.throw(|dice| dice.hits(0.08));
    if errs {
        contents.push(draw());
    }
    let key = system.note_order(&bank, &ledger, contents);
    let patience = system
        .sim
        .throw(|dice| u32::try_from(*dice.pick(&[1_u64, 4, 40, 40, 40])).unwrap_or(1));
    let other = async {
        if errs {
            let wait = system.sim.throw(|dice| dice.between(0, 2_000));
            system.sim.pause(wait).await;
            system.insist(&bank, &ledger, key, 1, patience).await;
        }
    };
    let first = system.insist(&bank, &ledger, key, 0, patience);
    let (heard, ()) = futures::future::join(first, other).await;
    if heard == Heard::Accepted {
        afterwards(&system, &ledger, &bank, key).await;
    }
}

async fn afterwards(system: &System, ledger: &Ledger, bank: &Bank, key: usize) {
    let id = ledger.orders()[key].id.clone();
    for _ in 0..system.sim.throw(|dice| dice.between(0, 3)) {
        let (wait, what) = system
            .sim
            .throw(|dice| (dice.between(0, 45_000), dice.between(0, 9)));
        system.sim.pause(wait).await;
        match what {
            0..=4 => {
                system.about(bank, &id, "get").await;
            }
            5..=7 => {
                system.order(bank, ledger, key, 0).await;
            }
            _ => {
                for _ in 0..3 {
                    let status = system.about(bank, &id, "cancel").await;
                    if matches!(status, Some(200 | 409)) {
                        break;
                    }
                    system.sim.pause(500).await;
                }
            }
        }
    }
}

/// Templates of the critical lane and of marketing are few: each lane has its share.
fn choose(system: &System) -> Arc<Template> {
    system.sim.throw(|dice| {
        let lane = *dice.pick(&Lane::ALL);
        let of_lane: Vec<Arc<Template>> = templates()
            .iter()
            .filter(|known| known.tells_apart())
            .map(|known| Arc::clone(&known.template))
            .filter(|template| template.lane() == lane)
            .collect();
        Arc::clone(dice.pick(&of_lane))
    })
}
