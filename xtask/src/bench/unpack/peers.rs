//! The tools that are compared, and how each is called.
//!
//! binwalk comes from the Cargo registry and unblob from PyPI, into `target/bench/peers`; the programs that they call come from Debian.
//! `sasquatch` (a patched `unsquashfs` for vendors' variants) is in no registry: where it is missing, a wrapper calls `unsquashfs`
//! of Debian instead, which does the same work on the standard SquashFS of this package.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::super::shell::{on_path, shell};

/// `binwalk` and `unblob` call these; the Debian package of each.
const EXTRACTORS: [(&str, &str); 13] = [
    ("7z", "p7zip-full"),
    ("tar", "tar"),
    ("unsquashfs", "squashfs-tools"),
    ("debugfs", "e2fsprogs"),
    ("tsk_recover", "sleuthkit"),
    ("lz4", "lz4"),
    ("lzop", "lzop"),
    ("zstd", "zstd"),
    ("unar", "unar"),
    ("lziprecover", "lziprecover"),
    ("simg2img", "android-sdk-libsparse-utils"),
    ("partclone.restore", "partclone"),
    ("fsck.erofs", "erofs-utils"),
];

const SASQUATCH: &str = r#"#!/bin/bash
# Takes sasquatch's own options away; the rest is unsquashfs's.
arguments=()
for argument; do
    case $argument in -trace | -le | -be) ;; *) arguments+=("$argument") ;; esac
done
exec unsquashfs "${arguments[@]}"
"#;

/// One tool.
pub struct Tool {
    /// Name.
    pub name: String,
    /// Version, in its own words.
    pub version: String,
    program: PathBuf,
    path: OsString,
    input: PathBuf,
}

impl Tool {
    /// Opens the input into `out`.
    pub fn command(&self, out: &Path) -> Command {
        let mut command = Command::new(&self.program);
        match self.name.as_str() {
            "binwalk" => command.args(["--quiet", "-eM", "--directory"]).arg(out).arg(&self.input),
            "unblob" => command.arg("--extract-dir").arg(out).arg("--log").arg(out.join("unblob.log")).arg(&self.input),
            _ => command.arg("unpack").arg(&self.input).arg("--to").arg(out),
        };
        command.env("PATH", &self.path).current_dir(out);
        command
    }

    /// How people would write it.
    pub fn words(&self) -> &'static str {
        match self.name.as_str() {
            "binwalk" => "binwalk -eM INPUT",
            "unblob" => "unblob INPUT",
            _ => "assay unpack INPUT --to DIR",
        }
    }
}

/// All tools, installed if they are not.
pub fn all(work: &Path, assay: PathBuf, input: &Path) -> anyhow::Result<Vec<Tool>> {
    let peers = work.join("peers");
    let (bin, venv) = (peers.join("bin"), peers.join("venv/bin"));
    fs::create_dir_all(&bin)?;
    if !bin.join("binwalk").is_file() {
        println!("installing binwalk from the Cargo registry");
        shell("cargo install binwalk --locked --quiet --root . --target-dir build", &peers)?;
    }
    if !venv.join("unblob").is_file() {
        println!("installing unblob from PyPI");
        shell("python3 -m venv --clear venv && venv/bin/pip install --quiet unblob", &peers)?;
    }
    for name in ["sasquatch", "sasquatch-v4be"] {
        if !on_path(name) {
            let path = bin.join(name);
            fs::write(&path, SASQUATCH)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
    }
    for (program, package) in EXTRACTORS {
        ensure!(on_path(program), "{program} is missing, which binwalk or unblob calls: apt-get install {package}");
    }
    let system = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [bin.clone(), venv.clone()].into_iter().chain(std::env::split_paths(&system)).chain(["/usr/sbin".into(), "/sbin".into()]),
    )?;
    [("assay", assay), ("binwalk", bin.join("binwalk")), ("unblob", venv.join("unblob"))]
        .into_iter()
        .map(|(name, program)| {
            let output = Command::new(&program).arg("--version").output().with_context(|| program.display().to_string())?;
            let version = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches(name).trim().to_owned();
            Ok(Tool { name: name.to_owned(), version, program, path: path.clone(), input: input.to_owned() })
        })
        .collect()
}
