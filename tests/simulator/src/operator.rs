//! An operator who holds sending back, opens the breaker and sets budgets, at the worst moments.

use std::sync::Arc;

use recado_domain::class::Lane;
use recado_domain::switches::{Breaker, Reach, Scope, Sending, SmsBudget, Turn, Turned};
use recado_ports::Switchgear;

use crate::contents::templates;
use crate::functions::System;
use crate::history::Event;
use crate::sim::time;
use crate::store::at_once;
use crate::town::Bank;

impl System {
    /// Turns a switch.
    pub fn turn(&self, turn: Turn) {
        self.sim.note(Event::Turned(turn.clone()));
        let turned = Turned {
            turn,
            at: time(self.sim.millis()),
            by: "operator".to_owned(),
            why: "a drill".to_owned(),
        };
        at_once(self.store.twin.turn(&turned)).expect("the twin itself does not fail");
    }

    /// Turns everything back that an operator may have turned.
    pub fn release(&self, banks: &[Bank]) {
        let mut turns = vec![
            Turn::Breaker(Reach::Everywhere, Breaker::Closed),
            Turn::SmsBudget(Reach::Everywhere, None),
        ];
        turns.extend(Lane::ALL.map(|lane| Turn::Sending(Scope::Lane(lane), Sending::On)));
        for bank in banks {
            let tenant = || bank.tenant.clone();
            turns.push(Turn::Breaker(Reach::Tenant(tenant()), Breaker::Closed));
            turns.push(Turn::SmsBudget(Reach::Tenant(tenant()), None));
            turns.push(Turn::Sending(Scope::Tenant(tenant()), Sending::On));
            turns.extend(templates().iter().map(|known| {
                let scope = Scope::Template(tenant(), known.template.name.clone());
                Turn::Sending(scope, Sending::On)
            }));
        }
        let turned = self.turned();
        for turn in turns {
            if turned.contains(&turn.switch()) {
                self.turn(turn);
            }
        }
    }

    fn turned(&self) -> Vec<recado_domain::switches::Switch> {
        let all = at_once(self.store.twin.switches()).expect("the twin itself does not fail");
        all.iter().map(|turned| turned.turn.switch()).collect()
    }

    /// Turns something every now and then.
    pub async fn operate(self, banks: Arc<Vec<Bank>>, until: i64) {
        loop {
            let rest = self.sim.throw(|dice| dice.between(2_000, 60_000));
            self.sim.pause(rest).await;
            if self.sim.millis() >= until {
                return;
            }
            let turn = self.sim.throw(|dice| {
                let tenant = dice.pick(&banks).tenant.clone();
                let reach = match dice.between(0, 1) {
                    0 => Reach::Everywhere,
                    _ => Reach::Tenant(tenant.clone()),
                };
                match dice.between(0, 6) {
                    0..=2 => {
                        let scope = match dice.between(0, 2) {
                            0 => Scope::Lane(*dice.pick(&Lane::ALL)),
                            1 => Scope::Tenant(tenant),
                            _ => {
                                let known = dice.place(templates().len());
                                Scope::Template(tenant, templates()[known].template.name.clone())
                            }
                        };
                        Turn::Sending(scope, *dice.pick(&[Sending::On, Sending::Off]))
                    }
                    3 | 4 => Turn::Breaker(reach, *dice.pick(&[Breaker::Open, Breaker::Closed])),
                    _ => {
                        let limit = u32::try_from(dice.between(0, 4)).unwrap_or(0);
                        let budget = SmsBudget {
                            per_minute: Some(limit),
                            per_day: None,
                        };
                        Turn::SmsBudget(reach, dice.hits(0.6).then_some(budget))
                    }
                }
            });
            self.turn(turn);
        }
    }
}
