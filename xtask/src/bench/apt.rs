//! Debian's packages for armhf and their sources, without a change to the system: apt with folders of its own, and nothing installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::shell::shell;

/// Where packages come from, and whose signature they have.
const ARCHIVE: &str = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main";

/// Debian 12, as its packages for armhf and as sources.
pub struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Folders below `work`, and the lists of what there is.
    pub fn new(work: &Path) -> anyhow::Result<Self> {
        let apt = Self { folder: work.join("apt") };
        fs::create_dir_all(apt.folder.join("state/lists/partial"))?;
        fs::create_dir_all(apt.folder.join("cache/archives/partial"))?;
        fs::create_dir_all(apt.folder.join("debs"))?;
        fs::write(apt.folder.join("status"), "")?;
        let sources = ["deb", "deb-src"].map(|kind| format!("{kind} {ARCHIVE}\n")).concat();
        fs::write(apt.folder.join("sources.list"), sources)?;
        apt.output("apt-get", &["update"])?;
        Ok(apt)
    }

    /// What one of apt's programs prints.
    pub fn output(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(program);
        for option in ["APT::Architecture=armhf", "APT::Architectures=armhf", "APT::Sandbox::User=", "Dir::Etc::sourceparts=/dev/null"] {
            command.args(["-o", option]);
        }
        for (key, name) in [("State", "state"), ("State::status", "status"), ("Cache", "cache"), ("Etc::sourcelist", "sources.list")] {
            command.args(["-o", &format!("Dir::{key}={}", self.folder.join(name).display())]);
        }
        let output = command.args(arguments).current_dir(self.folder.join("debs")).output().with_context(|| program.to_owned())?;
        ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Unpacks a package for armhf into `tree`.
    pub fn unpack(&self, package: &str, tree: &Path) -> anyhow::Result<()> {
        let deb = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&format!("{package}_"));
        let find = || anyhow::Ok(fs::read_dir(self.folder.join("debs"))?.flatten().find(deb).map(|entry| entry.path()));
        if find()?.is_none() {
            self.output("apt-get", &["download", package])?;
        }
        let deb = find()?.with_context(|| format!("{package} was not downloaded"))?;
        fs::create_dir_all(tree)?;
        shell(&format!("dpkg-deb -x {} {}", deb.display(), tree.display()), &self.folder)
    }

    /// The source of a package, with Debian's changes, unpacked below `folder`: the folder of its own there, and its version.
    pub fn source(&self, package: &str, folder: &Path) -> anyhow::Result<(PathBuf, String)> {
        let sources = self.output("apt-cache", &["showsrc", "--only-source", package])?;
        // Several versions may be told; apt takes the first one's rank as its own.
        let version = sources.lines().find_map(|line| line.strip_prefix("Version: ")).with_context(|| format!("no source of {package}"))?;
        let tree = folder.join(package);
        if !tree.is_dir() {
            fs::create_dir_all(folder)?;
            self.output("apt-get", &["source", "--only-source", "--download-only", &format!("{package}={version}")])?;
            let file = format!("{package}_{}.dsc", version.rsplit(':').next().unwrap_or(version));
            shell(&format!("dpkg-source --no-check -x debs/{file} {}", tree.display()), &self.folder)?;
        }
        Ok((tree, version.to_owned()))
    }
}
