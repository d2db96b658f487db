//! Doing two things at once, where a million records make that worth a thread. What comes out does
//! not depend on it.

use std::thread;

/// Items below which a thread costs more than it saves.
pub const WORTH_A_THREAD: usize = 20_000;

/// Carries two pieces of work out, the first on a thread of its own when there is enough to do.
pub fn both<A: Send, B>(enough: bool, first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    if !enough {
        return (first(), second());
    }
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), second)
    })
}
