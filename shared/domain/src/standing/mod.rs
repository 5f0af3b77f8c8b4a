//! What Meta says of one language of a template, and what that means for the next send.
//!
//! Meta tells it by webhooks, in any order and more than once. Each aspect (review, category, quality …)
//! is held by itself with the moment of Meta's clock at which it was said, and only something newer
//! replaces it; Meta's clock is compared with itself and never with ours.

mod edition;
mod words;

use jiff::Timestamp;

pub use edition::Edition;
pub(crate) use edition::meta_name;
pub use words::{Quality, Reason, Review};

use crate::channel::Channel;
use crate::class::Class;
use crate::consent::{Changed, Consents};
use crate::delivery::{CapVerdict, CloseReason, Permission};
use crate::template::Category;

/// How an aspect became known: what outdoes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nobody asked Meta: holds only where nothing is held.
    Assumed,
    /// Meta answered a request of ours: newer than any earlier answer, older than anything that Meta
    /// tells by itself, since an answer carries no moment of Meta's clock.
    Asked,
    /// Meta told it by itself, at this moment of its clock.
    Told(Timestamp),
}

/// One thing that is said of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Whether it may be sent, and why not.
    Review(Review, Reason),
    /// Its category.
    Category(Category),
    /// The category into which Meta will put it, a day ahead.
    Impending(Category),
    /// Its quality.
    Quality(Quality),
    /// Its text was changed, here or by somebody in Meta's manager.
    Edited,
}

/// An aspect and how it became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is said.
    pub aspect: Aspect,
    /// How it became known.
    pub said: Said,
}

/// Ranks within one moment of Meta's clock, which tells whole seconds.
const RANKS: i64 = 16;
/// The order of what Meta answered. What it told by itself has a greater one.
const ASKED: i64 = 0;
/// The order of what was assumed.
const ASSUMED: i64 = -1;

impl Note {
    /// Where it stands among all that was ever said of the same aspect: the greatest order is held,
    /// whatever came first. Of two things said at one moment, the one that sends less counts, except
    /// that a review's end outdoes its beginning.
    #[must_use]
    pub fn order(&self) -> i64 {
        match self.said {
            Said::Assumed => ASSUMED,
            Said::Asked => ASKED,
            Said::Told(at) => at.as_millisecond().max(1) * RANKS + self.aspect.rank(),
        }
    }

    /// It replaces what has a smaller order than this, and what is not held.
    #[must_use]
    pub fn replaces_below(&self) -> i64 {
        match self.said {
            Said::Asked => ASKED + 1,
            Said::Assumed | Said::Told(_) => self.order(),
        }
    }
}

impl Aspect {
    fn rank(self) -> i64 {
        match self {
            Self::Review(review, _) => review.rank(),
            Self::Category(category) | Self::Impending(category) => match category {
                Category::Authentication => 0,
                Category::Utility => 1,
                Category::Marketing => 2,
            },
            Self::Quality(quality) => quality.rank(),
            Self::Edited => 0,
        }
    }
}

/// A value with its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<T> {
    /// The value.
    pub value: T,
    /// [`Note::order`] of what said it.
    pub order: i64,
}

impl<T> Held<T> {
    /// Since when it holds, by Meta's clock; none where Meta did not tell it by itself.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        if self.order <= ASKED {
            return None;
        }
        Timestamp::from_millisecond(self.order / RANKS).ok()
    }

    fn take(held: &mut Option<Self>, value: T, note: &Note) -> Changed {
        let older = held
            .as_ref()
            .is_none_or(|held| held.order < note.replaces_below());
        if !older {
            return Changed::No;
        }
        let order = note.order();
        *held = Some(Self { value, order });
        Changed::Yes
    }
}

/// All that is held of one edition. Nothing, where Meta never said anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it may be sent, and why not.
    pub review: Option<Held<(Review, Reason)>>,
    /// Its category at Meta.
    pub category: Option<Held<Category>>,
    /// The category that Meta has announced.
    pub impending: Option<Held<Category>>,
    /// Its quality.
    pub quality: Option<Held<Quality>>,
    /// When its text was last changed.
    pub edited: Option<Held<()>>,
}

impl Standing {
    /// Takes something in, unless something newer is held. The same again changes nothing.
    pub fn take(&mut self, note: &Note) -> Changed {
        match note.aspect {
            Aspect::Review(review, reason) => Held::take(&mut self.review, (review, reason), note),
            Aspect::Category(category) => Held::take(&mut self.category, category, note),
            Aspect::Impending(category) => Held::take(&mut self.impending, category, note),
            Aspect::Quality(quality) => Held::take(&mut self.quality, quality, note),
            Aspect::Edited => Held::take(&mut self.edited, (), note),
        }
    }

    /// The category into which Meta will put it, unless it has done so since.
    #[must_use]
    pub fn announced(&self) -> Option<Held<Category>> {
        let since = |held: Option<Held<Category>>| held.map(|held| held.order / RANKS);
        self.impending
            .filter(|_| since(self.impending) > since(self.category))
    }

    /// Why nothing of it leaves by WhatsApp now. What Meta never said anything of is tried: Meta itself
    /// refuses what it lacks, and the ladder goes on.
    #[must_use]
    pub fn closed_because(&self) -> Option<CloseReason> {
        self.review.and_then(|held| held.value.0.closes())
    }

    /// Whether Meta counts as marketing what is not marketing to the bank.
    #[must_use]
    pub fn is_recategorised(&self, class: Class) -> bool {
        let marketing = self
            .category
            .is_some_and(|held| held.value == Category::Marketing);
        marketing && class != Class::Marketing
    }

    /// Whether a message of this class may leave by WhatsApp now: what the recipient permits for it, what
    /// Meta lets out, and, where Meta counts it as marketing, what the recipient permits for that.
    ///
    /// The SMS after it stays what it is: Meta's category is about WhatsApp alone.
    #[must_use]
    pub fn permission(&self, class: Class, consents: &Consents, now: Timestamp) -> Permission {
        let own = consents.permission(class, Channel::Whatsapp, now);
        if own != Permission::Granted {
            return own;
        }
        if let Some(reason) = self.closed_because() {
            return Permission::NotThisLeg(reason);
        }
        let marketing = || consents.permission(Class::Marketing, Channel::Whatsapp, now);
        if self.is_recategorised(class) && marketing() != Permission::Granted {
            return Permission::NotThisLeg(CloseReason::TemplateRecategorised);
        }
        Permission::Granted
    }
}

/// What marketing's cap leaves of the permission for a message that Meta counts as marketing.
#[must_use]
pub fn under_cap(verdict: CapVerdict) -> Permission {
    match verdict {
        CapVerdict::Within => Permission::Granted,
        CapVerdict::Exceeded => Permission::NotThisLeg(CloseReason::FrequencyCap),
    }
}

#[cfg(test)]
mod tests;
