//! Work on several threads, with results in the order of the work.
//!
//! **Not on a pool of `rayon`'s**: what is done here waits for threads of its own (see `assay_code::read::apart`), and those use the pool
//! within a program. Waiting in the pool for somebody who waits for the pool would be the end of both.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// `work` for each of `items`, on up to `threads` threads; whichever comes first in `items` is begun first.
pub fn spread<I: Sync, R: Send>(items: &[I], threads: usize, work: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            // Without room for another thread there is one less at work.
            let _ = thread::Builder::new().spawn_scoped(scope, worker);
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_where_their_work_stood() {
        let items: Vec<u32> = (0..100).collect();
        for threads in [1, 2, 7] {
            assert_eq!(spread(&items, threads, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
        assert!(spread(&[0_u8; 0], 4, |item| *item).is_empty());
    }
}
