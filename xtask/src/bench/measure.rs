//! What a command and everything it starts use.
//!
//! - **Processor time**: user and system time of all children that were waited for, as the kernel adds them up (`cutime` and `cstime`
//!   of `/proc/self/stat`, in steps of 10 ms). A process that nobody waits for would be missed; none of the tools here leaves one.
//! - **Peak memory**: the largest sum of the proportional set sizes (PSS: a page that n processes share counts 1/n in each) of the
//!   command and its descendants, sampled every 20 ms, later less often, since looking costs the more the more memory there is; at least
//!   the largest resident set that the kernel noted for one of them.

use std::{
    collections::HashMap,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;

/// Between two samples at least, and as a part of the time that has passed.
const PAUSE: Duration = Duration::from_millis(20);
const PART: u32 = 100;
/// Of `/proc/self/stat`: `USER_HZ`, which Linux fixes for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// What one command used.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Processor seconds, of the whole tree.
    pub cpu_seconds: f64,
    /// From start to end.
    pub wall_seconds: f64,
    /// Peak of the whole tree.
    pub peak_bytes: u64,
    /// What it ended with; none where a signal ended it.
    pub code: Option<i32>,
}

impl Usage {
    /// Did it say that all went well?
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }
}

/// Runs `command`, its output sent to `output`.
pub fn measure(mut command: Command, output: Stdio) -> anyhow::Result<Usage> {
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    let before = children_ticks()?;
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut peak_bytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_bytes = peak_bytes.max(memory_of_tree(child.id()));
        std::thread::sleep(PAUSE.max(start.elapsed() / PART));
    };
    let wall_seconds = start.elapsed().as_secs_f64();
    let cpu_seconds = (children_ticks()? - before) as f64 / TICKS_PER_SECOND;
    Ok(Usage { cpu_seconds, wall_seconds, peak_bytes, code: status.code() })
}

/// Time of all children waited for so far, and of theirs.
fn children_ticks() -> anyhow::Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name, in brackets, may hold anything; fields 16 and 17 are 14th and 15th behind it.
    let fields: Vec<&str> = stat.rsplit_once(')').context("/proc/self/stat")?.1.split_whitespace().collect();
    let field = |index: usize| fields.get(index).context("/proc/self/stat")?.parse::<u64>().context("/proc/self/stat");
    Ok(field(13)? + field(14)?)
}

/// Processes come and go while this looks: what is gone counts nothing.
fn memory_of_tree(top: u32) -> u64 {
    let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok()) {
            parents.entry(parent).or_default().push(pid);
        }
    }
    let (mut sum, mut largest, mut tree) = (0, 0, vec![top]);
    while let Some(pid) = tree.pop() {
        let kib = |file: &str, key: &str| {
            let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB").map(str::to_owned));
            line.and_then(|number| number.parse::<u64>().ok()).unwrap_or_default()
        };
        sum += kib("smaps_rollup", "Pss:") << 10;
        largest = largest.max(kib("status", "VmHWM:") << 10);
        tree.extend(parents.remove(&pid).unwrap_or_default());
    }
    sum.max(largest)
}

/// Text for a cell of a table in Markdown.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grandchildren_count() {
        let mut command = Command::new("sh");
        command.args(["-c", "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exit 3"]);
        let usage = measure(command, Stdio::null()).unwrap();
        assert!(!usage.success());
        assert!(usage.cpu_seconds > 0.0, "{usage:?}");
        assert!(usage.peak_bytes > 100_000, "{usage:?}");
    }
}
