//! I3 to I8 as far as they are about what leaves.

use recado_domain::channel::Channel;
use recado_domain::delivery::LegFact;
use recado_domain::ids::NotificationId;

use super::case::{Attempt, Case, MessageKind};
use super::{Auditor, Promise};
use crate::history::{Actor, Told};
use crate::whatsapp::POST_TIMEOUT;

/// How late an SMS may leave when nothing goes wrong, in milliseconds.
const NOT_MUCH_AFTER: i64 = 2_500;

impl Auditor<'_> {
    pub(super) fn posting(&mut self, id: &NotificationId, by: Actor) {
        self.is_permitted(id, by, Channel::Whatsapp);
        self.is_let_through(id, Channel::Whatsapp);
        self.is_awake(id);
        let at = self.at;
        let mut broken = Vec::new();
        match self.cases.get_mut(id) {
            Some(case) => {
                if case.holders.get(&0).map(|(holder, _)| *holder) != Some(by) {
                    broken.push((Promise::I3, "a POST by who does not hold the claim"));
                }
                let armed = case
                    .live
                    .values()
                    .any(|kind| *kind == MessageKind::Timer(1));
                if case.legs() > 1 && !armed {
                    broken.push((Promise::I4, "a POST without a timer in the queue"));
                }
                let until = case.number(0, LegFact::Until);
                if until.is_none_or(|until| at + POST_TIMEOUT > until) {
                    broken.push((Promise::I4, "a POST that may outlast its deadline"));
                }
                case.posts.push(Attempt {
                    by,
                    taken: 0,
                    outcome: None,
                });
            }
            None => broken.push((Promise::I1, "a POST for what is not stored")),
        }
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
    }

    pub(super) fn posted(&mut self, id: &NotificationId, by: Actor, outcome: &'static str) {
        let post = self.cases.get_mut(id).and_then(|case| {
            let mine = case.posts.iter_mut().rev();
            mine.into_iter().find(|post| post.by == by)
        });
        if let Some(post) = post {
            post.outcome = Some(outcome);
        }
    }

    /// Meta has accepted a message: it will reach the phone, or may.
    pub(super) fn accepted(&mut self, id: &NotificationId, phone: &str) {
        let at = self.at;
        let expected = self.phone_of(id);
        let mut messages = 0;
        if let Some(case) = self.cases.get_mut(id) {
            case.accepted_by_meta.push(at);
            messages = case.accepted_by_meta.len();
            let open = case.posts.iter_mut().rev();
            if let Some(post) = open.into_iter().find(|post| post.outcome.is_none()) {
                post.taken += 1;
            }
        }
        if messages > 1 {
            let what = format!("{messages} WhatsApp messages");
            self.broken(Promise::I3, Some(id), what);
        }
        if expected
            .as_deref()
            .is_some_and(|expected| expected != phone)
        {
            self.broken(Promise::Conservation, Some(id), "WhatsApp to another phone");
        }
    }

    pub(super) fn told(&mut self, id: &NotificationId, what: Told) {
        if let Some(case) = self.cases.get_mut(id) {
            case.told.push(what);
        }
    }

    /// When the SMS of a case is due by its facts.
    fn sms_due(&self, id: &NotificationId) -> Option<i64> {
        let case = self.cases.get(id)?;
        let wait = i64::try_from(case.item.ladder.get(1)?.after.as_millis()).unwrap_or(i64::MAX);
        let around = [LegFact::Failed, LegFact::Closed].into_iter();
        let around = around.filter_map(|fact| case.number(0, fact)).min();
        let submitted = case.number(0, LegFact::Submitted).map(|it| it + wait);
        around.or(submitted)
    }

    pub(super) fn publishing(&mut self, id: Option<&NotificationId>, by: Actor) {
        let Some(id) = id else {
            let what = "an SMS that is no notification's text for that number";
            return self.broken(Promise::Conservation, None, what);
        };
        self.is_permitted(id, by, Channel::Sms);
        self.is_let_through(id, Channel::Sms);
        self.is_awake(id);
        let (at, calm) = (self.at, self.is_calm());
        let mut broken = Vec::new();
        // The night may begin while it is on its way.
        let asleep = |due| {
            self.wakes(id, due)
                .max(self.wakes(id, due + NOT_MUCH_AFTER))
        };
        let due = self.sms_due(id);
        let due = due.map(|due| {
            Some(asleep(due))
                .filter(|it| *it > due + NOT_MUCH_AFTER)
                .unwrap_or(due)
        });
        let Some(case) = self.cases.get_mut(id) else {
            return self.broken(Promise::I1, Some(id), "an SMS for what is not stored");
        };
        if case.holders.get(&1).map(|(holder, _)| *holder) != Some(by) {
            broken.push((
                Promise::I5,
                "a publish by who does not hold the claim".to_owned(),
            ));
        }
        if case
            .number(1, LegFact::Until)
            .is_none_or(|until| at > until)
        {
            broken.push((Promise::I5, "a publish after the lease".to_owned()));
        }
        let went_around = case.leg_has(0, LegFact::Failed) || case.leg_has(0, LegFact::Closed);
        let wait = i64::try_from(case.item.ladder[1].after.as_millis()).unwrap_or(i64::MAX);
        if let (Some(accepted), false) = (case.accepted_by_meta.first(), went_around)
            && at < accepted + wait
        {
            let early = accepted + wait - at;
            let what =
                format!("an SMS {early} ms before its wait after Meta's acceptance was over");
            broken.push((Promise::I7, what));
        }
        if let (true, Some(due)) = (calm, due)
            && at > due + NOT_MUCH_AFTER
        {
            let late = at - due;
            broken.push((Promise::I7, format!("an SMS {late} ms late on a calm day")));
        }
        case.publishes.push(Attempt {
            by,
            taken: 0,
            outcome: None,
        });
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
    }

    pub(super) fn published(
        &mut self,
        id: Option<&NotificationId>,
        by: Actor,
        outcome: &'static str,
    ) {
        let case = id.and_then(|id| self.cases.get_mut(id));
        let attempt = case.and_then(|case| {
            let mine = case.publishes.iter_mut().rev();
            mine.into_iter().find(|attempt| attempt.by == by)
        });
        if let Some(attempt) = attempt {
            attempt.outcome = Some(outcome);
        }
    }

    /// The carrier has taken a text.
    pub(super) fn taken(&mut self, id: Option<&NotificationId>, phone: &str) {
        let Some(id) = id else {
            return;
        };
        let expected = self.phone_of(id);
        let mut broken = Vec::new();
        let mut repeated = false;
        if let Some(case) = self.cases.get_mut(id) {
            case.taken_by_carrier += 1;
            let doubt = match case.publishes.split_last() {
                Some((_, before)) => before.iter().any(|it| it.taken > 0 && doubtful(case, it)),
                None => false,
            };
            match case.taken_by_carrier {
                1 => {}
                2 if case.may_repeat() && doubt => repeated = true,
                count => broken.push((Promise::I5, format!("{count} SMS"))),
            }
            if let Some(last) = case.publishes.last_mut() {
                last.taken += 1;
            }
        }
        if expected
            .as_deref()
            .is_some_and(|expected| expected != phone)
        {
            broken.push((Promise::Conservation, "an SMS to another phone".to_owned()));
        }
        self.findings.tally.repeated_sms += u64::from(repeated);
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
    }

    fn phone_of(&self, id: &NotificationId) -> Option<String> {
        let order = self.evidence.orders.iter().find(|order| order.id == *id)?;
        Some(order.contents[0].phone.clone())
    }
}

/// Whether the item does not say that the attempt's message left: its maker did not know, or died, or
/// could not write it down.
fn doubtful(case: &Case<'_>, attempt: &Attempt) -> bool {
    Case::in_doubt(attempt) || !case.leg_has(1, LegFact::Submitted)
}
