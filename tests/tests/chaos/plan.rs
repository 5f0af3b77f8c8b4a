//! Who gets what: drawn from a seed before anything is sent.

use recado_tests::fresh_key;
use serde_json::{Value, json};

/// Random numbers from a seed (SplitMix64), so that a plan can be drawn again.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    pub(crate) fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of a list, by weight.
    pub(crate) fn one_of<T: Clone>(&mut self, weighted: &[(u64, T)]) -> T {
        let mut left = self.below(weighted.iter().map(|(weight, _)| weight).sum());
        for (weight, thing) in weighted {
            match left.checked_sub(*weight) {
                None => return thing.clone(),
                Some(rest) => left = rest,
            }
        }
        unreachable!("the weights add up to more than any roll")
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Transactional; its SMS is never repeated.
    Alert,
    /// Authentication, on the critical lane; an SMS of which nobody knows is repeated once.
    Code,
    /// Security, as a code.
    Fraud,
    /// Marketing, on the bulk lane: WhatsApp alone, capped.
    Offer,
    /// An alert with the real wait of 30 s.
    RealAlert,
    /// A code with the real wait of 30 s.
    RealCode,
}

impl Kind {
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Alert => "test_chaos_alert",
            Self::Code => "test_chaos_code",
            Self::Fraud => "test_chaos_fraud",
            Self::Offer => "test_chaos_offer",
            Self::RealAlert => "test_outage_alert",
            Self::RealCode => "test_outage_code",
        }
    }

    fn is_code(self) -> bool {
        match self {
            Self::Code | Self::RealCode => true,
            Self::Alert | Self::Fraud | Self::Offer | Self::RealAlert => false,
        }
    }
}

/// What kind of phone a customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handset {
    /// On, and read.
    On,
    /// Off: WhatsApp waits, SMS arrive.
    Off,
    /// Without WhatsApp: Meta says so by webhook.
    WithoutWhatsapp,
    /// Goes off and on all the time.
    Flapping,
}

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) number: String,
    /// Which of the stack's two banks it is with.
    pub(crate) bank: usize,
    pub(crate) handset: Handset,
}

/// A notification that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) kind: Kind,
    /// Its place among the customers.
    pub(crate) customer: usize,
    /// All digits of every text it becomes, so that an SMS can be told from any other.
    pub(crate) mark: u64,
    pub(crate) key: String,
}

/// Eight digits, as a code has and an amount may have.
const FIRST_MARK: u64 = 10_000_001;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) customers: Vec<Customer>,
    pub(crate) notifications: Vec<Planned>,
}

impl Plan {
    /// Everybody gets about as much as everybody else, of what `kinds` weighs.
    pub(crate) fn draw(
        dice: &mut Dice,
        customers: usize,
        notifications: usize,
        handsets: &[(u64, Handset)],
        kinds: &[(u64, Kind)],
    ) -> Self {
        let customers: Vec<Customer> = (0..customers)
            .map(|place| Customer {
                number: format!("+55119{:08}", 60_000_000 + place),
                bank: place % 2,
                handset: dice.one_of(handsets),
            })
            .collect();
        let notifications = (0..notifications)
            .map(|place| Planned {
                kind: dice.one_of(kinds),
                customer: place % customers.len(),
                mark: FIRST_MARK + place as u64,
                key: fresh_key(),
            })
            .collect();
        Self {
            customers,
            notifications,
        }
    }

    pub(crate) fn body(&self, planned: &Planned) -> Value {
        let params = if planned.kind.is_code() {
            json!({ "code": planned.mark.to_string() })
        } else {
            let amount = json!({ "minor": planned.mark, "currency": "BRL" });
            json!({ "name": "Benedita Fagundes", "amount": amount })
        };
        json!({
            "template": planned.kind.template(), "locale": "pt_BR",
            "to": self.customers[planned.customer].number, "params": params,
        })
    }
}

/// The mark in a text: all its digits.
pub(crate) fn mark_in(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}
