//! Names that come from outside: exactly their form, or refused.

use recado_domain::carried::Carried;
use recado_domain::ids::{IdempotencyKey, NotificationId, TenantId};
use recado_domain::seal::Pepper;

use crate::quoting::quotes;

fn pepper() -> Pepper {
    Pepper::new("1", &[7; 32]).expect("the pepper is long enough")
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("the name is plain")
}

/// The header `Idempotency-Key`: one key, one notification of one bank (I2).
pub fn idempotency_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let key = match IdempotencyKey::parse(text) {
        Ok(key) => key,
        Err(error) => {
            assert!(!fits, "a good key is refused: {error}");
            return;
        }
    };
    assert!(fits, "a key of another form is taken");
    assert_eq!(key.as_str(), text);
    let (pepper, bank) = (pepper(), tenant("banco-aurora"));
    let id = pepper.notification(&bank, &key);
    assert_eq!(NotificationId::parse(id.as_str()).as_ref(), Ok(&id));
    assert_eq!(
        pepper.notification(&bank, &key),
        id,
        "one key, two notifications"
    );
    assert_ne!(
        pepper.notification(&tenant("banco-boreal"), &key),
        id,
        "two banks share one"
    );
    assert!(
        text.len() < 3 || !id.as_str().contains(text),
        "the id holds the key"
    );
    for other in [
        format!("{text}0"),
        format!(" {text}"),
        text.to_ascii_uppercase(),
    ] {
        if let Ok(other) = IdempotencyKey::parse(&other)
            && other != key
        {
            assert_ne!(
                pepper.notification(&bank, &other),
                id,
                "two keys, one notification"
            );
        }
    }
}

/// `biz_opaque_callback_data`: the only thing that ties a receipt to a message of ours.
pub fn callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let carried = match Carried::parse(text) {
        Ok(carried) => carried,
        Err(error) => {
            let said = error.to_string();
            assert!(!quotes(&said, text), "{said}");
            return;
        }
    };
    assert_eq!(carried.to_string(), text, "one message has two spellings");
    assert_eq!(Carried::parse(&carried.to_string()).as_ref(), Ok(&carried));
    assert!(text.len() <= 512, "Meta takes no more");
    for other in [
        format!("{text}."),
        format!(" {text}"),
        format!("{text}\n"),
        text.replace('.', ":"),
        text.replace("ntf_", "NTF_").replace("rcp_", "RCP_"),
    ] {
        assert!(Carried::parse(&other).is_err(), "{other:?} is ours");
    }
}
