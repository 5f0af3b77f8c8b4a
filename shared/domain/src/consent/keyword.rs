//! The customer's own words, written or pressed, that stop and restart messages.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::event::Source;
use crate::class::Class;
use crate::locale::Locale;
use crate::sms::is_invisible;

/// What a customer's message asks of us, by exact rule: the word alone or the button that was pressed, never
/// a classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more marketing and servicing on WhatsApp.
    OptOut,
    /// What a reply revoked, back again.
    OptIn,
    /// No more marketing on WhatsApp: the button of an offer.
    StopMarketing,
    /// Nothing more on WhatsApp: somebody else than the customer has this number.
    WrongPerson,
}

/// What a template's quick-reply button says that a press means, where the press is about messages.
const STOP_MARKETING: &str = "stop_marketing";
const WRONG_PERSON: &str = "wrong_person";

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

impl Keyword {
    /// Every keyword.
    pub const ALL: [Self; 4] = [
        Self::OptOut,
        Self::OptIn,
        Self::StopMarketing,
        Self::WrongPerson,
    ];

    /// Reads the word, alone in the message: case, accents, invisible characters, and what stands around it
    /// that is neither letter nor digit (blanks, punctuation, emoji) do not count, however much of it there
    /// is. Beside anything else it is no keyword: whoever writes "cancelar cartão" wants something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain: String = text
            .nfkd()
            .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
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

    /// Reads a pressed button: what its template says that a press means, none where it is not one of ours, and
    /// its label, which is a word like one that is written. Where the two differ, what stops more counts.
    #[must_use]
    pub fn pressed(action: Option<&str>, label: &str) -> Option<Self> {
        match (action, Self::read(label)) {
            (Some(WRONG_PERSON), _) => Some(Self::WrongPerson),
            (_, Some(Self::OptOut)) => Some(Self::OptOut),
            (Some(STOP_MARKETING), _) => Some(Self::StopMarketing),
            (_, word) => word,
        }
    }

    /// What it revokes on WhatsApp. Where security and authentication are among it, they go by the next leg
    /// of their ladder.
    #[must_use]
    pub fn revokes(self) -> &'static [Class] {
        match self {
            Self::OptOut => &[Class::Servicing, Class::Marketing],
            Self::OptIn => &[],
            Self::StopMarketing => &[Class::Marketing],
            Self::WrongPerson => &Class::ALL,
        }
    }

    /// Where it says that a consent event was captured. Somebody else's word is a source of its own: the same
    /// person's opt-in word must not bring back what is another's.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::OptOut | Self::OptIn | Self::StopMarketing => Source::WhatsappReply,
            Self::WrongPerson => Source::WrongPerson,
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
            (Self::StopMarketing, Locale::PtBr) => format!(
                "Pronto. O {bank} não enviará mais ofertas nem dicas por aqui. Os outros avisos continuam. Para \
                 voltar a receber, responda VOLTAR."
            ),
            (Self::StopMarketing, Locale::En) => format!(
                "Done. {bank} will no longer send offers or tips here. Other notices still come. To receive them \
                 again, reply START."
            ),
            (Self::StopMarketing, Locale::Fr) => format!(
                "C'est fait. {bank} ne vous enverra plus d'offres ni de conseils ici. Les autres avis \
                 continuent. Pour les recevoir à nouveau, répondez START."
            ),
            (Self::StopMarketing, Locale::De) => format!(
                "Erledigt. {bank} sendet Ihnen hier keine Angebote und Tipps mehr. Andere Nachrichten kommen \
                 weiterhin. Um sie wieder zu erhalten, antworten Sie START."
            ),
            (Self::WrongPerson, Locale::PtBr) => format!(
                "Obrigado por avisar. O {bank} não enviará mais mensagens a este WhatsApp. Até que o cadastro \
                 seja corrigido, alertas de segurança e códigos ainda podem chegar por SMS."
            ),
            (Self::WrongPerson, Locale::En) => format!(
                "Thank you for telling us. {bank} will send no more messages to this WhatsApp. Until our records \
                 are corrected, security alerts and codes may still come by SMS."
            ),
            (Self::WrongPerson, Locale::Fr) => format!(
                "Merci de nous avoir prévenus. {bank} n'enverra plus de messages à ce compte WhatsApp. Tant que \
                 nos données ne sont pas corrigées, des alertes de sécurité et des codes peuvent encore arriver \
                 par SMS."
            ),
            (Self::WrongPerson, Locale::De) => format!(
                "Danke für den Hinweis. {bank} sendet keine Nachrichten mehr an dieses WhatsApp. Bis unsere Daten \
                 berichtigt sind, können Sicherheitsmeldungen und Codes noch per SMS kommen."
            ),
        }
    }

    /// The word in the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
            Self::StopMarketing => STOP_MARKETING,
            Self::WrongPerson => WRONG_PERSON,
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
    }

    #[test]
    fn nothing_that_is_no_letter_hides_the_word_however_much_of_it_there_is() {
        let out = |text: &str| assert_eq!(Keyword::read(text), Some(Keyword::OptOut), "{text:?}");
        out(&format!("PARAR{}", "🛑".repeat(16)));
        out(&format!("{}sair{}", "🙏🏽".repeat(100), " ".repeat(1_000)));
        for invisible in [
            '\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{fe0f}', '\u{202e}',
            '\u{3164}',
        ] {
            out(&format!("SA{invisible}IR"));
            out(&format!(
                "{invisible}s{invisible}t{invisible}o{invisible}p{invisible}"
            ));
        }
        assert_eq!(Keyword::read("VOL\u{200b}TAR"), Some(Keyword::OptIn));
        assert_eq!(
            Keyword::read("SA🙏IR"),
            None,
            "what is seen between letters counts"
        );
        assert_eq!(Keyword::read("\u{200b}"), None);
    }

    #[test]
    fn a_press_counts_by_what_it_means_and_by_its_label_and_what_stops_more_wins() {
        let check = |action: Option<&str>, label: &str, expected: Option<Keyword>| {
            assert_eq!(
                Keyword::pressed(action, label),
                expected,
                "{action:?} {label}"
            );
        };
        check(None, "Parar", Some(Keyword::OptOut));
        check(Some("stop_tips"), "STOP!", Some(Keyword::OptOut));
        check(None, "Voltar", Some(Keyword::OptIn));
        check(None, "Não quero dicas", None);
        check(Some("useful"), "Foi útil", None);
        let stop_marketing = Some("stop_marketing");
        check(
            stop_marketing,
            "Não quero dicas",
            Some(Keyword::StopMarketing),
        );
        check(stop_marketing, "", Some(Keyword::StopMarketing));
        check(stop_marketing, "Sair", Some(Keyword::OptOut));
        check(stop_marketing, "Voltar", Some(Keyword::StopMarketing));
        check(
            Some("wrong_person"),
            "Not this person",
            Some(Keyword::WrongPerson),
        );
        check(Some("wrong_person"), "Sair", Some(Keyword::WrongPerson));
    }

    #[test]
    fn what_stops_more_revokes_more() {
        use Class::{Marketing, Servicing};
        assert!(Keyword::OptIn.revokes().is_empty());
        assert_eq!(Keyword::StopMarketing.revokes(), [Marketing]);
        assert_eq!(Keyword::OptOut.revokes(), [Servicing, Marketing]);
        assert_eq!(Keyword::WrongPerson.revokes(), Class::ALL);
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
                (Keyword::StopMarketing, Keyword::OptIn),
                (Keyword::OptIn, Keyword::OptOut),
            ] {
                let text = keyword.confirmation(locale, "Banco Aurora");
                assert!(text.contains("Banco Aurora"), "{text}");
                let word = text.trim_end_matches('.').rsplit(' ').next();
                assert_eq!(word.and_then(Keyword::read), Some(back), "{text}");
            }
        }
        let names = Keyword::ALL.map(Keyword::name);
        assert_eq!(
            names,
            ["opt_out", "opt_in", "stop_marketing", "wrong_person"]
        );
    }

    #[test]
    fn somebody_else_is_told_of_no_word_that_brings_the_messages_back() {
        for locale in Locale::ALL {
            let text = Keyword::WrongPerson.confirmation(locale, "Banco Aurora");
            assert!(
                text.contains("Banco Aurora") && text.contains("SMS"),
                "{text}"
            );
            let words = text.split(|c: char| !c.is_alphanumeric());
            assert_eq!(words.filter_map(Keyword::read).count(), 0, "{text}");
        }
    }
}
