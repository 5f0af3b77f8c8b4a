//! What can go wrong, and how often it does just now.

use crate::dice::Dice;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $most:literal;)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($(#[$doc])* $name,)+ }

        impl Fault {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// How probable it is at each opportunity when things are at their worst.
            fn at_worst(self) -> f64 {
                match self { $(Self::$name => $most,)+ }
            }
        }
    };
}

faults! {
    /// The store refuses at once; nothing took effect.
    StoreThrottled = "store throttled", 0.25;
    /// The store says nothing for a while; nothing took effect.
    StoreTimedOut = "store timed out", 0.06;
    /// The store did it, and its answer is lost.
    StoreAnswerLost = "store answer lost", 0.12;
    /// The store did it, its answer was lost on the way, and the client asked once more.
    StoreAskedTwice = "store asked twice", 0.1;
    /// A queue does not take a message.
    QueueRefused = "queue refused", 0.2;
    /// A queue took a message, and its answer is lost.
    QueueAnswerLost = "queue answer lost", 0.12;
    /// A message lies in its queue twice.
    QueueTwice = "queue took it twice", 0.15;
    /// A message is received later than its delay says.
    QueueLate = "received late", 0.2;
    /// A message is given to two consumers at once.
    ReceivedTwice = "received twice", 0.15;
    /// A message comes again although it was acknowledged.
    CameBack = "came back after acknowledgement", 0.1;
    /// A whole batch was handled, and nobody hears of it.
    BatchAnswerLost = "batch answer lost", 0.1;
    /// An invocation dies at one of its awaits.
    Crash = "crash", 0.02;
    /// An invocation stands still for seconds.
    Stall = "stall", 0.02;
    /// An invocation runs into its timeout.
    TimedOut = "function timed out", 0.0;
    /// Meta: the number sends too fast.
    MetaNumberThrottled = "Meta 130429", 0.3;
    /// Meta: too much to this person.
    MetaPairThrottled = "Meta 131056", 0.3;
    /// Meta answers 5xx without a code; nothing was accepted.
    MetaPage = "Meta 5xx", 0.25;
    /// Meta answers 5xx without a code, and the message was accepted.
    MetaPageAfterAccept = "Meta 5xx after acceptance", 0.15;
    /// Meta refuses for good, with a code, in a 500.
    MetaCodeWith500 = "Meta code in a 500", 0.15;
    /// Meta refuses for good.
    MetaRefused = "Meta refused", 0.15;
    /// Meta accepts, and its answer is lost.
    MetaAnswerLost = "Meta answer lost", 0.25;
    /// A request never reaches Meta, and nobody can know.
    MetaRequestLost = "Meta request lost", 0.2;
    /// The connection is cut before Meta did anything.
    MetaReset = "Meta reset", 0.1;
    /// The connection is cut after Meta accepted.
    MetaResetAfterAccept = "Meta reset after acceptance", 0.1;
    /// Meta accepts, and says a little later that it failed.
    MetaThenFailed = "Meta failed later", 0.2;
    /// No connection to Meta.
    MetaUnreachable = "Meta unreachable", 0.5;
    /// A request takes seconds to reach Meta.
    MetaSlow = "Meta slow", 0.3;
    /// Meta keeps the message back.
    MetaHeld = "Meta held", 0.15;
    /// The carrier takes no more for the moment.
    SmsThrottled = "SNS throttled", 0.3;
    /// The carrier took it, and its answer is lost.
    SmsAnswerLost = "SNS answer lost", 0.25;
    /// The carrier never got it, and nobody can know.
    SmsRequestLost = "SNS request lost", 0.2;
    /// The carrier answers 5xx; it took nothing, and nobody can know.
    SmsPage = "SNS 5xx", 0.15;
    /// The carrier answers 5xx, and took it.
    SmsPageAfterAccept = "SNS 5xx after acceptance", 0.15;
    /// No connection to the carrier.
    SmsUnreachable = "SNS unreachable", 0.4;
    /// The carrier refuses for good.
    SmsRefused = "SNS refused", 0.1;
    /// The webhook's address does not answer.
    ReceiverUnreachable = "receiver unreachable", 0.4;
    /// The receiver's answer is lost.
    WebhookAnswerLost = "webhook answer lost", 0.2;
    /// Meta posts a webhook twice.
    WebhookTwice = "webhook twice", 0.5;
    /// Webhooks come late and overtake each other.
    WebhookLate = "webhooks late", 1.0;
    /// A webhook is never made.
    WebhookLost = "webhook lost", 0.15;
    /// Webhooks come in batches.
    WebhookBatched = "webhooks batched", 1.0;
    /// A webhook has entries that nobody can read.
    StrangeEntry = "strange webhook entry", 0.5;
    /// Somebody posts a webhook that Meta did not sign.
    ForgedWebhook = "forged webhook", 0.2;
    /// A receipt names another bank's notification.
    ForeignReceipt = "foreign receipt", 0.2;
    /// A bank does not get the answer to its request.
    BankAnswerLost = "bank's answer lost", 0.3;
    /// A message that nobody wrote lies in a queue.
    Poison = "poison message", 0.1;
}

/// How often each fault happens.
#[derive(Clone, Debug)]
pub struct Weather {
    probabilities: Vec<f64>,
}

impl Default for Weather {
    fn default() -> Self {
        Self::kind()
    }
}

impl Weather {
    /// Nothing goes wrong.
    #[must_use]
    pub fn kind() -> Self {
        Self {
            probabilities: vec![0.0; Fault::ALL.len()],
        }
    }

    /// Some things go wrong, up to `brutality` (0 to 1) of the worst.
    pub fn draw(dice: &mut Dice, brutality: f64) -> Self {
        let mut weather = Self::kind();
        // Not everything at once: what is broken together hides what is broken alone.
        let share = 0.1 + 0.4 * dice.part();
        for fault in Fault::ALL {
            if dice.hits(share) {
                weather.set(*fault, fault.at_worst() * brutality * dice.part());
            }
        }
        weather
    }

    /// Sets one fault's probability.
    pub fn set(&mut self, fault: Fault, probability: f64) {
        self.probabilities[fault as usize] = probability;
    }

    /// The same with one fault's probability set.
    #[must_use]
    pub fn with(mut self, fault: Fault, probability: f64) -> Self {
        self.set(fault, probability);
        self
    }

    /// One fault's probability.
    #[must_use]
    pub fn of(&self, fault: Fault) -> f64 {
        self.probabilities[fault as usize]
    }
}
