//! recado-testing

pub mod meta;
pub mod phones;
