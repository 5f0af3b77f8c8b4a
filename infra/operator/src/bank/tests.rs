use super::*;

const EXAMPLE: &str = include_str!("../../bank.example.toml");

fn faults(text: &str) -> Vec<String> {
    let BankFaults(faults) = Bank::parse(text).expect_err("mistakes");
    faults
        .into_iter()
        .map(|fault| format!("{}: {}", fault.field, fault.rule))
        .collect()
}

#[test]
fn the_example_describes_a_bank_and_its_optional_parts_are_the_defaults_they_are_said_to_be() {
    let bank = Bank::parse(EXAMPLE).expect("the example reads");
    assert_eq!(bank.tenant.as_str(), "banco-exemplo");
    assert_eq!(bank.digits, "551140000003");
    assert_eq!(bank.requests_per_second, Some(200));
    assert_eq!(bank.config.hours, Hours::default());
    assert_eq!(bank.config.consent.double_opt_in, [Class::Marketing].into());
    assert_eq!(bank.config.consent.days, [(Class::Marketing, 730)].into());
    assert_eq!(bank.config.check(), Ok(()));
    let (least, _) = EXAMPLE.split_once("[hours]").expect("a section");
    let least = Bank::parse(least).expect("the rest is optional");
    assert_eq!(least.config.hours, Hours::default());
    assert_eq!(least.config.consent, ConsentPolicy::default());
    assert_eq!(least.config.sms_sender_id, None);
}

#[test]
fn every_mistake_is_named_at_once_and_no_value_with_it() {
    let text = r#"
        tenant = "Banco Exemplo"
        name = "Banco Exemplo do Brasil S.A."
        waba_id = 800000000000003
        display_number = "4000-0003"
        messages_per_second = 0
        locale = "pt"
        time_zone = "America/Nowhere"
        hosts = ["https://app.bank.example"]
        sms_sender_id = "123"
        sender = "x"
        [hours]
        servicing = "nine to five"
        calendar = "DE"
        [consent]
        double_opt_in = ["offers"]
        days = { marketing = 0, offers = 3 }
    "#;
    let found = faults(text);
    let fields: Vec<&str> = found
        .iter()
        .filter_map(|fault| Some(fault.split_once(':')?.0))
        .collect();
    assert_eq!(
        fields,
        [
            "tenant",
            "name",
            "waba_id",
            "phone_number_id",
            "display_number",
            "messages_per_second",
            "locale",
            "time_zone",
            "hosts",
            "sms_sender_id",
            "hours.servicing",
            "hours.calendar",
            "consent.double_opt_in",
            "consent.days.marketing",
            "consent.days.offers",
            "sender",
        ],
        "{found:#?}"
    );
    let told = found.join("\n");
    for value in ["Brasil S.A.", "Nowhere", "https", "nine", "4000"] {
        assert!(!told.contains(value), "{told}");
    }
    assert_eq!(faults("tenant = ").len(), 1);
    assert_eq!(
        faults("\ntenant = \"a\"\ntenant = \"b\"")[0]
            .split(':')
            .next(),
        Some("line 3")
    );
}

#[test]
fn a_host_is_a_host_and_nothing_else() {
    for good in ["app.bank.example", "a.b", "x-1.bank.example"] {
        assert!(is_host(good), "{good}");
    }
    for bad in [
        "bank",
        "App.bank.example",
        "a.b/c",
        "a.b:443",
        "a,b.c",
        "-a.b",
        "a..b",
        "",
    ] {
        assert!(!is_host(bad), "{bad}");
    }
}
