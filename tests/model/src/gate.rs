//! The cases, each with the bounds that every run of the tests explores.

use std::collections::BTreeMap;
use std::time::Duration;

use recado_domain::channel::Channel::{self, Sms, Voice, Whatsapp};
use recado_domain::class::{Class, Lane};
use recado_domain::delivery::{Facts, Notification, Rung, WhenQueueWaitExceeded};
use recado_domain::hours::Quiet;
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::Sealed;
use recado_domain::switches::{Gates, Reach, SmsBudget};
use recado_domain::template::QuietHours;

use crate::case::{Bounds, Case, Receipts, Times, Validity, WAIT, accepted_at, at};

/// Two faults, any receipts: crashes on top of lost answers, repetitions of repetitions.
const FAULTY: Bounds = Bounds {
    faults: 2,
    lates: 0,
    drives: 2,
    cancels: 0,
    revokes: 0,
    turns: 0,
    receipts: Receipts::Some,
    times: Times::Present,
    most_states: 50_000_000,
};
/// One fault while bank and customer change their minds.
const FICKLE: Bounds = Bounds {
    faults: 1,
    cancels: 1,
    revokes: 1,
    receipts: Receipts::All,
    ..FAULTY
};
/// One fault, and time runs away once from what should have happened.
const LATE: Bounds = Bounds {
    faults: 1,
    lates: 1,
    ..FAULTY
};
/// One fault, every time kept.
const EXACT: Bounds = Bounds {
    faults: 1,
    times: Times::Exact,
    ..FAULTY
};
/// Faults alone.
const ALONE: Bounds = Bounds {
    receipts: Receipts::None,
    ..FAULTY
};

impl Case {
    /// What every run of the tests explores: some cases more than once, within different bounds.
    #[must_use]
    pub fn gate() -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        all.extend([code, notice, reminder, offer].map(|case| case(FAULTY)));
        all.extend([alert, notice, reminder, offer].map(|case| case(FICKLE)));
        all.extend([code, notice].map(|case| case(LATE)));
        let later = |bounds| Bounds { lates: 2, ..bounds };
        all.extend([
            notice(later(Bounds { faults: 1, ..ALONE })),
            offer(later(LATE)),
        ]);
        all.extend([code, notice].map(|case| case(EXACT)));
        all.push(ladder(Bounds {
            faults: 1,
            ..FAULTY
        }));
        all.push(held(Bounds {
            faults: 1,
            turns: 1,
            ..FAULTY
        }));
        all.push(held(Bounds {
            faults: 0,
            turns: 2,
            ..FAULTY
        }));
        let once = Bounds {
            faults: 1,
            ..FAULTY
        };
        all.extend([evening, night, silence].map(|case| case(once)));
        let late = Bounds { faults: 0, ..LATE };
        all.extend([evening, silence].map(|case| case(late)));
        all.push(pair(ALONE));
        all.push(pair(LATE));
        all.push(mixed(Bounds { faults: 1, ..ALONE }));
        all
    }
}

fn code(bounds: Bounds) -> Case {
    let note = notification(1, Class::Authentication, &[Whatsapp, Sms], 300);
    Case {
        name: "code",
        about: "authentication: WhatsApp, SMS; critical lane with guard, 5 minutes",
        notes: vec![note],
        cap: None,
        gates: Gates::default(),
        validity: Validity::Short,
        bounds,
    }
}

fn alert(bounds: Bounds) -> Case {
    Case {
        name: "alert",
        about: "security: as a code, an hour",
        notes: vec![notification(1, Class::Security, &[Whatsapp, Sms], 3_600)],
        validity: Validity::Roomy,
        ..code(bounds)
    }
}

fn notice(bounds: Bounds) -> Case {
    Case {
        name: "notice",
        about: "transactional: WhatsApp, SMS; an hour",
        notes: vec![notification(
            1,
            Class::Transactional,
            &[Whatsapp, Sms],
            3_600,
        )],
        ..alert(bounds)
    }
}

fn reminder(bounds: Bounds) -> Case {
    Case {
        name: "reminder",
        about: "servicing: WhatsApp, SMS; counted against the day's cap, an hour",
        notes: vec![notification(1, Class::Servicing, &[Whatsapp, Sms], 3_600)],
        ..alert(bounds)
    }
}

fn offer(bounds: Bounds) -> Case {
    Case {
        name: "offer",
        about: "marketing: WhatsApp alone; day's cap, expires in the queue, 10 minutes",
        notes: vec![notification(1, Class::Marketing, &[Whatsapp], 600)],
        ..code(bounds)
    }
}

fn ladder(bounds: Bounds) -> Case {
    Case {
        name: "ladder",
        about: "security: WhatsApp, SMS, call; an hour",
        notes: vec![notification(
            1,
            Class::Security,
            &[Whatsapp, Sms, Voice],
            3_600,
        )],
        ..alert(bounds)
    }
}

fn held(bounds: Bounds) -> Case {
    let budget = SmsBudget {
        per_minute: Some(1),
        per_day: None,
    };
    Case {
        name: "held",
        about: "transactional while switches are turned and an SMS budget is used up; 5 minutes",
        notes: vec![notification(1, Class::Transactional, &[Whatsapp, Sms], 300)],
        gates: Gates {
            budgets: vec![(Reach::Everywhere, budget)],
            ..Gates::default()
        },
        ..code(bounds)
    }
}

/// Quiet from and until these seconds, for notifications that heed it.
fn quiet(case: Case, policy: QuietHours, from: u16, until: u16) -> Case {
    let quiet = Quiet {
        from: at(from),
        until: at(until),
        ended: Some(at(until)),
    };
    let heeds = |note| Notification {
        quiet_hours: policy,
        ..note
    };
    Case {
        notes: case.notes.into_iter().map(heeds).collect(),
        gates: Gates {
            quiet: Some(quiet),
            ..case.gates
        },
        ..case
    }
}

fn evening(bounds: Bounds) -> Case {
    let case = Case {
        name: "evening",
        about: "a reminder between whose WhatsApp and whose SMS quiet hours begin: both wait",
        ..reminder(bounds)
    };
    quiet(case, QuietHours::Deferred, 20, 600)
}

fn night(bounds: Bounds) -> Case {
    let case = Case {
        name: "night",
        about: "an offer accepted in quiet hours longer than a queue's delay, valid an hour",
        notes: vec![notification(1, Class::Marketing, &[Whatsapp], 3_600)],
        ..offer(bounds)
    };
    quiet(case, QuietHours::Deferred, 0, 1_000)
}

fn silence(bounds: Bounds) -> Case {
    let case = Case {
        name: "silence",
        about: "a reminder that is of no use after the quiet hours that begin before its SMS",
        ..reminder(bounds)
    };
    quiet(case, QuietHours::Suppressed, 20, 600)
}

fn pair(bounds: Bounds) -> Case {
    let offer = |number| notification(number, Class::Marketing, &[Whatsapp], 600);
    Case {
        name: "pair",
        about: "two offers, room under the cap for one",
        notes: vec![offer(1), offer(2)],
        cap: Some(1),
        ..code(bounds)
    }
}

fn mixed(bounds: Bounds) -> Case {
    Case {
        name: "mixed",
        about: "a code and a notice",
        notes: vec![
            notification(1, Class::Authentication, &[Whatsapp, Sms], 300),
            notification(2, Class::Transactional, &[Whatsapp, Sms], 300),
        ],
        ..code(bounds)
    }
}

fn notification(number: u8, class: Class, channels: &[Channel], valid: u16) -> Notification {
    let rung = |(place, channel): (usize, &Channel)| Rung {
        channel: *channel,
        after: Duration::from_secs(if place == 0 { 0 } else { WAIT.into() }),
    };
    let queue_wait = match class.lane() {
        Lane::Critical => 10,
        Lane::Standard | Lane::Bulk => 120,
    };
    let letters = char::from(b'a' + number).to_string().repeat(26);
    Notification {
        id: NotificationId::parse(&format!("ntf_{letters}")).expect("an id"),
        tenant: TenantId::parse("banco-aurora").expect("a tenant"),
        recipient: RecipientToken::parse(&format!("rcp_1_{}", "a".repeat(26)))
            .expect("a recipient"),
        to_masked: String::new(),
        template: TemplateName::parse("model").expect("a template"),
        template_version: 1,
        locale: Locale::PtBr,
        class,
        lane: class.lane(),
        reference: None,
        digest: String::new(),
        accepted_at: accepted_at(),
        valid_until: at(valid),
        ladder: channels.iter().enumerate().map(rung).collect(),
        max_queue_wait: Duration::from_secs(queue_wait),
        when_queue_wait_exceeded: match class.lane() {
            Lane::Bulk => WhenQueueWaitExceeded::Expire,
            Lane::Critical | Lane::Standard => WhenQueueWaitExceeded::NextLeg,
        },
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: class.daily_cap(),
        masked: BTreeMap::new(),
        content: Some(Sealed {
            key: String::new(),
            bytes: Vec::new(),
        }),
        facts: Facts::default(),
    }
}
