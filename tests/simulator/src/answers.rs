//! Who acts, and where an answer is left for who waits for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::event::Actor;
use crate::sim::Sim;

/// What a caller hears of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Whether the answer says that it is a repetition.
    pub replayed: bool,
    /// The body.
    pub body: String,
    /// By which invocation.
    pub by: Actor,
}

/// One record's work, done as an actor of its own.
pub(crate) struct As<F> {
    sim: Sim,
    actor: Actor,
    work: Pin<Box<F>>,
}

impl<F> As<F> {
    pub(crate) fn new(sim: &Sim, actor: Actor, work: F) -> Self {
        Self {
            sim: sim.clone(),
            actor,
            work: Box::pin(work),
        }
    }
}

impl<F: Future> Future for As<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let before = self.sim.act(self.actor);
        let polled = self.work.as_mut().poll(cx);
        self.sim.act(before);
        polled
    }
}

/// Where an answer is left for who waits for it.
pub(crate) type Slot = Arc<Mutex<Left>>;

/// What is left there.
#[derive(Default)]
pub(crate) struct Left {
    answer: Option<Option<Answer>>,
    waiting: Option<Waker>,
}

/// Dropped without an answer, it says that there will be none.
pub(crate) struct Answered(pub(crate) Slot);

impl Answered {
    pub(crate) fn give(&self, answer: Answer) {
        leave(&self.0, Some(answer));
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        leave(&self.0, None);
    }
}

fn leave(slot: &Slot, answer: Option<Answer>) {
    let mut left = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if left.answer.is_none() {
        left.answer = Some(answer);
        if let Some(waiting) = left.waiting.take() {
            waiting.wake();
        }
    }
}

/// Waits for an answer, or for the news that there will be none.
pub(crate) struct Waiting(pub(crate) Slot);

impl Future for Waiting {
    type Output = Option<Answer>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match left.answer.clone() {
            Some(answer) => Poll::Ready(answer),
            None => {
                left.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
