//! `docs/SCALE.md`.

use recado_payday::document::{figures, hold};

#[test]
fn the_page_says_what_the_simulation_says() {
    hold(&figures().expect("figures")).expect("docs/SCALE.md");
}
