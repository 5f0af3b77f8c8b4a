//! Random stories of one notification in a hostile world.

use proptest::prelude::*;

use super::world::{Answer, Happens, World};
use crate::class::Class;
use crate::switches::{Breaker, Sending};

fn happens() -> impl Strategy<Value = Happens> {
    let dies = prop_oneof![3 => Just(None), 2 => (0_usize..6).prop_map(Some)];
    prop_oneof![
        6 => (any::<prop::sample::Index>(), dies, prop::bool::weighted(0.2))
            .prop_map(|(which, dies_after, twice)| Happens::Deliver { which: which.index(8), dies_after, twice }),
        4 => prop_oneof![0_u64..2_000, 5_000_u64..40_000, 60_000_u64..200_000].prop_map(|ms| Happens::Wait { ms }),
        2 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(delivered, read, failed)| Happens::Told { delivered, read, failed }),
        1 => Just(Happens::Cancel),
        1 => Just(Happens::Revoke),
        1 => any::<bool>().prop_map(Happens::StoreAway),
        1 => prop_oneof![Just(Sending::Off), Just(Sending::On)].prop_map(Happens::Sending),
        1 => prop_oneof![Just(Breaker::Open), Just(Breaker::Closed)].prop_map(Happens::Breaker),
        1 => prop::option::of(0_u32..2).prop_map(Happens::Budget),
        3 => prop_oneof![Just(Answer::Accepted), Just(Answer::Rejected), Just(Answer::NotSent), Just(Answer::Unknown)]
            .prop_map(Happens::NextPost),
    ]
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(Class::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold_and_it_ends(
        class in class(),
        legs in 1_usize..=3,
        story in prop::collection::vec(happens(), 0..40),
    ) {
        let mut world = World::new(class, legs);
        for what in &story {
            world.happen(what);
            world.check()?;
        }
        world.settle();
        world.check()?;
        prop_assert!(world.queue.is_empty(), "I9: still queued: {:?}", world.queue);
        prop_assert!(world.item.status(world.now).has_ended(), "I9: {:?}", world.item.status(world.now));
        prop_assert!(world.item.content.is_none(), "I11: ended with content: {:?}", world.item);
    }

    #[test]
    fn without_any_trouble_exactly_one_message_leaves(class in class(), told in 0_u64..60_000) {
        let mut world = World::new(class, if class == Class::Marketing { 1 } else { 2 });
        world.happen(&Happens::Deliver { which: 1, dies_after: None, twice: false });
        world.happen(&Happens::Deliver { which: 0, dies_after: None, twice: false });
        world.happen(&Happens::Wait { ms: told });
        if told < 30_000 {
            world.happen(&Happens::Told { delivered: true, read: false, failed: false });
        }
        world.settle();
        let sms = usize::from(told >= 30_000 && class != Class::Marketing);
        prop_assert_eq!(world.left.len(), 1 + sms);
    }
}
