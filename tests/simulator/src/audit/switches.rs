//! What an operator holds back does not leave, thirty seconds after the switch was turned.

use std::collections::BTreeMap;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::LegFact;
use recado_domain::ids::NotificationId;
use recado_domain::switches::{Breaker, Reach, Scope, Sending, Turn};

use super::{Auditor, Promise};

/// A function knows a switch for ten seconds, and an invocation under way lasts twenty.
const IN_EFFECT: i64 = 30_000;

/// What is off, and since when.
#[derive(Default)]
pub(super) struct Board {
    off: BTreeMap<Scope, i64>,
    open: BTreeMap<Reach, i64>,
}

impl Auditor<'_> {
    pub(super) fn turned(&mut self, turn: &Turn) {
        let (at, board) = (self.at, &mut self.switches);
        match turn {
            Turn::Sending(scope, Sending::Off) => {
                board.off.entry(scope.clone()).or_insert(at);
            }
            Turn::Sending(scope, Sending::On) => {
                board.off.remove(scope);
            }
            Turn::Breaker(reach, Breaker::Open) => {
                board.open.entry(reach.clone()).or_insert(at);
            }
            Turn::Breaker(reach, Breaker::Closed) => {
                board.open.remove(reach);
            }
            Turn::SmsBudget(..) | Turn::Rate(..) => {}
        }
    }

    pub(super) fn is_let_through(&mut self, id: &NotificationId, channel: Channel) {
        let Some(case) = self.cases.get(id) else {
            return;
        };
        let item = case.item;
        let long_ago = |since: Option<&i64>| since.is_some_and(|since| since + IN_EFFECT < self.at);
        let scopes = [
            Scope::Tenant(item.tenant.clone()),
            Scope::Template(item.tenant.clone(), item.template.clone()),
            Scope::Lane(item.lane),
        ];
        let off = scopes
            .iter()
            .find(|scope| long_ago(self.switches.off.get(scope)));
        let reaches = [Reach::Everywhere, Reach::Tenant(item.tenant.clone())];
        let unheard = channel == Channel::Sms
            && item.class != Class::Authentication
            && !case.leg_has(0, LegFact::Failed)
            && !case.leg_has(0, LegFact::Closed);
        let open = reaches
            .iter()
            .find(|reach| unheard && long_ago(self.switches.open.get(reach)));
        let what = match (off, open) {
            (Some(scope), _) => format!("{channel} left although {scope:?} is off"),
            (None, Some(reach)) => {
                format!("{channel} left for want of a receipt; the breaker is open: {reach:?}")
            }
            (None, None) => return,
        };
        self.broken(Promise::Switches, Some(id), what);
    }
}
