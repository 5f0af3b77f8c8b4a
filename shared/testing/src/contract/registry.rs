//! The registry: the bank's own before the catalogue's, versions immutable.

use recado_domain::catalogue;
use recado_domain::class::Class;
use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::{Calendar, Hours};
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::template::Template;
use recado_ports::{Kept, OwnTemplates, Registry, TenantConfig};

use super::tenant;

/// What must be in the registry before [`registry_contract`] runs, and nothing else.
#[derive(Clone, Debug)]
pub struct BankEntries {
    /// The bank.
    pub tenant: TenantId,
    /// Its entry.
    pub config: TenantConfig,
    /// Its client.
    pub client_id: String,
    /// Its own template versions, to be stored in this order.
    pub templates: Vec<Template>,
}

impl BankEntries {
    /// The bank's entry under another name.
    #[must_use]
    pub fn with_name(&self, name: &str) -> TenantConfig {
        TenantConfig {
            name: name.to_owned(),
            ..self.config.clone()
        }
    }
}

/// Entries of one bank with templates of its own: one by a name of its own, in versions 1, 2 and 10, and
/// one that goes on where the catalogue's ends.
///
/// # Panics
/// If the catalogue lacks `pix_received`.
#[must_use]
pub fn bank_entries() -> BankEntries {
    let base = catalogue::find(&name("pix_received"), None).expect("the catalogue has it");
    let version = |of: &str, version: u32| Template {
        name: name(of),
        version,
        ..Template::clone(&base)
    };
    BankEntries {
        tenant: tenant("banco-registro"),
        config: TenantConfig {
            name: "Banco Registro".to_owned(),
            phone_number_id: number(),
            business_account_id: account(),
            messages_per_second: 80,
            sms_sender_id: None,
            locale: Locale::PtBr,
            time_zone: "America/Sao_Paulo".to_owned(),
            hours: Hours {
                servicing: "Mo-Fr 08:00-20:00; Sa 08:00-14:00".parse().expect("a week"),
                calendar: Calendar::None,
                ..Hours::default()
            },
            hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
            consent: ConsentPolicy {
                double_opt_in: [Class::Servicing, Class::Marketing].into(),
                days: [(Class::Marketing, 730)].into(),
            },
        },
        client_id: "registro-core".to_owned(),
        templates: vec![
            version("own_message", 10),
            version("own_message", 1),
            version("own_message", 2),
            version("pix_received", base.version + 1),
        ],
    }
}

fn name(text: &str) -> TemplateName {
    TemplateName::parse(text).expect("a template's name")
}

fn account() -> BusinessAccountId {
    BusinessAccountId::parse("806012345678901").expect("digits")
}

fn number() -> PhoneNumberId {
    PhoneNumberId::parse("106012345678901").expect("digits")
}

/// Exercises a registry that holds [`bank_entries`] and takes their templates.
///
/// # Panics
/// Where the registry breaks the contract.
pub async fn registry_contract<S: Registry + OwnTemplates>(store: &S) {
    let entries = bank_entries();
    for template in &entries.templates {
        let kept = store.keep(&entries.tenant, template).await;
        let kept = kept.expect("the store answers");
        assert!(matches!(kept, Kept::New | Kept::Same), "{kept:?}");
    }
    let (own, other) = (&entries.tenant, tenant("banco-desconhecido"));
    // Twice each: what is remembered is what was read.
    for _ in 0..2 {
        let config = store.tenant(own).await.expect("the store answers");
        assert_eq!(config.as_ref(), Some(&entries.config));
        let client = store
            .client(&entries.client_id)
            .await
            .expect("the store answers");
        assert_eq!(client.as_ref(), Some(own));
        let of_number = store.number(&number()).await.expect("the store answers");
        assert_eq!(of_number.as_ref(), Some(own));
        let of_account = store.account(&account()).await.expect("the store answers");
        assert_eq!(of_account.as_ref(), Some(own));

        assert_eq!(store.tenant(&other).await.expect("the store answers"), None);
        assert_eq!(
            store.client("nobody").await.expect("the store answers"),
            None
        );
        let nowhere = PhoneNumberId::parse("1").expect("a digit");
        assert_eq!(
            store.number(&nowhere).await.expect("the store answers"),
            None
        );

        let nobodys = BusinessAccountId::parse("1").expect("a digit");
        assert_eq!(
            store.account(&nobodys).await.expect("the store answers"),
            None
        );

        let found = async |tenant: &TenantId, of: &str, version: Option<u32>| {
            let found = store
                .template(tenant, &name(of), version)
                .await
                .expect("the store answers");
            found.map(|template| (template.name.as_str().to_owned(), template.version))
        };
        let template = |of: &str, version: u32| Some((of.to_owned(), version));
        let base = entries.templates[3].version - 1;
        assert_eq!(
            found(own, "own_message", None).await,
            template("own_message", 10)
        );
        assert_eq!(
            found(own, "own_message", Some(2)).await,
            template("own_message", 2)
        );
        assert_eq!(found(own, "own_message", Some(3)).await, None);
        assert_eq!(found(&other, "own_message", None).await, None);
        assert_eq!(
            found(own, "pix_received", None).await,
            template("pix_received", base + 1)
        );
        assert_eq!(
            found(own, "pix_received", Some(base)).await,
            template("pix_received", base)
        );
        assert_eq!(
            found(&other, "pix_received", None).await,
            template("pix_received", base)
        );
        assert_eq!(found(&other, "pix_received", Some(base + 1)).await, None);
        assert_eq!(found(own, "no_such_message", None).await, None);
    }
    let whole = store
        .template(own, &name("own_message"), Some(1))
        .await
        .expect("the store answers");
    assert_eq!(
        whole.as_deref(),
        Some(&entries.templates[1]),
        "nothing of it is lost"
    );
}
