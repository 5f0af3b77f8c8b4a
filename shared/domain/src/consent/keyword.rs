//! The customer's own words that stop and restart messages.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::class::Class;
use crate::locale::Locale;

/// What a customer's message asks of us, by exact rule: the word alone, never a classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more marketing and servicing on WhatsApp.
    OptOut,
    /// What a reply revoked, back again.
    OptIn,
}

/// What an opt-out word revokes.
pub const REVOKED_BY_REPLY: [Class; 2] = [Class::Servicing, Class::Marketing];

/// Folded: lower case, without accents, one blank between two words.
const OPT_OUT: &[&str] = &[
    // Portuguese: SAIR is ANATEL's word.
    "sair",
    "parar",
    "pare",
    "cancelar",
    "descadastrar",
    "descadastre",
    "remover",
    "nao quero mais receber",
    // English: the carriers' words.
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "opt out",
    "opt-out",
    "optout",
    // French.
    "arret",
    "arreter",
    "arretez",
    "desabonner",
    "desabonnement",
    "me desabonner",
    "se desabonner",
    "desinscrire",
    "desinscription",
    // German.
    "stopp",
    "stoppen",
    "abmelden",
    "abmeldung",
    "abbestellen",
];
const OPT_IN: &[&str] = &[
    "voltar",
    "start",
    "unstop",
    "reprendre",
    "reprise",
    "anmelden",
    "anmeldung",
];
/// The longest message that can be a word, in bytes.
const LONGEST: usize = 64;

impl Keyword {
    /// Reads the word, alone in the message: case, accents, and what stands around it that is neither letter
    /// nor digit (blanks, punctuation, emoji) do not count. Beside anything else it is no keyword: whoever
    /// writes "cancelar cartão" wants something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let plain: String = text
            .nfkd()
            .filter(|c| !is_combining_mark(*c))
            .flat_map(char::to_lowercase)
            .collect();
        let word = plain.trim_matches(|c: char| !c.is_alphanumeric());
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        if OPT_OUT.contains(&word.as_str()) {
            Some(Self::OptOut)
        } else if OPT_IN.contains(&word.as_str()) {
            Some(Self::OptIn)
        } else {
            None
        }
    }

    /// The confirmation, sent once: it says which alerts still come.
    #[must_use]
    pub fn confirmation(self, locale: Locale, bank: &str) -> String {
        match (self, locale) {
            (Self::OptOut, Locale::PtBr) => format!(
                "Pronto. O {bank} não enviará mais ofertas nem avisos de serviço por aqui. Alertas de transações, \
                 de segurança e códigos de acesso continuam. Para voltar a receber, responda VOLTAR."
            ),
            (Self::OptOut, Locale::En) => format!(
                "Done. {bank} will no longer send offers or service notices here. Transaction alerts, security \
                 alerts and access codes still come. To receive them again, reply START."
            ),
            (Self::OptOut, Locale::Fr) => format!(
                "C'est fait. {bank} ne vous enverra plus d'offres ni d'avis de service ici. Les alertes \
                 d'opérations, de sécurité et les codes d'accès continuent. Pour les recevoir à nouveau, \
                 répondez START."
            ),
            (Self::OptOut, Locale::De) => format!(
                "Erledigt. {bank} sendet Ihnen hier keine Angebote und Servicehinweise mehr. Umsatz- und \
                 Sicherheitsmeldungen sowie Zugangscodes kommen weiterhin. Um sie wieder zu erhalten, \
                 antworten Sie START."
            ),
            (Self::OptIn, Locale::PtBr) => {
                format!(
                    "Pronto. Você voltará a receber as mensagens do {bank} por aqui. Para parar, responda SAIR."
                )
            }
            (Self::OptIn, Locale::En) => {
                format!("Done. You will receive {bank}'s messages here again. To stop, reply STOP.")
            }
            (Self::OptIn, Locale::Fr) => {
                format!(
                    "C'est fait. Vous recevrez à nouveau les messages de {bank} ici. Pour arrêter, répondez STOP."
                )
            }
            (Self::OptIn, Locale::De) => {
                format!(
                    "Erledigt. Sie erhalten hier wieder Nachrichten von {bank}. Zum Beenden antworten Sie STOPP."
                )
            }
        }
    }

    /// The word in the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_is_a_keyword() {
        let check = |text: &str, expected: Option<Keyword>| {
            assert_eq!(Keyword::read(text), expected, "{text}")
        };
        check("SAIR", Some(Keyword::OptOut));
        check(" sair. ", Some(Keyword::OptOut));
        check("“Parar”!", Some(Keyword::OptOut));
        check("Arrêt", Some(Keyword::OptOut));
        check("ＳＡＩＲ", Some(Keyword::OptOut));
        check("Stop", Some(Keyword::OptOut));
        check("VOLTAR", Some(Keyword::OptIn));
        check("cancelar cartão", None);
        check("não quero parar", None);
        check("", None);
        check(&"sair ".repeat(40), None);
        // A word among blanks, up to 64 bytes of them.
        check(&format!("sair{}", " ".repeat(60)), Some(Keyword::OptOut));
        check(&format!("sair{}", " ".repeat(61)), None);
    }

    #[test]
    fn each_languages_words_are_read_however_people_write_them() {
        let stops = [
            // pt
            "SAIR",
            "sair.",
            "Sair 🙏",
            "🛑 PARAR 🛑",
            "Pare!",
            "Descadastrar",
            "não quero mais receber",
            "NAO  QUERO MAIS RECEBER!!!",
            // en
            "Stop",
            "STOP!!!",
            "stop all",
            "Unsubscribe.",
            "opt-out",
            "Opt out",
            "\u{200b}stop\u{200b}",
            // fr, composed and decomposed
            "ARRÊT",
            "arre\u{302}t",
            "Arrêter",
            "« Arrêtez »",
            "Désabonner",
            "me désabonner",
            "désinscription",
            // de
            "STOPP",
            "Stopp.",
            "Abmelden",
            "abmeldung",
            "Abbestellen!",
        ];
        for text in stops {
            assert_eq!(Keyword::read(text), Some(Keyword::OptOut), "{text}");
        }
        for text in [
            "Voltar",
            "voltar 😀",
            "START",
            "Reprendre",
            "reprise",
            "Anmelden!",
        ] {
            assert_eq!(Keyword::read(text), Some(Keyword::OptIn), "{text}");
        }
    }

    #[test]
    fn a_wish_that_has_one_of_the_words_in_it_is_not_taken_for_the_word() {
        let wishes = [
            "cancelar cartão",
            "Cancelar o cartão",
            "cancelar pix",
            "quero cancelar meu cartão",
            "cancelar?não",
            "sair do app",
            "como faço para parar o débito",
            "pare de cobrar tarifa",
            "não sair",
            "sairei",
            "quero sair",
            "cancel my card",
            "cancel card",
            "stop the payment",
            "don't stop",
            "end of month",
            "nonstop",
            "arrêter mon prélèvement",
            "arrêt maladie",
            "désabonner mon fils",
            "ne pas arrêter",
            "Karte abmelden",
            "abmelden vom Konto",
            "nicht stoppen",
            "Stoppuhr",
            "voltar ao menu",
            "start now please",
            "1",
            "ok",
            "🛑",
            "...",
            "não",
        ];
        for text in wishes {
            assert_eq!(Keyword::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_confirmation_names_the_bank_and_the_word_that_undoes_it() {
        for locale in Locale::ALL {
            for (keyword, back) in [
                (Keyword::OptOut, Keyword::OptIn),
                (Keyword::OptIn, Keyword::OptOut),
            ] {
                let text = keyword.confirmation(locale, "Banco Aurora");
                assert!(text.contains("Banco Aurora"), "{text}");
                let word = text.trim_end_matches('.').rsplit(' ').next();
                assert_eq!(word.and_then(Keyword::read), Some(back), "{text}");
            }
        }
        assert_eq!(Keyword::OptOut.name(), "opt_out");
        assert_eq!(Keyword::OptIn.name(), "opt_in");
    }
}
