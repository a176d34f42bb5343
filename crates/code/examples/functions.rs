//! The functions of a program, as JSON, with the time it took to find them: `functions PROGRAM OUTPUT`.
//!
//! `cargo xtask bench functions` runs it, to measure discovery without the analyses that follow. It reads the file in this process, as no
//! command of Assay does: it is for programs that one has built oneself.

use std::{env, error::Error, fs};

use assay_code::{functions::discover, lift, load, models::Models, read::apart};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(program), Some(output)) = (arguments.next(), arguments.next()) else { return Err("usage: functions PROGRAM OUTPUT".into()) };
    let bytes = fs::read(program)?;
    let found = apart(|| functions(&bytes)).map_err(|problem| problem.note)??;
    fs::write(output, found.to_string())?;
    Ok(())
}

fn functions(bytes: &[u8]) -> Result<Value, String> {
    let start = seconds();
    let program = load::load(bytes).map_err(|why| format!("{why:?}"))?;
    let lifter = lift::of(&program).map_err(|why| format!("{why:?}"))?;
    let models = Models::built_in();
    let code = discover(&program, lifter, &|name| models.get(name).is_some_and(|model| model.no_return));
    let seconds = seconds() - start;
    let functions: Vec<Value> = code
        .functions
        .iter()
        .map(|function| {
            let blocks: Vec<_> = function.blocks.iter().map(|block| [block.place.address, block.end]).collect();
            json!({ "address": function.entry.address, "found_by": function.found_by.word(), "blocks": blocks })
        })
        .collect();
    Ok(json!({ "seconds": seconds, "functions": functions }))
}

/// Processor time of this thread: discovery has no other.
fn seconds() -> f64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split_whitespace().next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or_default() / 1e9
}
