//! The command line.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use assay_core::{Question, Severity};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{Exit, Failure};

/// Vets bitcoin-mining hardware: what it can be made to do, by whom, with evidence that anyone can check again.
#[derive(Parser)]
#[command(name = "assay", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Everything known about the inputs, together
    #[command(
        after_help = "Exit codes: 0 done, 1 a finding at or above --fail-on, 2 wrong usage, 3 an input could not be read, 4 a limit cut the work short."
    )]
    Vet(Vet),
    /// The tree and the byte map of one input
    Unpack(Unpack),
    /// One executable: functions, calls, imports, texts, flows
    Code(Code),
    /// A rule's page, or a finding's evidence replayed from the inputs
    #[command(
        after_help = "Without WHAT: the list of rules. Exit codes: 0 done, 1 the evidence is not what the dossier says, 2 wrong usage, 3 an input could not be read."
    )]
    Explain(Explain),
    /// Two images, file by file and function by function: what changed, and what of it matters first
    #[command(
        after_help = "Exit codes: 0 nothing differs, 1 something does, 2 wrong usage, 3 an input could not be read, 4 a limit cut the work short."
    )]
    Diff(Diff),
    /// Does the same dossier come out of the same inputs?
    Verify(Verify),
    /// The JSON Schema that every dossier follows
    Schema,
}

/// Form of standard output.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading.
    Text,
    /// For programs.
    Json,
}

/// Severity on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any finding.
    Info,
    /// Low or worse.
    Low,
    /// Medium or worse.
    Medium,
    /// High or worse.
    High,
    /// Critical.
    Critical,
}

impl From<FailOn> for Severity {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Info => Self::Info,
            FailOn::Low => Self::Low,
            FailOn::Medium => Self::Medium,
            FailOn::High => Self::High,
            FailOn::Critical => Self::Critical,
        }
    }
}

/// What every command that opens inputs takes.
#[derive(Args)]
pub struct Opening {
    /// TOML file with limits, such as `depth = 8`; what is left out keeps its default
    #[arg(long, value_name = "FILE")]
    pub limits: Option<PathBuf>,
    /// Threads, by default one per processor; the result does not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Parse hostile bytes in an ordinary child, without a sandbox
    #[arg(long)]
    pub no_sandbox: bool,
}

impl Opening {
    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get)).clamp(1, 256)
    }
}

/// Arguments of `assay vet`.
#[derive(Args)]
pub struct Vet {
    /// Packages, dumps, disk images, directories, executables; recognised by content
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Write dossier.json, run.json, dossier.html, findings.sarif, sbom.cdx.json and remediation/ there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Put all facts into the dossier
    #[arg(long)]
    pub facts: bool,
    /// Exit with 1 at a finding of this severity or worse
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Show the findings of this question alone on the terminal
    #[arg(long, value_name = "Q", value_parser = question)]
    pub question: Option<Question>,
    /// What "today" means in the dossier
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    pub as_of: Option<String>,
    /// TOML file with the words of maker or owner on findings, by fingerprint
    #[arg(long, value_name = "FILE")]
    pub statements: Option<PathBuf>,
    /// Hold the inputs against this image: each deviation from it is a finding
    #[arg(long, value_name = "IMAGE")]
    pub golden: Option<PathBuf>,
    /// How to open the inputs.
    #[command(flatten)]
    pub opening: Opening,
}

/// Arguments of `assay unpack`.
#[derive(Args)]
pub struct Unpack {
    /// What to open
    pub input: PathBuf,
    /// Write the contents there, as plain files under safe names, and manifest.json
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How to open it.
    #[command(flatten)]
    pub opening: Opening,
}

/// Arguments of `assay code`.
#[derive(Args)]
pub struct Code {
    /// An ELF program, library or kernel module
    #[arg(value_name = "ELF")]
    pub file: PathBuf,
    /// Show this function instruction by instruction: its name, or an address in it (0x…)
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub function: Option<String>,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How to open it.
    #[command(flatten)]
    pub opening: Opening,
}

/// Arguments of `assay explain`.
#[derive(Args)]
pub struct Explain {
    /// A rule (`provenance.signature-invalid`), a finding of the dossier (`F1`), or `all` of its findings
    pub what: Option<String>,
    /// The dossier with the finding: dossier.json, or the folder that it is in
    #[arg(long, value_name = "DOSSIER")]
    pub dossier: Option<PathBuf>,
    /// The inputs of the dossier
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The golden image that the dossier was made with
    #[arg(long, value_name = "IMAGE")]
    pub golden: Option<PathBuf>,
    /// How to open the inputs.
    #[command(flatten)]
    pub opening: Opening,
}

/// Arguments of `assay diff`.
#[derive(Args)]
pub struct Diff {
    /// What it is compared with: a package, a dump, a directory, an executable
    pub before: PathBuf,
    /// What may have changed
    pub after: PathBuf,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How to open the inputs.
    #[command(flatten)]
    pub opening: Opening,
}

/// Arguments of `assay verify`.
#[derive(Args)]
pub struct Verify {
    /// The dossier
    pub dossier: PathBuf,
    /// Its inputs, in its order
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The golden image that the dossier was made with
    #[arg(long, value_name = "IMAGE")]
    pub golden: Option<PathBuf>,
    /// The statements that it was made with
    #[arg(long, value_name = "FILE")]
    pub statements: Option<PathBuf>,
    /// How to open the inputs.
    #[command(flatten)]
    pub opening: Opening,
}

fn question(text: &str) -> Result<Question, String> {
    Question::ALL.into_iter().find(|question| question.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Question::ALL.iter().map(|question| question.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn date(text: &str) -> Result<String, String> {
    text.parse::<jiff::civil::Date>().map(|date| date.to_string()).map_err(|_| "a day as YYYY-MM-DD".to_owned())
}

/// Prints text that holds words of an input: what a terminal would obey is written as `\xNN`.
pub fn print_visible(text: &str) -> Result<(), Failure> {
    print(&assay_core::escape::visible(text))
}

/// Prints to standard output. A reader that went away (`| head`) is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(Exit::Unreadable, format!("standard output: {error}"))),
        _ => Ok(()),
    }
}
