//! What people write around a secret, and around nothing secret.

use super::*;

#[test]
fn a_secret_is_refused_however_it_is_told() {
    for text in [
        // Glued to its word.
        "CVV123",
        "PIN1234",
        "senha4829",
        "4829senha",
        // Letters, with a copula or without.
        "your password is: hunter2x",
        "Passwort lautet: Geheim1x",
        "le mot de passe est : tigre4",
        "senha do app: Abacaxi7",
        "senha abacaxi7",
        "minha senha Xk9mP2",
        "password hunter2",
        "senha foi Abacaxi7",
        "senha -> abacaxi",
        "a senha é a abacaxi7",
        "password: tiger",
        "passwort = geheim",
        // In words.
        "senha é quatro oito dois nove",
        "senha: quatro oito dois nove",
        "my PIN is four eight two nine",
        "mon code est quatre huit deux neuf",
        "meine PIN ist vier acht zwei neun",
        // Other words for it.
        "cód. 482913",
        "iToken 482913",
        "contrassenha 4829",
        "palavra-passe 4829",
        "passphrase: tiger",
        "clave 4829",
        "mTAN 482913",
        "Einmalpasswort 482913",
        "Geheimcode 482913",
        "Sicherheitsnummer 123",
        "Kartenprüfnummer 123",
        "número de segurança 123",
        "segurança do cartão 123",
        "Security Number 123",
        "numéro de sécurité 123",
        "C.V.V. 123",
        "сvv 123",
        // What looks like something else.
        "sua senha é 11987654321",
        "senha: 52998224725",
        "senha 98765-4321",
        "senha é 21/11/2026",
        "senha 0800 123 4567",
    ] {
        assert_eq!(forbidden(text), [Forbidden::Secret], "{text}");
    }
}

#[test]
fn a_number_behind_an_account_s_word_is_refused() {
    for text in [
        "conta 12345678901234",
        "conta 52998224725",
        "conta 11987654321",
        "Kto. 12345678",
        "Kontonr. 12345678",
        "Girokonto 12345678",
        "acc. no. 12345678",
        "poupança 12345-6",
        "C.C. 12345-6",
        "0012345-6 é minha conta",
        "conta corrente do Banco do Brasil número 0012345-6",
        "IBANDE89370400440532013000",
    ] {
        assert_eq!(forbidden(text), [Forbidden::AccountNumber], "{text}");
    }
}

#[test]
fn what_only_speaks_of_a_secret_is_sent_and_shown() {
    for text in [
        "Troque sua senha a cada 180 dias.",
        "Bloqueou a senha? Ligue 0800 123 4567.",
        "senha bloqueada, ligue 4004 0001",
        "Proteja sua senha: não a compartilhe.",
        "Sua senha do cartão final 4321 foi bloqueada",
        "Never share your password: we do not ask for it.",
        "Ne donnez votre mot de passe à personne, même en 2026.",
        "Geben Sie Ihr Passwort niemals weiter: Wir fragen nicht danach.",
        "Sua senha foi alterada às 14h05",
        "Senha alterada no iPhone",
        "Crie uma senha de 6 dígitos",
        "uma ou duas contas",
        "A fatura do cartão final 1111 vence em 10 dias: R$ 1.500,00",
        "Your card ending in 4321 was blocked",
        "Extrato da conta de luz de 11/2026",
        "conta conjunta aberta em 21/11/2026",
        "seu código de barras vence em 3 dias",
        "Código do produto 482913",
        "21/11/26 12:30:45 - 21/11/26 12:31:00",
        "protocolos 2026:1121:0000:1234",
    ] {
        assert_eq!(forbidden(text), [], "{text}");
        assert_eq!(for_transcript(text), text);
    }
}

#[test]
fn a_damaged_pix_code_hides_no_card_from_refusal() {
    let text = "000201 br.gov.bcb.pix 4111111111111111 6304AAAA";
    assert_eq!(forbidden(text), [Forbidden::CardNumber]);
    assert_eq!(for_transcript(text), "***");
}

#[test]
fn numbers_in_words_are_hidden_to_their_end() {
    let check = |text: &str, expected: &str| assert_eq!(for_transcript(text), expected, "{text}");
    check(
        "senha é quatro oito dois nove, ok?",
        "senha é *** *** *** ***, ok?",
    );
    check("senha: quatro oito dois nove", "senha: *** *** *** ***");
}
