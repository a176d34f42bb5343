//! Debian's packages for armhf and their sources, as the archive serves them, without a change to the system: apt with folders of its
//! own, and nothing installed. A package that was fetched once is not fetched again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::shell::shell;

/// Where packages come from, and whose signature they have.
const ARCHIVE: &str = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian";

/// A release of Debian, as its packages for one architecture and as sources.
pub struct Apt {
    folder: PathBuf,
    arch: &'static str,
}

impl Apt {
    /// Debian 12 for armhf: folders below `work`, and the lists of what there is.
    pub fn new(work: &Path) -> anyhow::Result<Self> {
        Self::of(work.join("apt"), "bookworm", "armhf")
    }

    /// Another release or architecture, with folders of its own.
    pub fn of(folder: PathBuf, release: &str, arch: &'static str) -> anyhow::Result<Self> {
        let apt = Self { folder, arch };
        fs::create_dir_all(apt.folder.join("state/lists/partial"))?;
        fs::create_dir_all(apt.folder.join("cache/archives/partial"))?;
        fs::create_dir_all(apt.folder.join("debs"))?;
        fs::write(apt.folder.join("status"), "")?;
        let sources = ["deb", "deb-src"].map(|kind| format!("{kind} {ARCHIVE} {release} main\n")).concat();
        fs::write(apt.folder.join("sources.list"), sources)?;
        apt.output("apt-get", &["update"])?;
        Ok(apt)
    }

    /// What one of apt's programs prints.
    pub fn output(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(program);
        for option in [format!("APT::Architecture={}", self.arch), format!("APT::Architectures={}", self.arch)] {
            command.args(["-o", &option]);
        }
        command.args(["-o", "APT::Sandbox::User=", "-o", "Dir::Etc::sourceparts=/dev/null"]);
        for (key, name) in [("State", "state"), ("State::status", "status"), ("Cache", "cache"), ("Etc::sourcelist", "sources.list")] {
            command.args(["-o", &format!("Dir::{key}={}", self.folder.join(name).display())]);
        }
        let output = command.args(arguments).current_dir(self.folder.join("debs")).output().with_context(|| program.to_owned())?;
        ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Fetches a package, unless it is there, and unpacks it into `tree`.
    pub fn unpack(&self, package: &str, tree: &Path) -> anyhow::Result<()> {
        let deb = self.fetch(package)?;
        fs::create_dir_all(tree)?;
        shell(&format!("dpkg-deb -x {} {}", deb.display(), tree.display()), &self.folder)
    }

    /// The version of a package that was fetched, or is now.
    pub fn version(&self, package: &str) -> anyhow::Result<String> {
        let output = Command::new("dpkg-deb").arg("-f").arg(self.fetch(package)?).arg("Version").output()?;
        ensure!(output.status.success(), "dpkg-deb reads no version of {package}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The source package that a package is built from.
    pub fn source_of(&self, package: &str) -> anyhow::Result<String> {
        let output = Command::new("dpkg-deb").arg("-f").arg(self.fetch(package)?).arg("Source").output()?;
        let source = String::from_utf8(output.stdout)?;
        // A version in brackets follows where it is not the package's own.
        Ok(source.split_whitespace().next().unwrap_or(package).to_owned())
    }

    fn fetch(&self, package: &str) -> anyhow::Result<PathBuf> {
        let deb = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&format!("{package}_"));
        let find = || anyhow::Ok(fs::read_dir(self.folder.join("debs"))?.flatten().find(deb).map(|entry| entry.path()));
        if find()?.is_none() {
            self.output("apt-get", &["download", package])?;
        }
        find()?.with_context(|| format!("{package} was not downloaded"))
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
