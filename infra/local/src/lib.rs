//! recado-local
pub mod template;

pub mod aws;

mod ids;
pub mod lambda;
