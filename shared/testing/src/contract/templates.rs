//! The banks' own templates and what Meta says: versions immutable, the newest word held whatever came
//! first.

use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::consent::Changed;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::standing::{Aspect, Edition, Note, Quality, Reason, Review, Said, Standing};
use recado_domain::template::{Category, Template};
use recado_ports::{Kept, OwnTemplates, Standings};

use super::{at, tenant};

/// Exercises a store of templates and of what Meta says of them.
///
/// # Panics
/// Where the store breaks the contract.
pub async fn templates_contract<S>(store: &S)
where
    S: Standings + OwnTemplates + Clone + 'static,
{
    versions_are_immutable(store).await;
    the_newest_word_is_held(store).await;
    of_many_at_once_the_newest_is_held(store).await;
    a_shelf_holds_all_of_one_name(store).await;
}

fn name(text: &str) -> TemplateName {
    TemplateName::parse(text).expect("a template's name")
}

fn own(of: &str, version: u32) -> Template {
    let base = catalogue::find(&name("pix_received"), None).expect("the catalogue has it");
    Template {
        name: name(of),
        version,
        ..Template::clone(&base)
    }
}

fn edition(of: &str, version: u32, locale: Locale) -> Edition {
    Edition {
        name: name(of),
        version,
        locale,
    }
}

fn told(second: i64, aspect: Aspect) -> Note {
    Note {
        aspect,
        said: Said::Told(at(second)),
    }
}

fn review(review: Review) -> Aspect {
    Aspect::Review(review, Reason::None)
}

async fn held<S: Standings>(store: &S, tenant: &TenantId, edition: &Edition) -> Standing {
    let standing = store.standing(tenant, edition).await;
    standing.expect("the store answers")
}

async fn versions_are_immutable<S: OwnTemplates>(store: &S) {
    let (bank, other) = (tenant("banco-modelo"), tenant("banco-modelo-dois"));
    let keep = async |tenant: &TenantId, template: &Template| {
        let kept = store.keep(tenant, template).await;
        kept.expect("the store answers")
    };
    let first = own("own_alert", 1);
    assert_eq!(keep(&bank, &first).await, Kept::New);
    assert_eq!(keep(&bank, &first).await, Kept::Same);
    let mut changed = first.clone();
    changed.sms_parts += 1;
    assert_eq!(keep(&bank, &changed).await, Kept::Other);
    assert_eq!(keep(&other, &changed).await, Kept::New);
    assert_eq!(keep(&bank, &own("own_alert", 2)).await, Kept::New);
    assert_eq!(keep(&bank, &own("another", 7)).await, Kept::New);
    // What the catalogue holds of the same name and version stays what it is.
    let mut disguised = own("pix_received", 1);
    disguised.sms_parts += 1;
    assert_eq!(keep(&bank, &disguised).await, Kept::Other);

    let names = store.own_names(&bank).await.expect("the store answers");
    assert_eq!(names, [name("another"), name("own_alert")]);
    let nobody = tenant("banco-sem-modelo");
    let none = store.own_names(&nobody).await.expect("the store answers");
    assert_eq!(none, []);
}

async fn the_newest_word_is_held<S: Standings>(store: &S) {
    let bank = tenant("banco-palavra");
    let edition = edition("word", 1, Locale::PtBr);
    assert_eq!(held(store, &bank, &edition).await, Standing::default());
    let mut expected = Standing::default();
    let note = |said, state| Note {
        aspect: review(state),
        said,
    };
    let told_twice = [
        note(Said::Assumed, Review::NotSubmitted),
        note(Said::Asked, Review::Pending),
        note(Said::Assumed, Review::NotSubmitted),
        note(Said::Asked, Review::Paused),
        told(9, review(Review::Paused)),
        note(Said::Asked, Review::Approved),
        told(5, review(Review::Approved)),
        told(9, Aspect::Review(Review::Rejected, Reason::Scam)),
        told(9, review(Review::Approved)),
        told(12, review(Review::Approved)),
        told(3, Aspect::Category(Category::Utility)),
        told(20, Aspect::Category(Category::Marketing)),
        told(7, Aspect::Category(Category::Utility)),
        told(19, Aspect::Impending(Category::Marketing)),
        told(2, Aspect::Quality(Quality::Green)),
        told(4, Aspect::Quality(Quality::Red)),
        told(3, Aspect::Edited),
        told(1, Aspect::Edited),
    ];
    for note in told_twice {
        let pure = expected.take(&note);
        let noted = store.note(&bank, &edition, &note).await;
        assert_eq!(noted.expect("the store answers"), pure, "{note:?}");
        assert_eq!(held(store, &bank, &edition).await, expected, "{note:?}");
        // An answer of Meta's may be taken in as often as one asks; it leaves what it left before.
        let again = store.note(&bank, &edition, &note).await;
        let asked = note.said == Said::Asked && pure == Changed::Yes;
        assert_eq!(again.expect("the store answers") == Changed::Yes, asked);
        assert_eq!(held(store, &bank, &edition).await, expected, "{note:?}");
    }
    let since = expected.category.and_then(|held| held.since());
    assert_eq!(since.map(Timestamp::as_second), Some(at(20).as_second()));
    for stranger in [
        Edition {
            version: 2,
            ..edition.clone()
        },
        Edition {
            locale: Locale::En,
            ..edition.clone()
        },
    ] {
        let nothing = held(store, &bank, &stranger).await;
        assert_eq!(nothing, Standing::default(), "{stranger:?}");
    }
    let other = tenant("banco-palavra-dois");
    assert_eq!(held(store, &other, &edition).await, Standing::default());
}

async fn of_many_at_once_the_newest_is_held<S: Standings + Clone + 'static>(store: &S) {
    let bank = tenant("banco-rajada");
    let edition = edition("burst", 3, Locale::De);
    let states = [Review::Approved, Review::Paused, Review::Pending];
    let tasks: Vec<_> = (0..30_i64)
        .map(|second| {
            let (store, bank, edition) = (store.clone(), bank.clone(), edition.clone());
            let state = states[usize::try_from(second).unwrap_or_default() % states.len()];
            // The newest neither first nor last.
            let note = told((second * 7) % 30, review(state));
            tokio::spawn(async move { store.note(&bank, &edition, &note).await })
        })
        .collect();
    for task in tasks {
        let noted = task.await.expect("a task that ends");
        assert!(noted.is_ok(), "the store answers");
    }
    let review = held(store, &bank, &edition).await.review;
    let newest = review.and_then(|held| held.since());
    assert_eq!(newest.map(Timestamp::as_second), Some(at(29).as_second()));
}

async fn a_shelf_holds_all_of_one_name<S: Standings + OwnTemplates>(store: &S) {
    let bank = tenant("banco-estante");
    for version in [2, 1, 10] {
        let kept = store.keep(&bank, &own("shelved", version)).await;
        assert_eq!(kept.expect("the store answers"), Kept::New);
    }
    let noted = [
        edition("shelved", 1, Locale::PtBr),
        edition("shelved", 10, Locale::En),
    ];
    for edition in &noted {
        let note = told(1, review(Review::Approved));
        let changed = store.note(&bank, edition, &note).await;
        assert_eq!(changed.expect("the store answers"), Changed::Yes);
    }
    let shelf = store.shelf(&bank, &name("shelved")).await;
    let shelf = shelf.expect("the store answers");
    let versions: Vec<u32> = shelf.own.keys().copied().collect();
    assert_eq!(versions, [1, 2, 10]);
    assert_eq!(*shelf.own[&10], own("shelved", 10), "nothing of it is lost");
    let editions: Vec<Edition> = shelf.standings.keys().cloned().collect();
    assert_eq!(editions, noted);
    let empty = store.shelf(&bank, &name("unheard_of")).await;
    assert_eq!(
        empty.expect("the store answers"),
        recado_ports::Shelf::default()
    );
}
