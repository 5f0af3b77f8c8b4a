//! The keys of every item. No number, name, text or wamid ever stands in one (I11).

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::ids::{
    BusinessAccountId, NotificationId, PhoneNumberId, RecipientToken, TemplateName, TenantId,
};
use recado_domain::standing::Edition;
use recado_domain::switches::{Counter, Switch};

use crate::attributes::{Item, text};

/// The partition key's attribute.
pub(crate) const PK: &str = "pk";
/// The sort key's attribute.
pub(crate) const SK: &str = "sk";

/// The first sort key of what a function reads of a recipient: `CAP#…` stands before it.
pub(crate) const FIRST_CONSENT: &str = "CONSENT#";
/// The sort key of a recipient's profile: the last one in the partition.
pub(crate) const PROFILE: &str = "PROFILE";
/// What every template version's sort key starts with.
pub(crate) const VERSION: &str = "V#";
/// What the sort key of everything that Meta says of an edition starts with.
pub(crate) const META: &str = "META#";

/// What the sort key of a bank's client starts with.
pub(crate) const OWN_CLIENT: &str = "CLIENT#";

/// The partition of all switches.
pub(crate) const SWITCHES: &str = "SWITCHES";

/// An item's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn notification(id: &NotificationId) -> Self {
        Self::of(format!("NTF#{id}"), "STATE")
    }

    pub(crate) fn profile(tenant: &TenantId, recipient: &RecipientToken) -> Self {
        Self::of(recipient_partition(tenant, recipient), PROFILE)
    }

    pub(crate) fn consent(tenant: &TenantId, recipient: &RecipientToken, channel: Channel) -> Self {
        Self::of(
            recipient_partition(tenant, recipient),
            format!("{FIRST_CONSENT}{channel}"),
        )
    }

    pub(crate) fn cap(
        tenant: &TenantId,
        recipient: &RecipientToken,
        day: &str,
        purpose: Class,
    ) -> Self {
        Self::of(
            recipient_partition(tenant, recipient),
            format!("CAP#{day}#{purpose}"),
        )
    }

    pub(crate) fn history(tenant: &TenantId, recipient: &RecipientToken, sort_key: &str) -> Self {
        Self::of(history_partition(tenant, recipient), sort_key)
    }

    pub(crate) fn chat(tenant: &TenantId, recipient: &RecipientToken, sort_key: &str) -> Self {
        Self::of(chat_partition(tenant, recipient), sort_key)
    }

    pub(crate) fn alias(tenant: &TenantId, digest: &str) -> Self {
        Self::of(format!("ALIAS#{tenant}"), digest)
    }

    pub(crate) fn tenant(tenant: &TenantId) -> Self {
        Self::of(tenant_partition(tenant), "CONFIG")
    }

    pub(crate) fn client(client_id: &str) -> Self {
        Self::of(format!("CLIENT#{client_id}"), "TENANT")
    }

    /// A bank's client once more, beside its entry: so that its clients are found by its name.
    pub(crate) fn own_client(tenant: &TenantId, client_id: &str) -> Self {
        Self::of(tenant_partition(tenant), format!("{OWN_CLIENT}{client_id}"))
    }

    pub(crate) fn number(number: &PhoneNumberId) -> Self {
        Self::of(format!("NUMBER#{number}"), "TENANT")
    }

    pub(crate) fn account(account: &BusinessAccountId) -> Self {
        Self::of(format!("WABA#{account}"), "TENANT")
    }

    /// By which pepper the table's people are known.
    pub(crate) fn pepper() -> Self {
        Self::of("PEPPER".to_owned(), "STATE")
    }

    /// What Meta says of one language of one version.
    pub(crate) fn standing(tenant: &TenantId, edition: &Edition) -> Self {
        let Edition {
            name,
            version,
            locale,
        } = edition;
        Self::of(
            template_partition(tenant, name),
            format!("{META}{version:010}#{locale}"),
        )
    }

    /// A name under which a bank has versions of its own.
    pub(crate) fn own_name(tenant: &TenantId, name: &TemplateName) -> Self {
        Self::of(own_names_partition(tenant), name.as_str())
    }

    pub(crate) fn template(tenant: &TenantId, name: &TemplateName, version: u32) -> Self {
        // Padded to the width of the largest version, so that the newest is the last.
        Self::of(
            template_partition(tenant, name),
            format!("{VERSION}{version:010}"),
        )
    }

    /// A switch as it stands: all of them in one partition, read by one request.
    pub(crate) fn switch(switch: &Switch) -> Self {
        Self::of(SWITCHES.to_owned(), switch.to_string())
    }

    /// One turn of a switch.
    pub(crate) fn turn(switch: &Switch, at: Timestamp) -> Self {
        // Padded, so that the turns lie in the order of time.
        Self::of(
            turns_partition(switch),
            format!("{:015}", at.as_millisecond()),
        )
    }

    pub(crate) fn tally(counter: &Counter) -> Self {
        Self::of(format!("TALLY#{}", counter.switch), counter.window.name())
    }

    fn of(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// Both parts.
    pub(crate) fn pair(&self) -> (String, String) {
        (self.pk.clone(), self.sk.clone())
    }

    /// The key as attributes: the beginning of the item, or what names it in a request.
    pub(crate) fn item(&self) -> Item {
        Item::from([
            (PK.to_owned(), text(&self.pk)),
            (SK.to_owned(), text(&self.sk)),
        ])
    }
}

/// A bank's entry and its clients.
pub(crate) fn tenant_partition(tenant: &TenantId) -> String {
    format!("TNT#{tenant}")
}

/// The turns of a switch.
pub(crate) fn turns_partition(switch: &Switch) -> String {
    format!("SWITCH#{switch}")
}

/// Profile, consents and caps of a recipient.
pub(crate) fn recipient_partition(tenant: &TenantId, recipient: &RecipientToken) -> String {
    format!("RCP#{tenant}#{recipient}")
}

/// The consent history of a recipient.
pub(crate) fn history_partition(tenant: &TenantId, recipient: &RecipientToken) -> String {
    format!("RCPH#{tenant}#{recipient}")
}

/// The conversation with a recipient.
pub(crate) fn chat_partition(tenant: &TenantId, recipient: &RecipientToken) -> String {
    format!("CHAT#{tenant}#{recipient}")
}

/// The names of a bank's own templates.
pub(crate) fn own_names_partition(tenant: &TenantId) -> String {
    format!("TPLS#{tenant}")
}

/// A bank's own versions of a template, and what Meta says of these and of the catalogue's.
pub(crate) fn template_partition(tenant: &TenantId, name: &TemplateName) -> String {
    format!("TPL#{tenant}#{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> TenantId {
        TenantId::parse("banco-aurora").unwrap()
    }

    fn recipient() -> RecipientToken {
        RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap()
    }

    #[test]
    fn a_query_from_the_first_consent_on_reads_consents_and_profile_but_no_caps() {
        let sort_keys = |class| Key::cap(&tenant(), &recipient(), "2026-11-21", class).sk;
        for class in Class::ALL {
            assert!(sort_keys(class).as_str() < FIRST_CONSENT, "{class}");
        }
        for channel in Channel::ALL {
            assert!(Key::consent(&tenant(), &recipient(), channel).sk.as_str() > FIRST_CONSENT);
        }
        assert!(Key::profile(&tenant(), &recipient()).sk.as_str() > FIRST_CONSENT);
    }

    #[test]
    fn template_versions_sort_by_number() {
        let name = TemplateName::parse("pix_received").unwrap();
        let key = |version| Key::template(&tenant(), &name, version).sk;
        assert!(key(2) < key(10));
        assert!(key(10) < key(u32::MAX));
    }
}
