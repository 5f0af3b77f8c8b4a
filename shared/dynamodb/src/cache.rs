//! What a process remembers of the table for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// More entries than any deployment has: what a caller invents must not fill the memory.
const MOST: usize = 10_000;

/// How long an entry is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// As long as the process lives: it cannot change.
    Forever,
    /// This long.
    For(SignedDuration),
}

/// Answers by key, each for its own time.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (V, Timestamp, Life)>>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, stored, life) = entries.get(key)?;
        let fresh = match life {
            Life::Forever => true,
            // A clock that was set back makes an entry old, not eternal.
            Life::For(life) => {
                let age = now.duration_since(*stored);
                !age.is_negative() && age < *life
            }
        };
        fresh.then(|| value.clone())
    }

    /// The answer however old it is: better than none.
    pub(crate) fn last(&self, key: &K) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).map(|(value, ..)| value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V, now: Timestamp, life: Life) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(key, (value, now, life));
    }

    /// Forgets what this process itself has changed.
    pub(crate) fn forget(&self, forgotten: impl Fn(&K) -> bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|key, _| !forgotten(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_entry_is_believed_for_its_time_and_not_longer() {
        let cache = Cache::default();
        cache.put(
            "short",
            1,
            at(100),
            Life::For(SignedDuration::from_secs(60)),
        );
        cache.put("long", 2, at(100), Life::Forever);
        assert_eq!(cache.get(&"short", at(159)), Some(1));
        assert_eq!(cache.get(&"short", at(160)), None);
        assert_eq!(cache.get(&"short", at(99)), None);
        assert_eq!(cache.last(&"short"), Some(1));
        assert_eq!(cache.last(&"never"), None);
        assert_eq!(cache.get(&"long", at(1_000_000)), Some(2));
        cache.forget(|key| *key == "long");
        assert_eq!(cache.get(&"long", at(100)), None);
    }

    #[test]
    fn invented_keys_do_not_fill_the_memory() {
        let cache = Cache::default();
        for key in 0..3 * MOST {
            cache.put(key, (), at(0), Life::Forever);
        }
        assert!(cache.entries.lock().unwrap().len() <= MOST);
    }
}
