//! recado-whatsapp
