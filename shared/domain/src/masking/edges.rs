//! Where each rule begins and ends: what is just hidden beside what just stays.

use super::*;

const PIX: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

fn check(text: &str, expected: &str) {
    assert_eq!(for_transcript(text), expected, "{text}");
}

fn stays(text: &str) {
    check(text, text);
}

#[test]
fn uneven_groups_may_be_parted_by_three_characters_and_a_line_but_not_by_more() {
    check("4111 - 1111 - 1111 - 1111", "**** 1111");
    stays("4111 --1 1111 1111 1111");
    check("41111 - 11111 - 11 - 1111", "**** 1111");
    stays("41111  - 11111  - 11  - 1111");
    check("4111 11111\n111 1111", "**** 1111");
    check("4111 11111 \n111 1111", "**** 1111");
    stays("4111 11111\n\n111 1111");
    stays("4111 11111:111 1111");
    check("4111_1111,1111/1111", "**** 1111");
    let zeros = "0000 ".repeat(9);
    check(
        &format!("{zeros}4111 1111 1111 1111"),
        &format!("{zeros}**** 1111"),
    );
}

#[test]
fn several_kinds_in_one_text_are_each_masked_their_way() {
    check(
        "cartão 4111 1111 1111 1111, CPF 529.982.247-25; zap (11) 98765-4321",
        "cartão **** 1111, CPF ***.982.247-**; zap +55 (11) *****-4321",
    );
    check(
        "CPF 529.982.247-25; cartão 4111 1111 1111 1111",
        "CPF ***.982.247-**; cartão **** 1111",
    );
    check("a@b.co(11) 98765-4321", "a***@b***.co+55 (11) *****-4321");
    check("cnpj 11 222 333 0001 81", "cnpj 11.***.***/0001-**");
    // What the stronger kind covers whole is not looked at again.
    check("40008 52998224725", "**** 4725");
    check("52998224725 10003", "**** 0003");
}

#[test]
fn a_pix_code_is_hidden_to_its_end_wherever_it_stands() {
    check(&format!("李: {PIX} 李"), "李: *** 李");
    check(PIX, "***");
    check(&format!("{PIX} e {PIX} fim"), "*** e *** fim");
    stays("pedido 000201 de 2026");
    check(&format!("pedido 000201000 {PIX}"), "pedido ***");
    // `6304` inside the code is not its end.
    let inside = "00020126360014br.gov.bcb.pix0114+55119876630455204000053039865802BR5904Loja6003Rio62070503***63040000";
    let whole = format!(
        "{}{:04X}",
        &inside[..inside.len() - 4],
        crate::brcode::crc16(&inside.as_bytes()[..inside.len() - 4])
    );
    check(&format!("{whole} obrigado"), "*** obrigado");
}

#[test]
fn a_damaged_pix_code_is_looked_for_in_its_neighbourhood_only() {
    let damaged = |before: usize, between: usize| {
        format!(
            "000201{}br.gov.bcb.pix{}6304ABCD fim",
            "x".repeat(before),
            "y".repeat(between)
        )
    };
    // 600 bytes from the beginning to the name, as many from there to the checksum.
    check(&damaged(594, 586), "*** fim");
    stays(&damaged(595, 10));
    stays(&damaged(10, 587));
    check("000201 BR.GOV.BCB.PIX 6304ABCDE fim", "***E fim");
    check("000201 br.gov.bcb.pix 6304AB", "***");
}

#[test]
fn identifiers_are_found_between_the_marks_of_a_sentence() {
    let id = "E12345678202611211404abcDEF12345";
    for (left, right) in [
        ("(", ")"),
        ("id/", ""),
        ("id.", "."),
        ("-", "-"),
        ("v/", "/x"),
    ] {
        check(&format!("{left}{id}{right}"), &format!("{left}***{right}"));
    }
    stays(&format!("{id}6"));
    check("12.ABC.345/01DE-35.", "12.***.***/01DE-**.");
    check("-12ABC34501DE35/x", "-12.***.***/01DE-**/x");
    check("123E4567-E12B-12D1-A456-426655440000", "123E****-****-0000");
    stays("..-/.. e /");
}

#[test]
fn a_telephone_number_is_known_by_its_plus_its_country_or_its_brackets() {
    stays("+1234567");
    check("+12345678", "+1 ***5678");
    check("+123456789012345", "+1 **********2345");
    stays("+1234567890123456");
    check("+(55) 11 98765-4321", "+55 (11) *****-4321");
    check("(+55 11 98765-4321)", "+55 (11) *****-4321)");
    check("+(49) 1512 3456789 ok", "+49 *******6789 ok");
    check("(11) 3265-4321", "+55 (11) ****-4321");
    stays("(11) 3265-432");
    stays("(10) 3265-4321");
    stays("11 3265-4321");
    check("551132654321", "+55 (11) ****-4321");
    stays("11887654321");
    stays("1198765432");
    // An area code of 55 is not the country's.
    check("55987654321", "+55 (55) *****-4321");
    check("00011987654321", "+55 (11) *****-4321");
    stays("000011987654321");
    // No country begins with 0, and a bracket that only opens is the sentence's.
    stays("+000000000");
    check("+(48291635 é a minha senha", "+(*** é a minha senha");
}

#[test]
fn nine_digits_are_a_mobile_where_the_hyphen_says_so() {
    check("só 98765-4321", "só ***");
    stays("só 987654321");
    stays("só 88765-4321");
    stays("só 9876-54321");
    stays("só 98765.4321");
    stays("só 98765 -4321");
    stays("só 98765-43 21");
    check("conta 90000-0\n000", "conta ****0000");
}

#[test]
fn an_account_follows_its_word_within_25_characters() {
    let apart = |filler: usize| format!("conta {} 12345", "x".repeat(filler));
    check(&apart(22), &format!("conta {} ****2345", "x".repeat(22)));
    stays(&apart(23));
    stays("12345 conta");
    stays("contos 12345");
    stays("conta 1234");
    check("conta 1234-x.", "conta ****234-x.");
    stays("conta 1234-y");
    check("c/c 12345", "c/c ****2345");
    check("conta 1234567890123", "conta ****0123");
    check("conta 12345678901234567890", "conta ****7890");
    stays("conta 123456789012345678901");
    stays("conta aberta 12345678901234");
}

#[test]
fn a_secret_stands_within_25_characters_of_its_word() {
    let behind = |filler: usize| format!("senha {} 4829", "x".repeat(filler));
    check(&behind(22), &format!("senha {} ***", "x".repeat(22)));
    stays(&behind(23));
    let before = |filler: usize| format!("4829 {} senha", "x".repeat(filler));
    check(&before(22), &format!("*** {} senha", "x".repeat(22)));
    stays(&before(23));
    stays("senha 48");
    check("senha 482", "senha ***");
    check("senha 4 8 2", "senha *** *** ***");
    stays("asenha 482");
    check("senha1 482", "senha*** ***");
    check("4829senha", "***senha");
    stays("senhal 482");
    check("(senha)482", "(senha)***");
}

#[test]
fn a_secret_without_digits_follows_a_copula() {
    check("senha:abacaxi", "senha:***");
    check("senha = abacaxi agora", "senha = *** agora");
    check("senha é: abacaxi", "senha é: ***");
    check("the password is tiger", "the password is ***");
    check("le mot de passe est tigre", "le mot de passe est ***");
    check("das Passwort ist Tiger", "das Passwort ist ***");
    check("senha:\n abacaxi", "senha:\n ***");
    stays("senha:");
    stays("senha: ");
    stays("senha isolada");
    stays("senha é");
    stays("senha abacaxi");
    stays("senhae abacaxi");
}

#[test]
fn an_address_has_a_name_and_a_domain_with_a_point() {
    check("a@b.co", "a***@b***.co");
    check("de a'b%c+d_e@b-c.com..", "de a***@b***.com..");
    check("maria@banco.com-", "m***@b***.com-");
    for text in ["a@b.c", "@b.com", "a@.com", "a@b", "a@", "a @ b.com"] {
        stays(text);
    }
}

#[test]
fn an_address_on_the_web_keeps_its_host_and_loses_its_values() {
    check("https://banco.example/#a=b", "https://banco.example/#***");
    check("veja ?a=b, e", "veja ?*** e");
    check("<https://b.example/?a=b>", "<https://b.example/?***>");
    stays("e isso? sim");
    stays("https://banco.example/#fim");
    check("https://eu@banco.example", "https://e***@b***.example");
    check("https://eu:x@banco/a?c=d", "https://***@banco/a?***");
    check("https://a@eu@banco#c", "https://***@banco#c");
    stays("https://@b.example/");
    stays("https://b.example/a@b");
}

#[test]
fn a_log_hides_long_words_with_digits_and_what_follows_a_host() {
    let check = |text: &str, expected: &str| assert_eq!(for_log(text), expected, "{text}");
    check("a23456789b12345678", "***");
    check("a2b4c6d8e1f3g5h", "***");
    check("abcdefghijklmnopqr1", "abcdefghijklmnopqr1");
    check("abcdefghijklmnopqrs1", "***");
    check("abcdefghijklmnopqrstu", "abcdefghijklmnopqrstu");
    check("https://banco.example/", "https://banco.example/");
    check("https://banco.example/a", "https://banco.example/***");
    check("https://b.co/a/b", "https://b.co/***");
    check("https://banco.example?a", "https://banco.example?***");
    check("https://banco.example#a b", "https://banco.example#*** b");
    check("1 2 3 4 5 6 e", "1 2 3 4 5 6 e");
    check("1 2 3 4 5 6 7 e", "*** e");
}

#[test]
fn a_card_number_has_13_to_19_digits_in_whole_groups() {
    let check = |text: &str, expected: bool| {
        assert_eq!(
            forbidden(text).contains(&Forbidden::CardNumber),
            expected,
            "{text}"
        );
    };
    check("4000000000006", true);
    check("400000000002", false);
    check("4000000000000000006", true);
    check("40000000000000000002", false);
    check("4000 0000 0000 6", true);
    check("x 14000000000006", false);
}

#[test]
fn a_date_or_an_amount_is_a_secret_only_right_beside_its_word() {
    stays("esqueci a senha no dia 21/11/2026");
    check("minha senha é 21/11/2026", "minha senha é ***");
    stays("j'ai oublié mon mot de passe le 16/08/2026");
    check("$ 100 est le code", "$ *** est le code");
    stays("a PIN não passou, paguei R$ 1.500,00");
    check("senha 1.500,00", "senha ***.***,***");
    stays("a conta de 11/2026 deu R$ 187,50");
    check(
        "conta 0012345-6 de 21/11/2026",
        "conta ****345-6 de 21/11/2026",
    );
}

#[test]
fn a_pin_beside_an_account_does_not_show_its_last_four() {
    check("conta corrente, senha 48291", "conta corrente, senha ***");
    check("cc 00000 é a minha senha", "cc *** é a minha senha");
}

#[test]
fn a_code_that_is_nobody_s_secret_stays() {
    stays("código de barras 7891234567895");
    stays("code postal 75001");
    stays("what is the sort code? 200415");
    check("código 48213", "código ***");
    stays("Sicherheitscodes 4829");
    check("Sicherheitscode 4829", "Sicherheitscode ***");
}

#[test]
fn a_sentence_that_goes_on_about_a_password_tells_none() {
    stays("my password is not working");
    stays("a senha é pessoal");
    check("a senha é abacaxi", "a senha é ***");
    stays("a senha e o cartão");
    stays("senha e cartão");
    check("senha e abacaxi7", "senha e ***");
    check("senha eh abacaxi", "senha eh ***");
    check("senha e\u{301} abacaxi", "senha e\u{301} ***");
}
