//! A simulated Meta: its Cloud API, its webhooks, and the WhatsApp of the customers' phones.
//!
//! No socket, no clock, no thread: requests and the time come in as arguments, and what is due comes
//! out of [`Meta::take_due`]. The same seed and the same calls give the same run, byte for byte.
//!
//! ```text
//! meta.request(&Request { .. }, now) -> Reply      an HTTP server answers with it
//! meta.next_due() -> Option<Timestamp>             sleep until then
//! meta.take_due(now) -> Vec<WebhookPost>           POST each to the callback …
//! meta.webhook_answered(id, Some(200), now)        … and say how it was answered
//! ```

mod admit;
mod agenda;
mod app;
mod delivery;
pub mod errors;
pub mod events;
pub mod faults;
mod field;
mod granted;
mod inbound;
mod limits;
mod media;
mod nodes;
pub(crate) mod numbers;
mod samples;
mod scripts;
mod send;
pub mod settings;
pub mod templates;
mod validate;
pub mod webhooks;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

pub use app::{Callback, form};
pub use errors::GraphError;
pub use events::{EventKind, SimEvent};
pub use faults::{Faults, FaultsChange};
pub use inbound::{Reply as CustomerReply, ReplyRefused, SmsRefused};
pub use numbers::parse_e164;
pub use settings::{Account, BusinessNumber, Settings};
pub use templates::{MetaTemplate, TemplateStatus};
pub use webhooks::WebhookPost;
pub use wire::{Effect, Method, Reply, Request};

use crate::phones::{Change, Phone, Phones};
use agenda::{Agenda, Due};
use delivery::{Outbound, Stage};

/// The simulated Meta and the phones it reaches.
#[derive(Debug)]
pub struct Meta {
    settings: Settings,
    rng: StdRng,
    phones: Phones,
    templates: templates::Store,
    media: media::MediaStore,
    samples: samples::Samples,
    subscriptions: app::Subscriptions,
    faults: Faults,
    limits: limits::Limits,
    agenda: Agenda,
    events: events::Events,
    /// Accepted messages by wamid.
    outbound: BTreeMap<String, Outbound>,
    /// wamids of customers' messages.
    inbound: BTreeSet<String>,
    /// Steps that wait for a phone to come online.
    waiting: BTreeMap<String, Vec<(String, Stage)>>,
    /// Statuses gathered for one POST, by number.
    batches: BTreeMap<String, Vec<webhooks::Update>>,
    /// POSTs that were taken and not yet answered.
    in_flight: BTreeMap<u64, WebhookPost>,
    /// When a person last wrote to a number.
    windows: BTreeMap<(String, String), Timestamp>,
    /// `reference_id`s used, by account.
    orders: BTreeSet<(String, String)>,
    /// How often a notification to the throttled recipient was refused.
    throttled: BTreeMap<String, u32>,
    last_post: u64,
}

impl Meta {
    /// A Meta with accounts and no templates.
    pub fn new(settings: Settings) -> Self {
        Self {
            rng: StdRng::seed_from_u64(settings.seed),
            phones: Phones::new(settings.switches.clone()),
            settings,
            templates: templates::Store::default(),
            media: media::MediaStore::default(),
            samples: samples::Samples::default(),
            subscriptions: app::Subscriptions::default(),
            faults: Faults::default(),
            limits: limits::Limits::default(),
            agenda: Agenda::default(),
            events: events::Events::default(),
            outbound: BTreeMap::new(),
            inbound: BTreeSet::new(),
            waiting: BTreeMap::new(),
            batches: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            windows: BTreeMap::new(),
            orders: BTreeSet::new(),
            throttled: BTreeMap::new(),
            last_post: 0,
        }
    }

    /// Back to the beginning: phones, messages, faults, limits and windows are gone, the seed starts
    /// again, and of the templates the seeded ones remain. Accounts and subscriptions stay.
    pub fn reset(&mut self) {
        let mut fresh = Self::new(self.settings.clone());
        fresh.templates = std::mem::take(&mut self.templates);
        fresh.templates.reset();
        fresh.subscriptions = std::mem::take(&mut self.subscriptions);
        // An answer to a POST from before must not be taken for one from after.
        fresh.last_post = self.last_post;
        *self = fresh;
    }

    /// What was given at construction.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Settings that may change while it runs: pace, limits, delays, the app's secret, the tokens.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Puts an approved template into an account, without a webhook; answers its id.
    pub fn seed_template(&mut self, waba_id: &str, template: MetaTemplate) -> String {
        self.templates.seed(waba_id, template).to_string()
    }

    /// Changes the status of a template, in one language or in all, and announces it by webhook.
    /// Answers how many there were.
    pub fn set_template_status(
        &mut self,
        waba_id: &str,
        name: &str,
        language: Option<&str>,
        status: TemplateStatus,
        now: Timestamp,
    ) -> usize {
        let news = self.templates.set_status(waba_id, name, language, status);
        let count = news.len();
        for change in news {
            self.announce_template(&change, now);
        }
        count
    }

    /// Posts a webhook of any field: account events, preferences, whatever a test needs. Nothing where the
    /// app is not subscribed.
    pub fn emit(&mut self, waba_id: &str, field: &str, value: Value, now: Timestamp) {
        if !self.subscriptions.wants(waba_id, field) {
            return;
        }
        let body = webhooks::account_body(waba_id, field, value, now);
        self.post(None, &body, 1, now);
    }

    /// The faults that are set now.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Sets faults.
    pub fn set_faults(&mut self, change: FaultsChange) {
        if let Some(next) = change.next {
            self.faults.next = next;
        }
        if let Some(webhooks) = change.webhooks {
            self.faults.webhooks = webhooks;
        }
    }

    /// The phones. To switch one, use [`Meta::switch_phone`], which also delivers what waited.
    pub fn phones(&self) -> &Phones {
        &self.phones
    }

    /// The phone of a number in E.164, known or not.
    pub fn phone(&mut self, e164: &str) -> &Phone {
        self.phones.phone(e164)
    }

    /// Changes a phone's switches. What waited for it to come online is delivered, unless its time
    /// to live is over.
    pub fn switch_phone(&mut self, e164: &str, change: Change, now: Timestamp) {
        self.phones.change(e164, change);
        let switches = &self.phones.phone(e164).switches;
        let (online, on_whatsapp) = (switches.online, switches.on_whatsapp);
        let kind = EventKind::Switched {
            online,
            on_whatsapp,
        };
        self.note(now, Some(e164), None, kind);
        if online {
            self.came_online(e164, now);
        }
    }

    /// How many messages wait for a phone to come online.
    pub fn waiting_for(&self, e164: &str) -> usize {
        self.waiting.get(e164).map_or(0, |waiting| {
            waiting
                .iter()
                .filter(|(_, stage)| *stage == Stage::Delivered)
                .count()
        })
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next()
    }

    /// Lets everything happen that is due by now; answers the webhooks to post.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<WebhookPost> {
        let mut posts = Vec::new();
        while let Some((at, due)) = self.agenda.pop(now) {
            match due {
                Due::Step { wamid, stage } => self.step(&wamid, stage, at),
                Due::Tell { number, update } => self.tell(&number, update, at),
                Due::Update { number, update } => self.update_due(&number, update, at),
                Due::Flush { number } => self.flush(&number, at),
                Due::Review { template } => {
                    if let Some(news) = self.templates.decide(template, TemplateStatus::Approved) {
                        self.announce_template(&news, at);
                    }
                }
                Due::Post(post) => {
                    self.in_flight.insert(post.id, post.clone());
                    posts.push(post);
                }
            }
        }
        posts
    }

    /// What has happened since this was last asked.
    pub fn take_events(&mut self) -> Vec<SimEvent> {
        self.events.take()
    }

    fn announce_template(&mut self, news: &templates::StatusNews, at: Timestamp) {
        let status = EventKind::TemplateStatus {
            name: news.name.clone(),
            language: news.language.clone(),
            status: news.status.name(),
        };
        self.note(at, None, None, status);
        let field = "message_template_status_update";
        self.emit(&news.waba, field, news.value.clone(), at);
    }

    fn note(
        &mut self,
        at: Timestamp,
        phone: Option<&str>,
        notification: Option<&str>,
        kind: EventKind,
    ) {
        self.events.push(SimEvent {
            at,
            phone: phone.map(str::to_owned),
            notification: notification.map(str::to_owned),
            kind,
        });
    }

    /// A business number and the account it belongs to.
    fn number(&self, id: &str) -> Option<(&str, &BusinessNumber)> {
        self.settings.accounts.iter().find_map(|account| {
            let number = account.numbers.iter().find(|number| number.id == id)?;
            Some((account.waba_id.as_str(), number))
        })
    }

    fn next_post_id(&mut self) -> u64 {
        self.last_post += 1;
        self.last_post
    }

    /// `count` random hexadecimal digits.
    fn hex(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b"0123456789ABCDEF"[self.rng.random_range(0..16)]))
            .collect()
    }
}

#[cfg(test)]
mod tests;
