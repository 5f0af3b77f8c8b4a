use super::*;

const PIX: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

#[test]
fn a_transcript_hides_what_it_recognises_and_keeps_the_rest() {
    let check = |text: &str, expected: &str| assert_eq!(for_transcript(text), expected, "{text}");
    // Pix codes, whole or damaged.
    check(&format!("Pague: {PIX} obrigado"), "Pague: *** obrigado");
    check(
        &format!("Pague: {} obrigado", PIX.replace("63041D3D", "63040000")),
        "Pague: *** obrigado",
    );
    // A damaged code does not give away the one behind it.
    let cut = &PIX[..PIX.len() - 4];
    check(&format!("{cut}\n\n{PIX} obrigado"), "*** obrigado");
    check(&format!("{cut}{PIX} obrigado"), "*** obrigado");
    // Boletos.
    check(
        "boleto 34191.09123 34567.890123 34567.890008 1 16460000015990 vence hoje",
        "boleto *** vence hoje",
    );
    check(
        "conta de luz 83690000001-6 87500012345-0 67890123456-0 78901234567-2",
        "conta de luz ***",
    );
    check("34191164600000159901091234567890123456789000", "***");
    // Transactions, random keys, IBANs.
    check("E12345678202611211404abcDEF12345 foi?", "*** foi?");
    check(
        "chave 123e4567-e12b-12d1-a456-426655440000.",
        "chave 123e****-****-0000.",
    );
    check(
        "IBAN DE89 3704 0044 0532 0130 00, bitte",
        "IBAN DE** **** 3000, bitte",
    );
    check("BR97 0036 0305 0000 1000 9795 493P 1", "BR** **** 93P1");
    // Cards.
    check("meu cartão é 4111 1111 1111 1111", "meu cartão é **** 1111");
    check("４１１１－１１１１－１１１１－１１１１", "**** 1111");
    check("4111.1111.1111.1111\n2 vezes", "**** 1111\n2 vezes");
    check("5555555555554444 val 12/28", "**** 4444 val 12/28");
    check("pedido 1234567812345678", "pedido 1234567812345678");
    // Tax numbers.
    check("CPF 529.982.247-25", "CPF ***.982.247-**");
    check("cpf 52998224725 ok", "cpf ***.982.247-** ok");
    check("cnpj 11.222.333/0001-81", "cnpj 11.***.***/0001-**");
    check("empresa 12.ABC.345/01DE-35", "empresa 12.***.***/01DE-**");
    check("número 52998224726", "número 52998224726");
    // Telephones.
    check("me liga +55 (11) 98765-4321", "me liga +55 (11) *****-4321");
    check("me liga (11) 98765-4321", "me liga +55 (11) *****-4321");
    check("zap 11987654321", "zap +55 (11) *****-4321");
    check("zap 5511987654321", "zap +55 (11) *****-4321");
    check("+49 1512 3456789 Berlin", "+49 *******6789 Berlin");
    check("fixo (11) 3265-4321", "fixo +55 (11) ****-4321");
    check("só 98765-4321", "só ***");
    // Accounts and secrets by their words.
    check("ag 1234 conta 0012345-6", "ag 1234 conta ****345-6");
    check("conta 12345-X", "conta ****345-X");
    check("minha senha é 4829", "minha senha é ***");
    check("senha: abacaxi!", "senha: ***");
    check("a senha é abacaxi ok?", "a senha é *** ok?");
    check("482913 é o código", "*** é o código");
    check("o token 48 29 13 chegou", "o token *** *** *** chegou");
    check("CVV 123", "CVV ***");
    check("passwort = geheim", "passwort = ***");
    // Addresses.
    check(
        "escreva para Maria.Souza@Banco.com.br.",
        "escreva para M***@B***.com.br.",
    );
    check(
        "https://banco.example/a?token=abc123 aqui",
        "https://banco.example/a?*** aqui",
    );
    check("https://eu:segredo@banco.example/a", "https://***/a");
}

#[test]
fn a_transcript_keeps_what_only_looks_like_a_secret() {
    for text in [
        "",
        "Recebi R$ 1.234,56 em 21/11/2026 às 14:05",
        "CEP 01310-100",
        "pedido nº 48213",
        "o pinheiro tem 30 metros e 1200 galhos",
        "nota 35261012345678000199550010000000011000000019",
        "esqueci minha senha",
        "o código está errado",
        "👍👍 obrigado!",
        "@banco me ajuda",
    ] {
        assert_eq!(for_transcript(text), text);
    }
}

/// WhatsApp takes 65,536 characters. What looked at every number for every word took minutes.
#[test]
fn a_long_text_is_masked_like_a_short_one() {
    let check = |part: &str, expected: &str| {
        let count = 65_536 / part.len();
        assert!(
            for_transcript(&part.repeat(count)) == expected.repeat(count),
            "{part}"
        );
    };
    check("conta 12345 ", "conta ****2345 ");
    check("senha: 123 ", "senha: *** ");
    check("000201", "000201");
    check("ola 529.982.247-25, ", "ola ***.982.247-**, ");
}

#[test]
fn a_log_hides_every_long_number_and_every_path() {
    let check = |text: &str, expected: &str| assert_eq!(for_log(text), expected, "{text}");
    check("pedido 1234567 pago", "pedido *** pago");
    check("pedido 123456 pago", "pedido 123456 pago");
    check("12-34-56-78", "***");
    check("em 21/11/2026", "em ***");
    check("wamid.HBgMNTUxMTk4NzY1NDMyMRUC", "***");
    check(
        "https://banco.example/cliente/maria falhou",
        "https://banco.example/*** falhou",
    );
    check(
        "https://banco.example falhou",
        "https://banco.example falhou",
    );
    check("cartão 4111 1111 1111 1111.", "cartão ***.");
    check("maria@banco.com.br", "***");
    check("conta ५२९९८२२४७२५", "conta ***");
    check("Compra em PADARIA SOL 24h", "Compra em PADARIA SOL 24h");
}

#[test]
fn what_must_not_be_sent_is_named_and_nothing_else_is() {
    use Forbidden::{AccountNumber, CardNumber, Secret};
    let check =
        |text: &str, expected: &[Forbidden]| assert_eq!(forbidden(text), expected, "{text}");
    check("4111111111111111", &[CardNumber]);
    check("cartão:4111-1111-1111-1111!", &[CardNumber]);
    check("12 4111 1111 1111 1111 34", &[CardNumber]);
    check("4\u{200b}111111111111111", &[CardNumber]);
    check("४१११ ११११ ११११ ११११", &[CardNumber]);
    check("4111*1111*1111*1111", &[CardNumber]);
    check("fatura_4111111111111111.pdf", &[CardNumber]);
    check("sua senha é 1234", &[Secret]);
    check("Seu PIN: ①②③④", &[Secret]);
    check("CVV 123 e conta 0012345-6", &[Secret, AccountNumber]);
    check("senha: abacaxi", &[Secret]);
    check("sua senha é Abacaxi7", &[Secret]);
    check("IBAN DE89 3704 0044 0532 0130 00", &[AccountNumber]);
    check("Konto 12345678", &[AccountNumber]);
    check("482913 é o seu código", &[Secret]);
    for harmless in [
        "",
        "4111 1111 1111 1112",
        "411111111111",
        "cartão final 1111",
        "1234",
        "sua senha é pessoal",
        "sua senha foi alterada em 21/11/2026",
        "conta de luz de 11/2026, R$ 187,50",
        "código de barras 83690000001-6 87500012345-0 67890123456-0 78901234567-2",
        "CPF 529.982.247-25, telefone (11) 98765-4321",
        "chave 123e4567-e12b-12d1-a456-426655440000",
        "extrato-conta-2026-11.pdf",
        "protocolo 2026112100001234",
        "CEP 01310-100",
        "connexion depuis un nouvel appareil",
    ] {
        check(harmless, &[]);
    }
}

#[test]
fn an_address_may_say_whose_page_it_is_and_nothing_that_must_not_be_sent() {
    use Forbidden::{AccountNumber, CardNumber, Secret};
    let check = |text: &str, expected: &[Forbidden]| {
        assert_eq!(forbidden_in_address(text), expected, "{text}")
    };
    check("https://banco.example/up?token=482913&code=4829", &[]);
    check("tx/8b3da2f39a4140d1a91abd93113bd441", &[]);
    check("fatura/123e4567-e12b-12d1-a456-426655440000", &[]);
    check("c/4111111111111111", &[CardNumber]);
    check("c?n=4111%201111%201111%201111", &[CardNumber]);
    check("c?n=4111+1111+1111+1111", &[CardNumber]);
    check("c?n=%34111111111111111", &[CardNumber]);
    check("c?senha=1234", &[Secret]);
    check("c?conta=0012345-6", &[AccountNumber]);
    check("c?iban=DE89370400440532013000", &[AccountNumber]);
    check("100%&a=%zz", &[]);
}
