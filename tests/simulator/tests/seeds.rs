//! A thousand stories, the same ones every time, in which everything that can go wrong does.

use std::ffi::OsStr;

use recado_simulator::audit::Evidence;
use recado_simulator::fleet::{self, Range};
use recado_simulator::report::Report;
use recado_simulator::story;

#[test]
fn a_thousand_stories_keep_every_promise_and_nothing_in_them_is_missing() {
    let range = Range {
        from: 0,
        seeds: 1_000,
        jobs: 2,
    };
    let program = OsStr::new(env!("CARGO_BIN_EXE_simulate"));
    let report: Report = fleet::run(program, range, |_| {}).expect("every worker reports");
    println!("{report}");
    assert_eq!(report.counts.get("runs"), Some(&range.seeds));
    assert!(report.broken.is_empty(), "{report}");
    let missing = report.never_happened();
    assert!(missing.is_empty(), "never happened: {missing:?}\n{report}");
}

#[test]
fn the_same_seed_tells_the_same_story_event_for_event() {
    let fingerprint = |seed| Evidence::of(&story::tell(seed)).history.fingerprint();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let first = fingerprint(seed);
        assert_eq!(first, fingerprint(seed), "seed {seed}");
        assert!(seen.insert(first), "seed {seed} tells another one's story");
    }
}
