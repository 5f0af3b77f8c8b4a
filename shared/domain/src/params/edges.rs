//! Where each parameter's rule begins and ends.

use serde_json::{Map, Value, json};

use super::link::{filename_rules_broken, is_suffix};
use super::pix_key::PixKey;
use super::tax_number::{Cnpj, Cpf};
use super::*;
use crate::template::Template;

/// A template with one optional parameter.
fn template(kind: &str, buttons: Value) -> Template {
    let spec = json!({ "type": kind, "max_length": 2_000, "presence": "optional", "example": "" });
    Template::from_json(
        &json!({
            "name": "all", "version": 1, "class": "transactional", "category": "UTILITY",
            "ladder": [{ "channel": "whatsapp" }], "validity": "1h", "max_queue_wait": "10s",
            "when_queue_wait_exceeded": "expire", "params": { "value": spec }, "locales": {},
            "buttons": buttons,
        })
        .to_string(),
    )
    .expect("a template")
}

fn given(value: Value) -> Map<String, Value> {
    Map::from_iter([("value".to_owned(), value)])
}

fn fits(kind: &str, value: Value) -> bool {
    parse(&template(kind, json!([])), &given(value)).is_ok()
}

fn check(kind: &str, keeps: &[&str], breaks: &[&str]) {
    for text in keeps {
        assert!(fits(kind, json!(text)), "{kind} {text}");
    }
    for text in breaks {
        assert!(!fits(kind, json!(text)), "{kind} {text}");
    }
}

#[test]
fn a_day_and_a_time_have_one_form() {
    check(
        "date",
        &["2026-11-21", "0001-01-01"],
        &[
            "20261121",
            "2026-11-2",
            "2026-325",
            "2026-11-21Z",
            "2026 11 21",
        ],
    );
    check(
        "time",
        &["00:00", "23:59"],
        &["0000", "23:60", "14:5", "14.05", "1405Z", "T1405", "14:05Z"],
    );
}

#[test]
fn an_account_has_five_to_twenty_digits() {
    let (longest, too_long) = ("1".repeat(20), "1".repeat(21));
    let with_check = format!("{}-1", "1".repeat(19));
    check(
        "account",
        &["12345", "1234-5", "1234x", "1234-X", &longest, &with_check],
        &[
            "1234",
            "123-4",
            &too_long,
            &format!("1{with_check}"),
            "1234-y",
            "12a4-5",
            "x1234",
        ],
    );
}

#[test]
fn a_code_has_4_to_15_letters_and_digits() {
    check(
        "code",
        &["4829", "A1b2C3d4E5f6G7h"],
        &["482", "A1b2C3d4E5f6G7h8", "4829é", "48 29"],
    );
}

#[test]
fn an_address_is_https_with_a_named_host_and_fits_2000_characters() {
    let of_length = |length: usize| format!("https://banco.example/{}", "a".repeat(length - 22));
    check(
        "url",
        &[
            "https://banco.example",
            "https://b.example:65535/a",
            "https://b-1.example?x#y",
            &of_length(2_000),
        ],
        &[
            &of_length(2_001),
            "https://b.example:65536/a",
            "https://b.example:/a",
            "https://banco-.example/",
            "https://banco..example/",
            "https://ban_co.example/",
            "https://.example/",
            "https://b.example/\"a\"",
            "https://b.example/{a}",
            "https://b.example/~a",
            "HTTPS://b.example/",
        ],
    );
    // A host ends at the first mark, whatever follows.
    check(
        "url",
        &["https://b.example?a=c.d:x", "https://b.example#a:b/c"],
        &[],
    );
}

#[test]
fn a_suffix_has_at_most_200_characters() {
    check(
        "url_suffix",
        &[&"a".repeat(200), "a/b.c?d=e"],
        &[&"a".repeat(201), "a@b", "a:b", "a b", "a/../b"],
    );
    assert!(!is_suffix("a..b"));
}

#[test]
fn a_media_file_has_an_address_or_an_id() {
    let url = |length: usize| json!({ "url": format!("https://banco.example/{}", "a".repeat(length - 22)) });
    assert!(fits("image", url(2_000)));
    assert!(!fits("image", url(2_001)));
    let id = |length: usize| json!({ "media_id": "7".repeat(length) });
    assert!(fits("image", id(1)) && fits("image", id(64)));
    assert!(!fits("image", id(0)) && !fits("image", id(65)));
    assert!(fits("image", json!({ "media_id": "a-B-7" })));
    for wrong in [
        json!({}),
        json!({ "url": 5 }),
        json!({ "media_id": 5 }),
        json!({ "url": "http://banco.example/a.png" }),
        json!("https://banco.example/a.png"),
    ] {
        assert!(!fits("image", wrong.clone()), "{wrong}");
    }
}

#[test]
fn a_documents_name_is_a_files() {
    let broken = |name: &str| filename_rules_broken(name);
    let rule = "must be a file's name that ends with .pdf";
    for name in ["a.pdf", "Extrato de março.PDF"] {
        assert!(broken(name).is_empty(), "{name}");
    }
    for name in [".pdf", "a/b.pdf", "a\\b.pdf", "a.pdf.exe", "extrato"] {
        assert_eq!(broken(name), [rule], "{name}");
    }
    let long = format!("{}.pdf", "a".repeat(97));
    assert_eq!(broken(&long), ["must have at most 100 characters"]);
    assert!(broken(&long[1..]).is_empty());
    let file = |fields: Value| fits("document", fields);
    assert!(file(json!({ "media_id": "7", "filename": "a.pdf" })));
    assert!(!file(json!({ "media_id": "7", "filename": 5 })));
    assert!(!file(json!({ "filename": "a.pdf" })));
    assert!(!file(
        json!({ "media_id": "7", "filename": "a.pdf", "size": 1 })
    ));
}

#[test]
fn an_e_mail_key_is_the_dicts() {
    let longest = format!("{}@b.com", "a".repeat(71));
    for key in [
        "a@b.co",
        "a.b+c_d-1@b-1.com.br",
        "!#$&'*/=?^`{|}~@b.co",
        &longest,
    ] {
        assert!(PixKey::parse(key).is_some(), "{key}");
    }
    let too_long = format!("a{longest}");
    for key in [
        "@b.com",
        "a@b",
        "a@.com",
        "a@b..com",
        "a@b-.com",
        "a@-b.com",
        "a@b_c.com",
        "a@B.com",
        "a b@c.com",
        "a@b@c.com",
        &too_long,
    ] {
        assert!(PixKey::parse(key).is_none(), "{key}");
    }
}

#[test]
fn a_random_key_is_a_uuid_in_lower_case() {
    let uuid = "123e4567-e12b-12d1-a456-426655440000";
    assert!(PixKey::parse(uuid).is_some());
    for wrong in [
        "123g4567-e12b-12d1-a456-426655440000",
        "123e4567-e12b-12d1-a456-42665544000",
        "123e45670e12b-12d1-a456-426655440000",
        "123e4567-e12b-12d1-a456-4266554400000",
        "123e456--e12b-12d1-a456-426655440000",
    ] {
        assert!(PixKey::parse(wrong).is_none(), "{wrong}");
    }
}

/// Every number that differs from this one in a single digit.
fn one_digit_changed(number: &str) -> impl Iterator<Item = String> {
    (0..number.len()).flat_map(move |at| {
        ('0'..='9')
            .map(move |digit| format!("{}{digit}{}", &number[..at], &number[at + 1..]))
            .filter(move |changed| changed != number)
    })
}

#[test]
fn a_tax_number_with_one_digit_changed_is_none() {
    for number in ["52998224725", "11144477735"] {
        for changed in one_digit_changed(number) {
            assert!(Cpf::parse(&changed).is_none(), "{changed}");
        }
    }
    for changed in one_digit_changed("11222333000181") {
        assert!(Cnpj::parse(&changed).is_none(), "{changed}");
    }
}

#[test]
fn a_tax_number_is_punctuated_in_its_own_way_or_not_at_all() {
    for number in [
        "12345678909",
        "123.456.789-09",
        "00000000191",
        "00000001830",
    ] {
        assert!(Cpf::parse(number).is_some(), "{number}");
    }
    for number in [
        "123.456.78909",
        "123-456-789.09",
        "123456789-09",
        "１2345678909",
        "1234567890A",
    ] {
        assert!(Cpf::parse(number).is_none(), "{number}");
    }
    assert_eq!(
        Cpf::parse("123.456.789-09").map(|cpf| cpf.as_str().to_owned()),
        Some("12345678909".to_owned())
    );
    assert_eq!(
        Cnpj::parse("12.abc.345/01de-35").map(|cnpj| cnpj.as_str().to_owned()),
        Some("12ABC34501DE35".to_owned())
    );
    for number in ["11.222.333/000181", "11222333/0001-81", "1122233300018É"] {
        assert!(Cnpj::parse(number).is_none(), "{number}");
    }
}

#[test]
fn a_button_copies_a_short_code_of_letters_and_digits() {
    let copied = |text: &str| {
        let template = template("text", json!([{ "kind": "copy_code", "code": "value" }]));
        parse(&template, &given(json!(text))).err()
    };
    assert_eq!(copied("PIX10"), None);
    assert_eq!(copied(&"A".repeat(20)), None);
    let rule = "must be 1 to 20 letters and digits: a button copies it";
    for text in ["PIX 10", "PIX-10", "açaí", &"A".repeat(21)] {
        assert_eq!(
            copied(text),
            Some(vec![Fault::new("params.value", rule)]),
            "{text}"
        );
    }
}

#[test]
fn an_address_and_its_suffix_fit_2000_characters() {
    let appended = |base: usize| {
        let base = format!("https://banco.example/{}", "a".repeat(base - 22));
        let button = json!({ "kind": "url", "base": base, "suffix": "value", "labels": {} });
        parse(
            &template("url_suffix", json!([button])),
            &given(json!("abc")),
        )
        .err()
    };
    assert_eq!(appended(1_997), None);
    let rule = "makes the address longer than 2000 characters";
    assert_eq!(
        appended(1_998),
        Some(vec![Fault::new("params.value", rule)])
    );
}

#[test]
fn an_amount_is_paid_by_a_code_with_the_same_amount_or_none() {
    // A dynamic code's own amount does not count: the fetched charge rules.
    let open = "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865406999.995802BR5916BANCO EXEMPLO SA6009SAO PAULO62070503***6304";
    let dynamic = format!("{open}{:04X}", crate::brcode::crc16(open.as_bytes()));
    let name = crate::ids::TemplateName::parse("payment_reminder").expect("valid");
    let template = crate::catalogue::find(&name, None).expect("found");
    let mut given = template.example_params(crate::locale::Locale::PtBr);
    given.insert("pix_code".into(), json!(dynamic));
    given.insert("amount".into(), json!({ "minor": 1, "currency": "BRL" }));
    assert_eq!(parse(&template, &given).err(), None);
    given.insert("amount".into(), json!({ "minor": -1, "currency": "BRL" }));
    let rule = "must be more than zero";
    assert_eq!(
        parse(&template, &given).err(),
        Some(vec![Fault::new("params.amount.minor", rule)])
    );
}
