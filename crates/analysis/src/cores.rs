//! The same work on many things, on all cores.
//!
//! Made of scoped threads of the standard library: the work comes in portions of some milliseconds, beside which the
//! few hundredths that starting a thread takes do not count, and a library with a pool of its own would be five more
//! packages for these lines.

use std::{
    panic,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// Threads that help somebody at this moment, in the whole process.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

/// The right to start one thread. There is one less than there are cores, however many callers ask: two jobs at once
/// then use one thread more than there are cores, not twice as many.
struct Helper;

impl Helper {
    fn hire() -> Option<Self> {
        HELPERS
            .fetch_update(Relaxed, Relaxed, |busy| (busy + 1 < cores()).then_some(busy + 1))
            .ok()
            .map(|_| Self)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        HELPERS.fetch_sub(1, Relaxed);
    }
}

/// Cores that this process may use; asked once, because the answer is read from files.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, Into::into))
}

/// Does `work` on every item and returns the results in the order of the items. The caller's thread works, and up to
/// `helpers` more beside it, as many as cores are not taken by other callers. Each thread takes the next item when it
/// has done one.
///
/// Blocks until everything is done. A panic in `work` goes on in the caller.
pub fn on_cores<I, R>(helpers: usize, items: I, work: impl Fn(I::Item) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<IntoIter: Send>,
    R: Send,
{
    let left = Mutex::new(items.into_iter().enumerate());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        // A system that refuses another thread gets the work done by fewer.
        let start = |helper: Helper| {
            let shared = move || {
                let _until_the_end = helper;
                share()
            };
            thread::Builder::new().spawn_scoped(scope, shared).ok()
        };
        let started: Vec<_> = (0..helpers).map_while(|_| Helper::hire().and_then(start)).collect();
        let mut done = share();
        for thread in started {
            done.append(&mut thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, time::Duration};

    #[test]
    fn results_come_in_the_order_of_the_items_whoever_worked_them_out() {
        let slow_first = |n: u64| {
            thread::sleep(Duration::from_micros(2_000 / (n + 1)));
            n * n
        };
        for helpers in [0, 1, 50] {
            let squares = on_cores(helpers, 0..40, slow_first);
            assert_eq!(squares, (0..40).map(|n| n * n).collect::<Vec<_>>(), "{helpers}");
        }
        assert!(on_cores(3, 0..0, slow_first).is_empty());
    }

    #[test]
    fn there_are_never_more_helpers_than_other_cores_and_all_go_home() {
        let most = AtomicUsize::new(0);
        let look = |_: usize| {
            most.fetch_max(HELPERS.load(Relaxed), Relaxed);
            thread::sleep(Duration::from_micros(200));
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| on_cores(100, 0..50, look));
            }
        });
        assert!(most.into_inner() < cores());
        // Another test may have one at this moment, but not for long.
        let gone = (0..500).any(|_| {
            HELPERS.load(Relaxed) == 0 || {
                thread::sleep(Duration::from_millis(10));
                false
            }
        });
        assert!(gone, "{HELPERS:?}");
    }

    #[test]
    fn a_free_core_is_used() {
        // Other tests may have the free core now and then.
        let threads = || {
            let here = |_| {
                thread::sleep(Duration::from_millis(2));
                thread::current().id()
            };
            on_cores(1, 0..8, here).into_iter().collect::<HashSet<_>>().len()
        };
        assert!(cores() == 1 || (0..500).any(|_| threads() == 2));
    }

    #[test]
    fn a_panic_at_work_reaches_the_caller_and_the_helper_is_free_again() {
        let broken = panic::catch_unwind(|| on_cores(1, 0..50, |n| assert!(n != 20, "twenty")));
        assert!(broken.is_err());
        assert_eq!(on_cores(1, 0..3, |n| n), [0, 1, 2]);
    }
}
