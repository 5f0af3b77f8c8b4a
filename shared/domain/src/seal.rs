//! Sealing of personal data and the keyed digests that stand in for it (I11).

use std::collections::BTreeMap;
use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use thiserror::Error;

use crate::ids::{IdempotencyKey, NotificationId, RecipientToken, TenantId, UserId, base32};
use crate::phone::E164;

/// Bytes of randomness that every sealing needs, fresh each time.
pub const NONCE_BYTES: usize = NONCE_LEN;

/// Sealed content: the key's id, the nonce and the ciphertext with its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key opens it.
    pub key: String,
    /// Nonce (12 bytes), ciphertext, tag (16 bytes).
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {} bytes)", self.key, self.bytes.len())
    }
}

/// Why sealed content does not open, or nothing can be sealed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// No key of that id is in the ring.
    #[error("no sealing key {0}")]
    UnknownKey(String),
    /// Another key, another item, or altered bytes.
    #[error("sealed content does not open")]
    Refused,
    /// A key that is not 32 bytes, or a ring without its current key.
    #[error("sealing keys: {0}")]
    BadKeys(&'static str),
}

/// The sealing keys: one seals, all of them open.
#[derive(Clone)]
pub struct Keyring {
    current: String,
    keys: BTreeMap<String, LessSafeKey>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Keyring(current {}, {} keys)",
            self.current,
            self.keys.len()
        )
    }
}

impl Keyring {
    /// Takes the keys (32 bytes each) by id and names the one that seals.
    pub fn new(current: &str, keys: BTreeMap<String, Vec<u8>>) -> Result<Self, SealError> {
        let mut ring = BTreeMap::new();
        for (id, bytes) in keys {
            let key = UnboundKey::new(&AES_256_GCM, &bytes)
                .map_err(|_| SealError::BadKeys("each key must have 32 bytes"))?;
            ring.insert(id, LessSafeKey::new(key));
        }
        if !ring.contains_key(current) {
            return Err(SealError::BadKeys("the current key is not among the keys"));
        }
        Ok(Self {
            current: current.to_owned(),
            keys: ring,
        })
    }

    /// Seals `plain` for the item named by `associated`; opening needs the same name.
    pub fn seal(
        &self,
        associated: &str,
        plain: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Sealed, SealError> {
        let key = self
            .keys
            .get(&self.current)
            .ok_or(SealError::BadKeys("no current key"))?;
        let mut bytes = plain.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            &mut bytes,
        )
        .map_err(|_| SealError::Refused)?;
        let mut whole = nonce.to_vec();
        whole.append(&mut bytes);
        Ok(Sealed {
            key: self.current.clone(),
            bytes: whole,
        })
    }

    /// Opens what was sealed for the item named by `associated`.
    pub fn open(&self, associated: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let key = self
            .keys
            .get(&sealed.key)
            .ok_or_else(|| SealError::UnknownKey(sealed.key.clone()))?;
        let (nonce, rest) = sealed
            .bytes
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealError::Refused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Refused)?;
        let mut bytes = rest.to_vec();
        let plain = key
            .open_in_place(nonce, Aad::from(associated), &mut bytes)
            .map_err(|_| SealError::Refused)?;
        Ok(plain.to_vec())
    }
}

/// The secret behind every pseudonym; its version stands in front of each recipient token.
#[derive(Clone)]
pub struct Pepper {
    version: String,
    key: hmac::Key,
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper({})", self.version)
    }
}

impl Pepper {
    /// Takes the pepper (at least 32 bytes) and its version (1–8 letters and digits).
    pub fn new(version: &str, secret: &[u8]) -> Result<Self, SealError> {
        if secret.len() < 32 {
            return Err(SealError::BadKeys("the pepper must have at least 32 bytes"));
        }
        if version.is_empty()
            || version.len() > 8
            || !version.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(SealError::BadKeys(
                "the pepper's version must be 1 to 8 letters and digits",
            ));
        }
        Ok(Self {
            version: version.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
        })
    }

    /// The recipient's pseudonym: the same for every way of writing the same number.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "only a keyed digest of it leaves"
    )]
    pub fn recipient(&self, tenant: &TenantId, phone: &E164) -> RecipientToken {
        let canonical = phone.canonical();
        RecipientToken::from_bytes(
            &self.version,
            self.digest("recipient", &[tenant.as_str(), canonical.expose()]),
        )
    }

    /// The digest under which a WhatsApp user id is known: an alias of a recipient.
    #[must_use]
    pub fn alias(&self, tenant: &TenantId, user: &UserId) -> String {
        base32(&self.digest("alias", &[tenant.as_str(), user.as_str()]))
    }

    /// The pseudonym of somebody of whom Meta tells only a user id, until a number is learnt. Made of
    /// the alias, so that an erasure finds it from the recipient's own.
    #[must_use]
    pub fn nameless(&self, tenant: &TenantId, alias: &str) -> RecipientToken {
        RecipientToken::from_bytes(
            &self.version,
            self.digest("nameless", &[tenant.as_str(), alias]),
        )
    }

    /// The notification's id: one per tenant and idempotency key (I2).
    #[must_use]
    pub fn notification(&self, tenant: &TenantId, key: &IdempotencyKey) -> NotificationId {
        NotificationId::from_bytes(self.digest("notification", &[tenant.as_str(), key.as_str()]))
    }

    /// What tells this pepper from every other and gives nothing of it away.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        base32(&self.digest("fingerprint", &[&self.version]))
    }

    /// A keyed digest of content, for comparison only (26 base32 characters).
    #[must_use]
    pub fn digest_of(&self, purpose: &str, content: &[&str]) -> String {
        base32(&self.digest(purpose, content))
    }

    /// Parts are length-prefixed, so that no two lists of parts make the same input.
    fn digest(&self, purpose: &str, parts: &[&str]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in std::iter::once(&purpose).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&context.sign().as_ref()[..16]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Keyring {
        let keys = BTreeMap::from([
            ("k1".to_owned(), vec![1; 32]),
            ("k2".to_owned(), vec![2; 32]),
        ]);
        Keyring::new("k2", keys).expect("keys")
    }

    #[test]
    fn what_is_sealed_opens_for_its_own_item_only() {
        let sealed = ring().seal("NTF#a", b"Maria", [9; 12]).expect("seals");
        assert_eq!(ring().open("NTF#a", &sealed).expect("opens"), b"Maria");
        assert_eq!(ring().open("NTF#b", &sealed), Err(SealError::Refused));
        let mut altered = sealed.clone();
        *altered.bytes.last_mut().expect("bytes") ^= 1;
        assert_eq!(ring().open("NTF#a", &altered), Err(SealError::Refused));
        let short = Sealed {
            key: "k1".into(),
            bytes: vec![1, 2, 3],
        };
        assert_eq!(ring().open("NTF#a", &short), Err(SealError::Refused));
        let unknown = Sealed {
            key: "k9".into(),
            bytes: sealed.bytes,
        };
        assert_eq!(
            ring().open("NTF#a", &unknown),
            Err(SealError::UnknownKey("k9".into()))
        );
    }

    #[test]
    fn an_old_key_still_opens_after_the_current_one_changed() {
        let old =
            Keyring::new("k1", BTreeMap::from([("k1".to_owned(), vec![1; 32])])).expect("keys");
        let sealed = old.seal("item", b"text", [3; 12]).expect("seals");
        assert_eq!(ring().open("item", &sealed).expect("opens"), b"text");
    }

    #[test]
    fn a_pseudonym_depends_on_tenant_and_person_not_on_spelling() {
        let pepper = Pepper::new("1", &[7; 32]).expect("pepper");
        let aurora = TenantId::parse("aurora").expect("tenant");
        let boreal = TenantId::parse("boreal").expect("tenant");
        let phone = E164::parse("+5511987654321").expect("phone");
        let short = E164::parse("+551187654321").expect("phone");
        assert_eq!(
            pepper.recipient(&aurora, &phone),
            pepper.recipient(&aurora, &short)
        );
        assert_ne!(
            pepper.recipient(&aurora, &phone),
            pepper.recipient(&boreal, &phone)
        );
        let key = IdempotencyKey::parse("a").expect("key");
        assert_ne!(
            pepper.notification(&aurora, &key),
            pepper.notification(&boreal, &key)
        );
        assert_ne!(
            pepper.digest_of("p", &["ab", "c"]),
            pepper.digest_of("p", &["a", "bc"])
        );
    }

    #[test]
    fn each_key_and_each_user_has_a_pseudonym_of_its_own() {
        let pepper = Pepper::new("1", &[7; 32]).expect("pepper");
        let aurora = TenantId::parse("aurora").expect("tenant");
        let boreal = TenantId::parse("boreal").expect("tenant");
        let id =
            |key: &str| pepper.notification(&aurora, &IdempotencyKey::parse(key).expect("a key"));
        assert_eq!(id("order 77/1"), id("order 77/1"));
        assert_ne!(id("order 77/1"), id("order 77/2"));
        let alias =
            |tenant, user: &str| pepper.alias(tenant, &UserId::parse(user).expect("a user id"));
        assert_eq!(alias(&aurora, "BR.44"), alias(&aurora, "BR.44"));
        assert_ne!(alias(&aurora, "BR.44"), alias(&aurora, "BR.45"));
        assert_ne!(alias(&aurora, "BR.44"), alias(&boreal, "BR.44"));
        let nameless = |tenant, user: &str| pepper.nameless(tenant, &alias(tenant, user));
        assert_ne!(nameless(&aurora, "BR.44"), nameless(&aurora, "BR.45"));
        assert!(nameless(&aurora, "BR.44").as_str().starts_with("rcp_1_"));
    }

    #[test]
    fn a_fingerprint_tells_every_other_version_and_secret_apart() {
        let of = |version, secret: &[u8]| {
            let pepper = Pepper::new(version, secret).expect("pepper");
            pepper.fingerprint()
        };
        assert_eq!(of("1", &[7; 32]), of("1", &[7; 32]));
        assert_ne!(of("1", &[7; 32]), of("2", &[7; 32]));
        assert_ne!(of("1", &[7; 32]), of("1", &[8; 32]));
    }

    #[test]
    fn neither_a_key_nor_what_it_seals_prints() {
        let sealed = ring().seal("NTF#a", b"Maria", [9; 12]).expect("seals");
        assert_eq!(format!("{sealed:?}"), "Sealed(k2, 33 bytes)");
        assert_eq!(format!("{:?}", ring()), "Keyring(current k2, 2 keys)");
        let pepper = Pepper::new("1", &[7; 32]).expect("pepper");
        assert_eq!(format!("{pepper:?}"), "Pepper(1)");
    }
}
