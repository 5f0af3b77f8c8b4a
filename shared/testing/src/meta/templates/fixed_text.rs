//! The words that Meta fixes for authentication templates.

/// Body, security sentence, expiry footer and button label of a language.
pub(super) struct Wording {
    pub(super) body: &'static str,
    pub(super) security: &'static str,
    /// `{}` stands for the minutes.
    pub(super) expiry: &'static str,
    pub(super) copy_code: &'static str,
}

const PORTUGUESE: Wording = Wording {
    body: "*{{1}}* é seu código de verificação.",
    security: " Para sua segurança, não o compartilhe.",
    expiry: "Este código expira em {} minutos.",
    copy_code: "Copiar código",
};

const SPANISH: Wording = Wording {
    body: "Tu código de verificación es *{{1}}*.",
    security: " Por tu seguridad, no lo compartas.",
    expiry: "Este código caduca en {} minutos.",
    copy_code: "Copiar código",
};

const ENGLISH: Wording = Wording {
    body: "*{{1}}* is your verification code.",
    security: " For your security, do not share this code.",
    expiry: "This code expires in {} minutes.",
    copy_code: "Copy code",
};

const FRENCH: Wording = Wording {
    body: "*{{1}}* est votre code de vérification.",
    security: " Pour votre sécurité, ne le partagez pas.",
    expiry: "Ce code expire dans {} minutes.",
    copy_code: "Copier le code",
};

const GERMAN: Wording = Wording {
    body: "*{{1}}* ist dein Verifizierungscode.",
    security: " Gib diesen Code zu deiner Sicherheit nicht weiter.",
    expiry: "Dieser Code läuft in {} Minuten ab.",
    copy_code: "Code kopieren",
};

/// The wording of a language; English where no translation is kept here.
pub(super) fn wording(language: &str) -> &'static Wording {
    match language.split('_').next() {
        Some("pt") => &PORTUGUESE,
        Some("es") => &SPANISH,
        Some("fr") => &FRENCH,
        Some("de") => &GERMAN,
        _ => &ENGLISH,
    }
}

/// Languages that templates can be written in (reference, "Supported languages").
pub(super) const LANGUAGES: [&str; 52] = [
    "pt_BR", "pt_PT", "en", "en_US", "en_GB", "en_IN", "en_ZA", "fr", "fr_CA", "fr_BE", "fr_CH",
    "de", "de_AT", "de_CH", "es", "es_ES", "es_MX", "es_AR", "es_CO", "es_CL", "es_PE", "it", "nl",
    "hi", "bn", "ta", "te", "mr", "gu", "kn", "ml", "pa", "ur", "ar", "ar_AE", "zh_CN", "zh_HK",
    "zh_TW", "ja", "ko", "id", "ms", "vi", "th", "tr", "ru", "uk", "pl", "ro", "sv", "af", "zu",
];
