//! A thread of its own for work on hostile bytes: with a stack that is large enough for every chain the analyses may follow, and an end
//! at which a panic stops.

use std::thread;

use assay_core::{Problem, escape::visible};

/// Bytes of stack. Address space, not memory: what is not touched costs nothing.
const STACK_BYTES: usize = 64 << 20;

/// Does `work` on a thread of its own and waits for it. A panic in it, or no room for the thread, is a problem.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Problem> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("analysis".into()).stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| Problem::over_limit(0, format!("no room for a thread to read it on: {error}")))?;
        thread.join().map_err(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            let words = visible(words.unwrap_or("no words")).into_owned();
            Problem::corrupt(0, format!("its reading broke off, which is a defect of Assay: {words}"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_here() {
        assert_eq!(apart(|| 7), Ok(7));
        let problem = apart(|| assert!(std::hint::black_box(false), "at {}", "\u{1b}[0m")).unwrap_err();
        assert!(problem.note.ends_with("a defect of Assay: at \\x1b[0m"), "{problem:?}");
    }
}
