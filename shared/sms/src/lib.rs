//! recado-sms
