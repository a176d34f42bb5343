//! `cargo xtask bench code`: what reading a program costs, by its size.
//!
//! Programs of Debian for armhf, from small to large, are read with `assay code`: functions, values, flows, everything that `assay vet`
//! does with a program. Analyses of whole programs easily cost the square of the size; whether this one does shows in the seconds for
//! each megabyte of code. Beside it stands discovery alone, which is what angr's `CFGFast` does; that is run up to [`ANGR_MOST`].
//!
//! Where the samples lie beside the project, a whole package is vetted too: one program after the other, on all processors.

mod page;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};
use object::{Object, ObjectSection, SectionFlags, elf};

use super::{
    apt::Apt,
    build,
    functions::finders::{self, Finder},
    measure::{self, Usage},
};

/// Assay's exit where a limit cut something short.
const CUT: i32 = 4;
const USAGE: &str = "usage: cargo xtask bench code [--only PROGRAM] [--no-angr]";
/// Bytes of code up to which angr is run: it takes minutes and gigabytes for more.
const ANGR_MOST: u64 = 1_000_000;
/// Debian's package, and the program in it.
const PROGRAMS: [(&str, &str); 10] = [
    ("debianutils", "bin/run-parts"),
    ("coreutils", "bin/ls"),
    ("dropbear-bin", "usr/sbin/dropbear"),
    ("lighttpd", "usr/sbin/lighttpd"),
    ("busybox", "bin/busybox"),
    ("bash", "bin/bash"),
    ("tcpdump", "usr/bin/tcpdump"),
    ("libssl3", "usr/lib/arm-linux-gnueabihf/libcrypto.so.3"),
    ("python3.11-minimal", "usr/bin/python3.11"),
    ("gdb", "usr/bin/gdb"),
];
/// Packages that are vetted where they are there: beside the project, in no repository.
const SAMPLES: &str = "../shared/samples/antminer";

/// One program, and what it cost.
pub struct Row {
    /// Its file name.
    name: String,
    /// Bytes of the file.
    bytes: u64,
    /// Bytes of sections that may be executed.
    code: u64,
    /// Functions that were found.
    functions: usize,
    /// Processor seconds of discovery alone.
    discovery: f64,
    /// `assay code`.
    usage: Usage,
    /// Processor seconds and peak bytes of angr, where it was run.
    angr: Option<(f64, u64)>,
}

/// A package, and what it cost.
pub struct Vetted {
    /// Its file name.
    name: String,
    /// Its length.
    bytes: u64,
    /// `assay vet`.
    usage: Usage,
}

/// Fetches, measures, prints; the full run writes the page.
pub fn run(root: &Path, work: &Path, arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let options = options(arguments)?;
    let assay = build(root, &["--package", "assay"])?.join("assay");
    let discovery = finders::assay(root)?;
    let angr = if options.angr { Some(finders::angr(work)?) } else { None };
    let folder = work.join("code");
    fs::create_dir_all(&folder)?;
    let mut rows = Vec::new();
    for file in programs(work, &folder, options.only.as_deref())? {
        let row = measure_program(&assay, &discovery, angr.as_ref(), &file, &folder.join("found.json"))?;
        println!("{}", page::row(&row));
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "no such program");
    rows.sort_by_key(|row| row.code);
    let mut vetted = Vec::new();
    if options.only.is_none() {
        for file in samples(root) {
            let mut command = Command::new(&assay);
            command.arg("vet").arg(&file);
            let usage = measure::measure(command)?;
            vetted.push(Vetted { name: name(&file), bytes: fs::metadata(&file)?.len(), usage });
        }
    }
    println!("\n{}\n{}", page::table(&rows), page::packages(&vetted));
    if let (Some(angr), None) = (&angr, &options.only) {
        let path = root.join("docs/src/speed.md");
        fs::write(&path, page::page(&rows, &vetted, angr)?)?;
        println!("Written: {}", path.display());
    }
    Ok(())
}

fn measure_program(assay: &Path, discovery: &Finder, angr: Option<&Finder>, file: &Path, out: &Path) -> anyhow::Result<Row> {
    let found = discovery.find(file, out)?.found;
    let mut command = Command::new(assay);
    command.args(["code", "--format", "json"]).arg(file);
    let usage = measure::measure(command)?;
    ensure!(usage.success() || usage.code == Some(CUT), "assay code fails on {}: {:?}", file.display(), usage.code);
    let contents = fs::read(file)?;
    let code = code(&contents)?;
    let angr = match angr.filter(|_| code <= ANGR_MOST) {
        Some(angr) => {
            let look = angr.find(file, out)?;
            Some((look.found.seconds, look.peak_bytes))
        }
        None => None,
    };
    let (functions, seconds) = (found.functions.len(), found.seconds);
    Ok(Row { name: name(file), bytes: contents.len() as u64, code, functions, discovery: seconds, usage, angr })
}

/// Bytes of sections that may be executed.
fn code(file: &[u8]) -> anyhow::Result<u64> {
    let file = object::File::parse(file)?;
    let executable = |section: &object::Section<'_, '_>| match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.0 & elf::SHF_EXECINSTR.0 != 0,
        _ => false,
    };
    Ok(file.sections().filter(executable).map(|section| section.size()).sum())
}

/// The programs, fetched below `folder` where they are not there.
fn programs(work: &Path, folder: &Path, only: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    let mut apt = None;
    let mut files = Vec::new();
    for (package, path) in PROGRAMS {
        let tree = folder.join(package);
        let file = tree.join(path);
        if only.is_some_and(|only| name(&file) != only) {
            continue;
        }
        if !file.is_file() {
            let apt = match &apt {
                Some(apt) => apt,
                None => apt.insert(Apt::new(work)?),
            };
            apt.unpack(package, &tree)?;
        }
        files.push(file);
    }
    Ok(files)
}

fn samples(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(SAMPLES)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

struct Options {
    only: Option<String>,
    angr: bool,
}

fn options(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut options = Options { only: None, angr: true };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only = Some(arguments.next().context(USAGE)?),
            "--no-angr" => options.angr = false,
            _ => bail!(USAGE),
        }
    }
    Ok(options)
}
