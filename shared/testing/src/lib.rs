//! recado-testing

pub mod contract;
pub mod meta;
pub mod phones;
pub mod twin;
