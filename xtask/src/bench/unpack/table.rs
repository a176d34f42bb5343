//! What was measured, for reading: a line for each run, a table, a page of the manual.

use std::fmt::Write;

use super::{Run, package::Package, peers::Tool, recovered::Expected};
use crate::bench::shell::today;

/// Several runs of one tool.
pub struct Summary {
    name: String,
    cpu: f64,
    wall: f64,
    peak_mb: f64,
    /// Least and most, over the runs.
    files: (usize, usize),
    links: (usize, usize),
    /// Processor seconds per 10⁹ bytes recovered; infinite where most runs recovered nothing.
    cpu_per_gb: f64,
    missing: Vec<(String, usize)>,
}

/// One run in a line.
pub fn line(run: &Run, expected: &Expected) -> String {
    let (usage, score) = (run.usage, &run.score);
    let missing: Vec<String> = score.missing.iter().map(|(container, count)| format!("{count} of {container}")).collect();
    format!(
        "{:6.2} CPU-s {:6.2} s {:4.0} MB  {}/{} files {}/{} links{}{}",
        usage.cpu_seconds,
        usage.wall_seconds,
        usage.peak_bytes as f64 / 1e6,
        score.files,
        expected.files(),
        score.links,
        expected.links(),
        if missing.is_empty() { String::new() } else { format!("; missing: {}", missing.join(", ")) },
        if usage.success() { "" } else { "; ended with an error" },
    )
}

/// The runs of one tool together: medians of time, the worst of memory, the range of what was recovered.
pub fn summary(name: &str, runs: &[Run], expected: &Expected) -> Summary {
    let median = |value: &dyn Fn(&Run) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let range = |value: &dyn Fn(&Run) -> usize| (runs.iter().map(value).min().unwrap_or(0), runs.iter().map(value).max().unwrap_or(0));
    let worst = runs.iter().min_by_key(|run| run.score.files).map(|run| run.score.missing.clone());
    debug_assert!(runs.iter().all(|run| run.score.bytes <= expected.bytes()), "no more can be recovered than there is");
    Summary {
        name: name.to_owned(),
        cpu: median(&|run| run.usage.cpu_seconds),
        wall: median(&|run| run.usage.wall_seconds),
        peak_mb: runs.iter().map(|run| run.usage.peak_bytes).max().unwrap_or(0) as f64 / 1e6,
        files: range(&|run| run.score.files),
        links: range(&|run| run.score.links),
        cpu_per_gb: median(&|run| run.usage.cpu_seconds * 1e9 / run.score.bytes as f64),
        missing: worst.unwrap_or_default(),
    }
}

/// The table, in Markdown. Ratios are to the first row.
pub fn table(results: &[Summary]) -> String {
    let mut text = String::from(
        "| tool | CPU s | wall s | peak MB | files | links | CPU s per GB recovered | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let range = |(least, most): (usize, usize)| if least == most { least.to_string() } else { format!("{least} to {most}") };
    for result in results {
        let ratio = results.first().map_or(1.0, |first| result.cpu_per_gb / first.cpu_per_gb);
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.0} | {} | {} | {:.1} | {ratio:.1} |",
            result.name,
            result.cpu,
            result.wall,
            result.peak_mb,
            range(result.files),
            range(result.links),
            result.cpu_per_gb
        );
    }
    text
}

/// The page `docs/src/benchmarks.md`.
pub fn page(results: &[Summary], tools: &[Tool], package: &Package, expected: &Expected, runs: u32) -> anyhow::Result<String> {
    let mut text = format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench unpack` on {}. Seconds depend on the machine; the ratios hardly do.\n\n\
         One `tar.gz` of {} images with {} files and {} links, {:.1} MB of contents, opened by each tool {runs} times, in turn.\n\n{}\n",
        today()?,
        package.members()?.len(),
        expected.files(),
        expected.links(),
        expected.bytes() as f64 / 1e6,
        table(results),
    );
    for tool in tools {
        let _ = writeln!(text, "- **{}** {}: `{}`", tool.name, tool.version, tool.words());
    }
    text.push_str(
        "\n*CPU s*: user and system time of the whole process tree, median. *wall s*: median. *peak MB*: the largest sum of the\n\
         proportional set sizes of all processes at one time, sampled every 20 ms, at least the kernel's own peak of the largest of them;\n\
         the worst run. *files*: by SHA-256, wherever they lie in the output, least and most over the runs. *links*: with their very target.\n\
         *ratio*: processor time per byte correctly recovered, median, to Assay's.\n\n## The package\n\n| member | bytes |\n|---|---:|\n",
    );
    for (name, len) in package.members()? {
        let _ = writeln!(text, "| `{name}` | {len} |");
    }
    text.push_str("\nHow each is made stands in `xtask/src/bench/unpack/package.rs`; contents are packages of Debian 12 for armhf, different ones in each.\n");
    let losses: Vec<_> = results.iter().filter(|result| !result.missing.is_empty()).collect();
    if !losses.is_empty() {
        text.push_str("\n## What was not recovered, in the worst run\n\n");
        for result in losses {
            let parts: Vec<String> = result.missing.iter().map(|(container, count)| format!("{count} files of `{container}`")).collect();
            let _ = writeln!(text, "- {}: {}", result.name, parts.join(", "));
        }
    }
    Ok(text)
}
