//! A notification's facts: write-once, never downgraded (I10), each of them one attribute of one item.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What a fact holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A time in milliseconds since the epoch, or a small count.
    Number(i64),
    /// A word from a closed list, a token or a provider's id.
    Text(String),
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Number(at.as_millisecond())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A fact's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// When the bank cancelled.
    Cancelled,
    /// When it was decided to send nothing.
    Suppressed,
    /// Why.
    SuppressedBecause,
    /// When the customer first answered (a button's press).
    Answered,
    /// One press, under the inbound message's digest: `milliseconds|action`.
    Response(String),
    /// A fact of one leg, counted from 0.
    Leg(u8, LegFact),
}

/// The facts of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LegFact {
    /// The holder's token.
    Token,
    /// When it was claimed.
    Claimed,
    /// After this moment the holder can no longer act.
    Until,
    /// Which attempt claimed it.
    Attempt,
    /// Why the leg opened.
    Opened,
    /// When its carrier accepted it.
    Submitted,
    /// The carrier's own id of the message (never a wamid, which contains the number).
    ProviderId,
    /// When its outcome was found to be unknown.
    Uncertain,
    /// When it failed for good.
    Failed,
    /// How: `kind|code|title`.
    Failure,
    /// When it was closed without sending.
    Closed,
    /// Why.
    ClosedBecause,
    /// When it reached the handset.
    Delivered,
    /// When it was read.
    Read,
    /// Digest of the WhatsApp user id under which the recipient was known at the claim.
    KnownUser,
}

impl LegFact {
    /// Every fact of a leg.
    pub const ALL: [Self; 15] = [
        Self::Token,
        Self::Claimed,
        Self::Until,
        Self::Attempt,
        Self::Opened,
        Self::Submitted,
        Self::ProviderId,
        Self::Uncertain,
        Self::Failed,
        Self::Failure,
        Self::Closed,
        Self::ClosedBecause,
        Self::Delivered,
        Self::Read,
        Self::KnownUser,
    ];

    fn letter(self) -> char {
        match self {
            Self::Token => 't',
            Self::Claimed => 'c',
            Self::Until => 'u',
            Self::Attempt => 'a',
            Self::Opened => 'o',
            Self::Submitted => 's',
            Self::ProviderId => 'p',
            Self::Uncertain => 'x',
            Self::Failed => 'f',
            Self::Failure => 'g',
            Self::Closed => 'k',
            Self::ClosedBecause => 'b',
            Self::Delivered => 'd',
            Self::Read => 'r',
            Self::KnownUser => 'w',
        }
    }
}

impl Fact {
    /// The attribute's name: short, since the whole item is billed at every write.
    #[must_use]
    pub fn attribute(&self) -> String {
        match self {
            Self::Cancelled => "cx".to_owned(),
            Self::Suppressed => "su".to_owned(),
            Self::SuppressedBecause => "sb".to_owned(),
            Self::Answered => "an".to_owned(),
            Self::Response(inbound) => format!("r_{inbound}"),
            Self::Leg(leg, fact) => format!("l{leg}{}", fact.letter()),
        }
    }

    /// Reads [`Fact::attribute`]; anything else is not a fact.
    #[must_use]
    pub fn parse(attribute: &str) -> Option<Self> {
        match attribute {
            "cx" => return Some(Self::Cancelled),
            "su" => return Some(Self::Suppressed),
            "sb" => return Some(Self::SuppressedBecause),
            "an" => return Some(Self::Answered),
            _ => {}
        }
        if let Some(inbound) = attribute.strip_prefix("r_") {
            return Some(Self::Response(inbound.to_owned()));
        }
        let mut letters = attribute.strip_prefix('l')?.chars();
        let leg = u8::try_from(letters.next()?.to_digit(10)?).ok()?;
        let letter = letters.next()?;
        let fact = LegFact::ALL
            .into_iter()
            .find(|fact| fact.letter() == letter)?;
        letters.next().is_none().then_some(Self::Leg(leg, fact))
    }
}

/// All facts of a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Fact, Value>);

impl Facts {
    /// Whether the fact is there.
    #[must_use]
    pub fn has(&self, fact: &Fact) -> bool {
        self.0.contains_key(fact)
    }

    /// The fact's value.
    #[must_use]
    pub fn get(&self, fact: &Fact) -> Option<&Value> {
        self.0.get(fact)
    }

    /// The fact's time.
    #[must_use]
    pub fn at(&self, fact: &Fact) -> Option<Timestamp> {
        self.number(fact)
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
    }

    /// The fact's number.
    #[must_use]
    pub fn number(&self, fact: &Fact) -> Option<i64> {
        match self.0.get(fact) {
            Some(Value::Number(number)) => Some(*number),
            Some(Value::Text(_)) | None => None,
        }
    }

    /// The fact's word.
    #[must_use]
    pub fn text(&self, fact: &Fact) -> Option<&str> {
        match self.0.get(fact) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Number(_)) | None => None,
        }
    }

    /// Every fact and its value, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&Fact, &Value)> {
        self.0.iter()
    }

    /// Puts a fact down, as read from a store.
    pub fn insert(&mut self, fact: Fact, value: Value) {
        self.0.insert(fact, value);
    }

    pub(super) fn remove(&mut self, fact: &Fact) {
        self.0.remove(fact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_an_attribute_of_its_own_that_reads_back() {
        let mut facts = vec![
            Fact::Cancelled,
            Fact::Suppressed,
            Fact::SuppressedBecause,
            Fact::Answered,
            Fact::Response("abc".into()),
        ];
        for leg in 0..3 {
            facts.extend(LegFact::ALL.into_iter().map(|fact| Fact::Leg(leg, fact)));
        }
        let names: std::collections::BTreeSet<String> = facts.iter().map(Fact::attribute).collect();
        assert_eq!(names.len(), facts.len());
        for fact in facts {
            assert_eq!(Fact::parse(&fact.attribute()), Some(fact));
        }
        for other in ["pk", "sk", "l", "l0", "l0zz", "l0cc", "lxc", "ttl"] {
            assert_eq!(Fact::parse(other), None, "{other}");
        }
    }
}
