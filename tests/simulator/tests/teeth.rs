//! An auditor that cannot bite proves nothing: each thing broken on purpose is found, by its name.

use recado_simulator::audit::{Evidence, Promise, audit};
use recado_simulator::sabotage::Sabotage;
use recado_simulator::story;

/// More seeds than any of them needs.
const PATIENCE: u64 = 200;

#[test]
fn whatever_is_broken_on_purpose_is_found_by_its_name() {
    let mut unnoticed = Vec::new();
    for sabotage in Sabotage::ALL {
        let mut others: Vec<(u64, Promise)> = Vec::new();
        let found = (0..PATIENCE).find(|seed| {
            let told = story::tell_with(*seed, |sim| sim.sabotage(sabotage));
            let broken = audit(&Evidence::of(&told)).violations;
            others.extend(broken.iter().map(|it| (*seed, it.promise)));
            let named = |promise: &Promise| sabotage.breaks().contains(promise);
            broken.iter().any(|it| named(&it.promise))
        });
        match found {
            Some(seed) => eprintln!("{sabotage:?}: found with seed {seed}"),
            None => unnoticed.push((sabotage, others)),
        }
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
}
