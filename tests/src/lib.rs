//! recado-tests
