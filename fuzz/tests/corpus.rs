//! Every kept input, and mutations of it, through every property: on a stable compiler, without the engine.
//!
//! What fails is printed with its file and, where it was mutated, is repeated by the same run: the
//! mutations depend on the file's name and bytes alone.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its corpus has failed"
)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use recado_fuzz::{Property, TARGETS};

/// How many random mutations each input gets besides being cut.
const MUTATIONS: usize = 96;

/// At how many places each input is cut.
const CUTS: usize = 24;

/// The largest corpus, in bytes: it is read by every build.
const LARGEST_CORPUS: u64 = 300_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// A target's inputs, by name.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = fs::read_dir(folder().join(target))
        .unwrap_or_else(|error| panic!("{target} has no corpus: {error}"))
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

/// Runs the property and names the input where it does not hold.
fn holds(target: &str, property: Property, name: &str, how: &str, data: &[u8]) {
    if catch_unwind(|| property(data)).is_err() {
        panic!(
            "{target}: corpus/{target}/{name}, {how}, breaks a promise (said above): {:?}",
            String::from_utf8_lossy(data)
        );
    }
}

/// Small and repeatable: SplitMix64.
struct Chance(u64);

impl Chance {
    fn of(name: &str, data: &[u8]) -> Self {
        let bytes = name.bytes().chain(data.iter().copied());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// Bytes that mean something to one of the formats.
const TELLING: &[u8] = b"0123456789+-.:,\"\\{}[]=% \n\t*@/\0\xff\xc3NnVv";

/// One to three changes: a byte flipped, replaced, added, removed; a part doubled or taken from another
/// input.
fn mutated(data: &[u8], others: &[(String, Vec<u8>)], chance: &mut Chance) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..=chance.below(3) {
        let place = chance.below(data.len());
        let telling = TELLING[chance.below(TELLING.len())];
        match chance.below(6) {
            0 if !data.is_empty() => data[place] ^= 1 << chance.below(8),
            1 if !data.is_empty() => data[place] = telling,
            2 if !data.is_empty() => {
                data.remove(place);
            }
            3 => {
                let end = (place + 1 + chance.below(24)).min(data.len());
                let part = data[place.min(end)..end].to_vec();
                data.splice(place..place, part);
            }
            4 => {
                let (_, other) = &others[chance.below(others.len())];
                let from = chance.below(other.len());
                let to = (from + 1 + chance.below(48)).min(other.len());
                data.splice(place..place, other[from.min(to)..to].iter().copied());
            }
            _ => data.insert(place, telling),
        }
    }
    data
}

fn run(target: &str) {
    let (_, property) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "{target} has no corpus");
    holds(target, property, "none", "the empty input", b"");
    for (name, data) in &inputs {
        holds(target, property, name, "as it is", data);
        let step = data.len().div_ceil(CUTS).max(1);
        for cut in (0..data.len()).step_by(step) {
            holds(target, property, name, "its beginning", &data[..cut]);
            holds(target, property, name, "its end", &data[cut..]);
        }
        let mut chance = Chance::of(name, data);
        for count in 0..MUTATIONS {
            let changed = mutated(data, &inputs, &mut chance);
            holds(
                target,
                property,
                name,
                &format!("mutation {count}"),
                &changed,
            );
        }
    }
}

macro_rules! targets {
    ($($target:ident: $test:ident,)+) => {
        $(
            #[test]
            fn $test() {
                run(stringify!($target));
            }
        )+

        #[test]
        fn every_target_has_its_test_its_corpus_and_its_engine() {
            let tested = [$(stringify!($target)),+];
            let mut folders: Vec<String> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            folders.sort();
            assert_eq!(folders, tested);
            assert_eq!(TARGETS.map(|(name, _)| name), tested);
            for target in tested {
                let file = format!("fuzz_targets/{target}.rs");
                let text = fs::read_to_string(folder().join("..").join(&file)).unwrap();
                assert!(text.contains(&format!("recado_fuzz::{target}(data)")), "{file}");
            }
        }
    };
}

targets! {
    callback: an_attempt_s_name_has_one_spelling,
    idempotency_key: one_key_is_one_notification,
    inbound_text: a_customer_s_words_arrive_and_keywords_are_the_word_alone,
    job_body: a_job_is_read_whole_or_refused,
    masking: nobody_s_number_survives_masking,
    phone: one_person_has_one_canonical_number_and_it_never_prints,
    pix_code: a_pix_code_is_unchanged_or_refused,
    request_body: a_request_is_refused_with_its_fields_or_can_be_sent,
    template_file: a_template_is_refused_with_its_places_or_can_be_sent,
    timer_body: a_timer_is_read_whole_or_refused,
    webhook_body: junk_in_a_webhook_harms_itself_alone,
    webhook_signature: nobody_without_the_secret_posts_to_the_webhook,
}

#[test]
fn the_corpus_stays_small() {
    let size: u64 = TARGETS
        .iter()
        .flat_map(|(target, _)| inputs(target))
        .map(|(_, data)| u64::try_from(data.len()).unwrap())
        .sum();
    assert!(
        size <= LARGEST_CORPUS,
        "{size} bytes: minimise it (README.md)"
    );
}
