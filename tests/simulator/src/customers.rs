//! What customers do, with their phones and with their banks.

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, ConsentEvent, Keyword, PurposeConsent, Source};
use recado_domain::ids::{PhoneNumberId, PressPayload, RecipientToken};
use recado_domain::phone::E164;
use recado_ports::{Recipients, Registry};
use recado_testing::meta::CustomerReply;
use recado_testing::phones::Change;
use serde_json::json;

use crate::event::{Actor, Event};
use crate::functions::{System, keys};
use crate::sim::time;
use crate::store::at_once;
use crate::town::Bank;

impl System {
    /// Under which pseudonym a bank knows a phone.
    #[must_use]
    pub fn recipient(&self, bank: &Bank, phone: &str) -> RecipientToken {
        let phone = E164::parse(phone).expect("a number");
        keys().pepper.recipient(&bank.tenant, &phone)
    }

    /// The customer tells the bank what it may do.
    pub fn agree(
        &self,
        bank: &Bank,
        phone: &str,
        channel: Channel,
        purposes: &[Class],
        action: Action,
    ) {
        let recipient = self.recipient(bank, phone);
        let now = self.sim.millis();
        let event = ConsentEvent {
            channel,
            purposes: purposes.to_vec(),
            consent: PurposeConsent::new(action, time(now), Source::App),
            digest: self.sim.throw(|dice| dice.seed()).to_string(),
            received_at: time(now),
            evidence: None,
        };
        let stored = at_once(self.store.twin.consent(&bank.tenant, &recipient, &event));
        stored.expect("the twin itself does not fail");
        self.sim.note(Event::Consented {
            by: Actor::WORLD,
            tenant: bank.tenant.clone(),
            recipient,
            channel,
            purposes: purposes.to_vec(),
            action,
            since: now,
            source: Source::App,
        });
    }

    /// The bank erases the customer.
    pub fn erase(&self, bank: &Bank, phone: &str) {
        let recipient = self.recipient(bank, phone);
        let now = time(self.sim.millis());
        let erased = at_once(self.store.twin.erase(&bank.tenant, &recipient, now));
        erased.expect("the twin itself does not fail");
        self.sim.note(Event::Erased {
            tenant: bank.tenant.clone(),
            recipient,
        });
    }

    /// The customer tells Meta what is wanted of this bank's marketing.
    pub fn prefer(&self, bank: &Bank, phone: &str, word: &'static str) {
        let now = time(self.sim.millis());
        {
            let mut meta = self.cloud.meta();
            let value = json!({
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "0", "phone_number_id": bank.number },
                "user_preferences": [{
                    "wa_id": meta.phone(phone).wa_id(), "category": "marketing_messages",
                    "value": word, "timestamp": now.as_second(),
                }],
            });
            meta.emit(bank.waba(), "user_preferences", value, now);
        }
        self.cloud.listen();
        self.sim.note(Event::Preferred {
            tenant: bank.tenant.clone(),
            word,
        });
    }

    /// Switches a phone.
    pub fn switch(&self, phone: &str, change: Change) {
        let what = format!("{change:?}");
        let now = time(self.sim.millis());
        self.cloud.meta().switch_phone(phone, change, now);
        self.cloud.listen();
        self.sim.note(Event::Customer {
            phone: phone.to_owned(),
            what,
        });
    }

    /// The customer writes to a bank.
    pub fn write(&self, bank: &Bank, phone: &str, text: &str, times: u32) {
        let reply = CustomerReply {
            text: Some(text.to_owned()),
            times: Some(times),
            phone_number_id: Some(bank.number.to_string()),
            ..CustomerReply::default()
        };
        let said = self.reply(phone, &reply);
        if let Some(keyword) = Keyword::read(text).filter(|_| said) {
            self.sim.note(Event::Word {
                tenant: bank.tenant.clone(),
                keyword,
            });
        }
    }

    /// The customer presses a button, if a message on the phone has one.
    pub fn press(&self, phone: &str, times: u32) {
        let buttons: Vec<(PressPayload, String, String)> = {
            let meta = self.cloud.meta();
            let inbox = meta.phones().get(phone).map(|phone| &phone.inbox);
            let shown = inbox.into_iter().flatten().flat_map(|arrival| {
                let buttons = arrival.screen.buttons.iter();
                buttons.map(move |button| (arrival.phone_number_id.clone(), button))
            });
            let ours = shown.filter_map(|(number, button)| {
                let payload = PressPayload::parse(button.payload.as_deref()?).ok()?;
                Some((payload, button.label.clone(), number?))
            });
            ours.collect()
        };
        if buttons.is_empty() {
            return;
        }
        let (payload, label, number) = self.sim.throw(|dice| dice.pick(&buttons).clone());
        let reply = CustomerReply {
            button: Some(payload.to_string()),
            times: Some(times),
            ..CustomerReply::default()
        };
        let said = self.reply(phone, &reply);
        let keyword = Keyword::pressed(Some(&payload.action), &label).filter(|_| said);
        if let Some(keyword) = keyword {
            let number = PhoneNumberId::parse(&number).expect("digits");
            let tenant = at_once(self.store.twin.number(&number));
            let tenant = tenant.expect("the twin itself does not fail");
            self.sim.note(Event::Word {
                tenant: tenant.expect("a bank's number"),
                keyword,
            });
        }
    }

    /// A phone that is off says nothing.
    fn reply(&self, phone: &str, reply: &CustomerReply) -> bool {
        let now = time(self.sim.millis());
        let said = self.cloud.meta().reply(phone, reply, now).is_ok();
        self.cloud.listen();
        said
    }
}
