//! I9 and I12: as long as something is to be done for a notification, a message says so; what nobody can
//! read ends as a dead letter, and nothing else does on a calm day.

use super::case::MessageKind;
use super::{Auditor, Original, Promise};
use crate::history::About;

impl Auditor<'_> {
    pub(super) fn sent(&mut self, message: u64, about: &About, copy: bool) {
        let original = if copy {
            Original::Copy
        } else {
            Original::Itself
        };
        self.messages.insert(message, (about.clone(), original));
        let (id, kind) = match about {
            About::Job(id) => (id, MessageKind::Job),
            About::Timer(id, leg) => (id, MessageKind::Timer(*leg)),
            About::Reply(_) | About::Poison => return,
        };
        if let Some(case) = self.cases.get_mut(id) {
            // A copy may do the work, but nothing may depend on there being one.
            if original == Original::Itself {
                case.live.insert(message, kind);
            }
            match kind {
                MessageKind::Job => case.job_sent = true,
                MessageKind::Timer(_) => case.timer_sent = true,
            }
        }
    }

    pub(super) fn acknowledged(&mut self, message: u64) {
        let Some((about, _)) = self.messages.get(&message).cloned() else {
            return;
        };
        if about == About::Poison {
            let what = "a message that nobody can read was acknowledged";
            return self.broken(Promise::I12, None, what);
        }
        let Some(id) = about.notification() else {
            return;
        };
        let at = self.at;
        let Some(case) = self.cases.get_mut(id) else {
            return;
        };
        let was = case.live.remove(&message).is_some();
        let alone = case.live.is_empty() && case.dead.is_empty();
        if was && alone && case.unfinished(at) {
            let what = "the last message was acknowledged and something is still to be done";
            self.broken(Promise::I9, Some(id), what);
        } else if was && alone && case.sealed {
            let what = "the last message was acknowledged and the content is still there";
            self.broken(Promise::I11, Some(id), what);
        }
    }

    pub(super) fn died(&mut self, message: u64) {
        let Some((about, _)) = self.messages.get(&message).cloned() else {
            return;
        };
        if self.is_calm() && about != About::Poison {
            let what = format!("a dead letter on a calm day: {about:?}");
            self.broken(Promise::I12, about.notification(), what);
        }
        if let Some(case) = about.notification().and_then(|id| self.cases.get_mut(id))
            && case.live.remove(&message).is_some()
        {
            case.dead.insert(message);
        }
    }

    pub(super) fn redriven(&mut self, message: u64) {
        let Some((about, _)) = self.messages.get(&message).cloned() else {
            return;
        };
        let kind = match &about {
            About::Job(_) => MessageKind::Job,
            About::Timer(_, leg) => MessageKind::Timer(*leg),
            About::Reply(_) | About::Poison => return,
        };
        if let Some(case) = about.notification().and_then(|id| self.cases.get_mut(id))
            && case.dead.remove(&message)
        {
            case.live.insert(message, kind);
        }
    }

    pub(super) fn webhook(&mut self, post: u64, status: Option<u16>) {
        let fine = match status {
            Some(200) => true,
            Some(503) | None => !self.is_calm(),
            Some(_) => false,
        };
        if !fine {
            let what = format!("webhook {post} was answered {status:?}");
            self.broken(Promise::I12, None, what);
        }
    }
}
