//! Threads that share numbered pieces of work, of which a part has to be done in the order of the numbers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::failure::{Outcome, catching};

/// What is done in turn is done to this.
pub(super) struct Turns<T> {
    next_piece: AtomicI64,
    state: Mutex<State<T>>,
    moved_on: Condvar,
}

struct State<T> {
    of_all: T,
    /// Whose turn it is.
    next: i64,
    /// Somebody failed: no piece has a turn any more.
    is_given_up: bool,
}

impl<T> Turns<T> {
    /// Begins with piece 0.
    pub fn new(of_all: T) -> Self {
        Self {
            next_piece: AtomicI64::new(0),
            state: Mutex::new(State {
                of_all,
                next: 0,
                is_given_up: false,
            }),
            moved_on: Condvar::new(),
        }
    }

    /// The next piece that nobody has; whoever takes one takes its turn, or fails.
    pub fn take(&self) -> i64 {
        self.next_piece.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for the turn of a piece, and does that part of it; `None` when somebody gave up.
    pub fn in_turn<R>(&self, piece: i64, work: impl FnOnce(&mut T) -> Outcome<R>) -> Outcome<Option<R>> {
        let mut state = self.state();
        while state.next != piece && !state.is_given_up {
            state = self.moved_on.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_given_up {
            return Ok(None);
        }
        let done = work(&mut state.of_all)?;
        state.next += 1;
        drop(state);
        self.moved_on.notify_all();
        Ok(Some(done))
    }

    /// Works on pieces; when that fails or panics, everybody goes home who waits for a turn.
    pub fn work<R>(&self, work: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
        let done = catching(work);
        if done.is_err() {
            self.give_up();
        }
        done
    }

    fn give_up(&self) {
        self.state().is_given_up = true;
        self.moved_on.notify_all();
    }

    /// What all turns came to.
    pub fn end(self) -> T {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).of_all
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Who panicked in its turn gives up afterwards; the flag is right whatever became of the rest.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::Failure;
    use super::*;

    /// Numbers the pieces in their order, until one of them ends otherwise.
    fn number(turns: &Turns<Vec<i64>>, pieces: i64, end: impl Fn(i64) -> Outcome<()>) -> Outcome<()> {
        loop {
            let piece = turns.take();
            if piece >= pieces {
                return Ok(());
            }
            let turn = turns.in_turn(piece, |all| {
                all.push(piece);
                end(piece)
            });
            if turn?.is_none() {
                return Ok(());
            }
        }
    }

    fn of_three(pieces: i64, end: impl Fn(i64) -> Outcome<()> + Copy + Send) -> (Vec<i64>, usize) {
        let turns = Turns::new(Vec::new());
        let failed = std::thread::scope(|scope| {
            let turns = &turns;
            let threads = [(); 3].map(|()| scope.spawn(move || turns.work(|| number(turns, pieces, end))));
            let done = threads.map(|thread| thread.join().unwrap());
            done.into_iter().filter(Result::is_err).count()
        });
        (turns.end(), failed)
    }

    #[test]
    fn every_piece_has_its_turn_in_order() {
        assert_eq!(of_three(1_000, |_| Ok(())), ((0..1_000).collect(), 0));
    }

    #[test]
    fn nobody_waits_for_who_failed() {
        let fails = |piece| (piece != 500).then_some(()).ok_or(Failure::Conflict);
        assert_eq!(of_three(1_000, fails), ((0..=500).collect(), 1));
    }

    #[test]
    fn nobody_waits_for_who_panicked() {
        let panics = |piece| {
            assert_ne!(piece, 500, "as it should");
            Ok(())
        };
        assert_eq!(of_three(1_000, panics), ((0..=500).collect(), 1));
    }
}
