//! recado-testing
