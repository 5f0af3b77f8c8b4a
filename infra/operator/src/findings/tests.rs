use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::delivery::{Failure, FailureKind};
use recado_domain::hours::Hours;
use recado_domain::locale::Locale;

use jiff::SignedDuration;
use recado_whatsapp::webhook::FIELDS;

use super::at_meta::PERMISSIONS;
use super::*;

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn app() -> AppId {
    AppId::parse("600000000000001").unwrap()
}

fn edition() -> Edition {
    Edition {
        name: "pix_received".parse().unwrap(),
        version: 1,
        locale: Locale::PtBr,
    }
}

fn at_meta(review: Review) -> (Option<Review>, Reason) {
    (Some(review), Reason::None)
}

/// A bank that lacks nothing.
fn ready() -> Facts {
    let word = |word: &str| Some(word.to_owned());
    let ours = || Some(tenant("banco-exemplo"));
    Facts {
        tenant: tenant("banco-exemplo"),
        now: Timestamp::from_second(1_793_400_000).unwrap(),
        config: Some(TenantConfig {
            name: "Banco Exemplo".to_owned(),
            phone_number_id: "700000000000003".parse().unwrap(),
            business_account_id: "800000000000003".parse().unwrap(),
            messages_per_second: 80,
            sms_sender_id: word("EXEMPLO"),
            locale: Locale::PtBr,
            time_zone: "America/Sao_Paulo".to_owned(),
            hours: Hours::default(),
            hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
            consent: ConsentPolicy::default(),
        }),
        number_owner: ours(),
        account_owner: ours(),
        clients: vec!["exemplo-core".to_owned()],
        keys: SecretState::Usable,
        whatsapp: SecretState::Usable,
        meta: Some(MetaFacts {
            app: app(),
            token: Ok(TokenAtMeta {
                valid: true,
                app: Some(app()),
                expires: None,
                permissions: PERMISSIONS.map(str::to_owned).into(),
            }),
            number: Ok(NumberAtMeta {
                digits: word("551140000003"),
                status: word("CONNECTED"),
                quality: word("UNKNOWN"),
                name: word("APPROVED"),
                throughput: word("STANDARD"),
                limit: word("TIER_UNLIMITED"),
            }),
            in_account: Ok(true),
            region: Ok(word("BR")),
            subscribed: Ok([app()].into()),
            callback: Ok(Some(AppSubscription {
                callback: word("https://hook.example/"),
                fields: FIELDS.map(str::to_owned).into(),
            })),
            templates: Ok([(edition(), at_meta(Review::Approved))].into()),
            wanted: vec![edition()],
            foreign: Vec::new(),
        }),
        sms: SmsFacts {
            sandbox: Some(false),
            spend_limit: Some(500.0),
        },
    }
}

/// After a change there is exactly this to find.
fn check(change: impl FnOnce(&mut Facts), expected: &[(Weight, &str)]) {
    let mut facts = ready();
    change(&mut facts);
    let found = findings(&facts);
    let lines: Vec<(Weight, &str)> = found
        .iter()
        .map(|finding| (finding.weight, finding.what.as_str()))
        .collect();
    assert_eq!(lines.len(), expected.len(), "{found:#?}");
    for ((weight, line), (expected, part)) in lines.iter().zip(expected) {
        assert_eq!(weight, expected, "{line}");
        assert!(line.contains(part), "{line}\nlacks {part}");
    }
    assert!(found.iter().all(|finding| !finding.todo.is_empty()));
}

fn meta(facts: &mut Facts) -> &mut MetaFacts {
    facts.meta.as_mut().expect("a token")
}

fn refused(code: u32) -> ManageError {
    ManageError::Refused(Failure {
        kind: FailureKind::Technical,
        code: Some(code),
        title: "the access token is expired or revoked".to_owned(),
    })
}

use Weight::{Missing, Note};

#[test]
fn a_bank_that_lacks_nothing_has_no_finding() {
    check(|_| {}, &[]);
}

#[test]
fn what_the_registry_and_the_secrets_lack_is_named() {
    check(
        |facts| facts.number_owner = None,
        &[(Missing, "its number belongs to nobody")],
    );
    check(
        |facts| facts.account_owner = Some(tenant("banco-outro")),
        &[(Missing, "its account belongs to banco-outro")],
    );
    check(|facts| facts.clients.clear(), &[(Missing, "no API client")]);
    check(
        |facts| facts.keys = SecretState::Empty,
        &[(Missing, "no value yet")],
    );
    check(
        |facts| facts.whatsapp = SecretState::Unusable("its app_secrets are empty".to_owned()),
        &[(Missing, "cannot be used: its app_secrets are empty")],
    );
    check(
        |facts| facts.meta = None,
        &[(Missing, "holds no access token")],
    );
    check(
        |facts| {
            facts.config = None;
            facts.meta = None;
        },
        &[(Missing, "the bank has no entry")],
    );
}

#[test]
fn a_token_that_ends_lacks_a_permission_or_is_of_another_app_is_told() {
    let token = |facts: &mut Facts, change: fn(&mut TokenAtMeta)| {
        change(meta(facts).token.as_mut().expect("a token"));
    };
    check(
        |facts| token(facts, |it| it.valid = false),
        &[(Missing, "does not accept")],
    );
    check(
        |facts| token(facts, |it| it.permissions.clear()),
        &[
            (Missing, "whatsapp_business_management"),
            (Missing, "whatsapp_business_messaging"),
        ],
    );
    check(
        |facts| token(facts, |it| it.app = AppId::parse("7").ok()),
        &[(Missing, "another app")],
    );
    let end = |facts: &mut Facts, days: i64| {
        let end = facts.now + SignedDuration::from_hours(24 * days);
        meta(facts).token.as_mut().expect("a token").expires = Some(end);
    };
    check(|facts| end(facts, 29), &[(Missing, "ends at 2026-11-28")]);
    check(|facts| end(facts, 59), &[(Note, "ends at 2026-12-28")]);
    check(
        |facts| meta(facts).token = Err(refused(190)),
        &[(Missing, "(190)")],
    );
}

#[test]
fn what_is_wrong_with_the_number_is_told() {
    let number = |facts: &mut Facts, change: fn(&mut NumberAtMeta)| {
        change(meta(facts).number.as_mut().expect("a number"));
    };
    check(
        |facts| number(facts, |it| it.status = Some("PENDING".to_owned())),
        &[(Missing, "the number is PENDING")],
    );
    check(
        |facts| number(facts, |it| it.status = None),
        &[(Missing, "without a status")],
    );
    check(
        |facts| number(facts, |it| it.quality = Some("RED".to_owned())),
        &[(Note, "its quality is RED")],
    );
    check(
        |facts| number(facts, |it| it.name = Some("DECLINED".to_owned())),
        &[(Note, "its displayed name is DECLINED")],
    );
    check(
        |facts| number(facts, |it| it.limit = Some("TIER_250".to_owned())),
        &[(Note, "TIER_250")],
    );
    check(
        |facts| {
            facts.config.as_mut().expect("an entry").messages_per_second = 81;
        },
        &[(Missing, "messages_per_second is 81")],
    );
    check(
        |facts| meta(facts).in_account = Ok(false),
        &[(Missing, "another account")],
    );
    check(
        |facts| meta(facts).region = Ok(None),
        &[(Note, "no local storage")],
    );
    check(
        |facts| meta(facts).number = Err(ManageError::Missing),
        &[(Missing, "not for this token")],
    );
}

#[test]
fn every_webhook_that_does_not_come_is_told() {
    check(
        |facts| meta(facts).subscribed = Ok(BTreeSet::new()),
        &[(Missing, "no receipt arrives")],
    );
    check(
        |facts| meta(facts).callback = Ok(None),
        &[(Missing, "go nowhere")],
    );
    check(
        |facts| {
            let callback = meta(facts).callback.as_mut().expect("an answer");
            let fields = &mut callback.as_mut().expect("a callback").fields;
            fields.remove("messages");
            fields.remove("security");
        },
        &[(Missing, "not subscribed: messages, security")],
    );
}

#[test]
fn a_template_that_is_not_approved_is_told_with_its_state_and_one_of_another_bank_is_only_noted() {
    check(
        |facts| meta(facts).templates = Ok(BTreeMap::new()),
        &[(Missing, "pix_received (pt_BR): not handed in")],
    );
    for review in Review::ALL.iter().copied() {
        let state = |facts: &mut Facts| {
            meta(facts).templates = Ok([(edition(), at_meta(review))].into());
        };
        match review.closes() {
            None => check(state, &[]),
            Some(_) => check(state, &[(Missing, review.name())]),
        }
    }
    check(
        |facts| meta(facts).foreign = vec!["kyc_pending".to_owned()],
        &[(Note, "kyc_pending")],
    );
}

#[test]
fn an_account_that_cannot_send_sms_is_told() {
    check(
        |facts| facts.sms.sandbox = Some(true),
        &[(Missing, "sandbox")],
    );
    check(
        |facts| facts.sms.spend_limit = Some(1.0),
        &[(Missing, "may spend 1 USD")],
    );
    check(
        |facts| facts.sms = SmsFacts::default(),
        &[(Note, "not checked")],
    );
}
