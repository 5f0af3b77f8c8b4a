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

const OPT_OUT: &[&str] = &[
    // Portuguese: SAIR is ANATEL's word.
    "sair",
    "parar",
    "pare",
    "cancelar",
    "descadastrar",
    "remover",
    // English: the carriers' words.
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    // French and German.
    "arret",
    "arreter",
    "desabonner",
    "desinscription",
    "stopp",
    "abmelden",
    "abbestellen",
];
const OPT_IN: &[&str] = &["voltar", "start", "unstop", "reprendre", "anmelden"];

impl Keyword {
    /// Reads the word, alone in the message: case, accents and punctuation around it do not count.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let plain: String = text
            .nfkd()
            .filter(|c| !is_combining_mark(*c))
            .flat_map(char::to_lowercase)
            .collect();
        let word = plain.trim_matches(|c: char| !c.is_alphanumeric());
        if OPT_OUT.contains(&word) {
            Some(Self::OptOut)
        } else if OPT_IN.contains(&word) {
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
        check("quero sair", None);
        check("não quero parar", None);
        check("", None);
        check(&"sair ".repeat(40), None);
        // A word among blanks, up to 64 bytes of them.
        check(&format!("sair{}", " ".repeat(60)), Some(Keyword::OptOut));
        check(&format!("sair{}", " ".repeat(61)), None);
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
