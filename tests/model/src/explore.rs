//! Every state, breadth first, so that the first way found into a state is a shortest one.

use crate::action::{Action, is_free};
use crate::case::Case;
use crate::fingerprint::{Quick, fingerprint};
use crate::invariant::{Broken, broken};
use crate::protocol::Protocol;
use crate::report::{Report, Violation};
use crate::state::{Api, State};
use crate::table::Table;
use crate::trace;
use crate::world::World;

/// How far an exploration goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Everything was looked at; a state that breaks a promise is not followed any further.
    Done,
    /// The first broken promise.
    Broken,
}

/// The states that were found, by number, and how they were reached.
struct Graph {
    numbers: Quick<u64, u32>,
    /// Where a state was first reached from, and by what.
    reached: Vec<(u32, Action)>,
    /// What leads where: the states after the n-th lie from `starts[n]` on in `targets`.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

/// Explores a case within its bounds.
#[must_use]
pub fn explore(case: &Case, protocol: &dyn Protocol, until: Until) -> Report {
    let mut world = World::new(Table::new(protocol, case.bounds.times), case);
    let first = world.first_state();
    let mut graph = Graph {
        numbers: Quick::default(),
        reached: vec![(0, Action::Pass)],
        starts: Vec::new(),
        targets: Vec::new(),
    };
    graph.numbers.insert(fingerprint(&first), 0);
    let mut found: Vec<(Broken, u32)> = Vec::new();
    let (mut level, mut depth, mut whole) = (vec![first], 0, true);
    'levels: while !level.is_empty() {
        let mut next = Vec::new();
        for state in level {
            graph.follow(&mut world, &state, &mut next, &mut found);
            if until == Until::Broken && !found.is_empty() {
                whole = false;
                break 'levels;
            }
            if graph.reached.len() > case.bounds.most_states {
                whole = false;
                break 'levels;
            }
        }
        depth += usize::from(!next.is_empty());
        level = next;
    }
    if whole && let Some(state) = graph.cycle() {
        found.push((broken("I9", "a story that never ends"), state));
    }
    let violations = found
        .into_iter()
        .map(|(broken, number)| Violation {
            broken,
            trace: trace::tell(protocol, case, &graph.way_to(number)),
        })
        .collect();
    Report {
        case: case.name,
        bounds: case.bounds,
        states: graph.reached.len(),
        steps: graph.targets.len(),
        depth,
        whole,
        seen: world.seen,
        violations,
    }
}

impl Graph {
    /// Does everything possible in one state. States are followed in the order of their numbers.
    fn follow(
        &mut self,
        world: &mut World<'_>,
        state: &State,
        next: &mut Vec<State>,
        found: &mut Vec<(Broken, u32)>,
    ) {
        let here = u32::try_from(self.starts.len()).expect("fewer than four billion states");
        self.starts
            .push(u32::try_from(self.targets.len()).expect("fewer than four billion steps"));
        let possible = world.possible(state);
        if !is_settled(state, world.ends) && possible.iter().all(|action| is_free(*action)) {
            let stuck = broken("I9", "stuck: nothing happens any more");
            if !found.iter().any(|(known, _)| *known == stuck) {
                found.push((stuck, here));
            }
        }
        for action in possible {
            let after = world.apply(state, action);
            let broken = world.broken.take();
            let fresh = u32::try_from(self.reached.len()).expect("fewer than four billion states");
            let number = *self.numbers.entry(fingerprint(&after)).or_insert(fresh);
            if let Some(broken) = broken
                && !found.iter().any(|(known, _)| *known == broken)
            {
                // Kept under a number of its own: another way may have led into the same state.
                self.reached.push((here, action));
                found.push((
                    broken,
                    u32::try_from(self.reached.len() - 1).unwrap_or(fresh),
                ));
                next.push(after);
                continue;
            }
            self.targets.push(number);
            if number == fresh {
                self.reached.push((here, action));
                next.push(after);
            }
        }
    }

    fn way_to(&self, mut number: u32) -> Vec<Action> {
        let mut way = Vec::new();
        while number != 0 {
            let (from, action) = self.reached[number as usize];
            way.push(action);
            number = from;
        }
        way.reverse();
        way
    }

    /// The first state on a cycle, if there is any: states without a way into them are taken away until
    /// none is left.
    fn cycle(&self) -> Option<u32> {
        let mut ways_in = vec![0_u32; self.reached.len()];
        for target in &self.targets {
            ways_in[*target as usize] += 1;
        }
        let mut free: Vec<u32> = (0..)
            .zip(&ways_in)
            .filter(|(_, ways)| **ways == 0)
            .map(|(number, _)| number)
            .collect();
        while let Some(number) = free.pop() {
            for target in self.after(number) {
                ways_in[*target as usize] -= 1;
                if ways_in[*target as usize] == 0 {
                    free.push(*target);
                }
            }
        }
        // What lies behind a cycle and leads to none is taken away as well.
        let mut left: Vec<bool> = ways_in.iter().map(|ways| *ways > 0).collect();
        loop {
            let dead_end = |number: u32| !self.after(number).iter().any(|it| left[*it as usize]);
            let ends: Vec<u32> = (0..)
                .zip(&left)
                .filter(|(number, is_left)| **is_left && dead_end(*number))
                .map(|(number, _)| number)
                .collect();
            if ends.is_empty() {
                break;
            }
            for number in ends {
                left[number as usize] = false;
            }
        }
        let first = left.iter().position(|is_left| *is_left)?;
        u32::try_from(first).ok()
    }

    fn after(&self, number: u32) -> &[u32] {
        let place = number as usize;
        let from = self.starts[place] as usize;
        let to = self
            .starts
            .get(place + 1)
            .map_or(self.targets.len(), |start| *start as usize);
        &self.targets[from..to]
    }
}

fn is_settled(state: &State, ends: u16) -> bool {
    state.now >= ends
        && state.queue.is_empty()
        && state.drives.is_empty()
        && state.hooks.is_empty()
        && !state
            .notes
            .iter()
            .any(|note| matches!(note.api, Api::Handing(_)))
}
