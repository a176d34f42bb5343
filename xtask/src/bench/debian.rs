//! Debian's armhf packages, as the archive serves them, and the shell that takes them apart.
//!
//! apt runs with folders of its own below `target/bench`: nothing of the system that the task runs on is read or changed, and a package
//! that was fetched once is not fetched again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Debian's armhf packages, without a change to the system: apt with folders of its own.
pub struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Reads the archive's index.
    pub fn new(work: &Path) -> anyhow::Result<Self> {
        let apt = Self { folder: work.join("apt") };
        fs::create_dir_all(apt.folder.join("state/lists/partial"))?;
        fs::create_dir_all(apt.folder.join("cache/archives/partial"))?;
        fs::create_dir_all(apt.folder.join("debs"))?;
        fs::write(apt.folder.join("status"), "")?;
        let source = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n";
        fs::write(apt.folder.join("sources.list"), source)?;
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

    fn fetch(&self, package: &str) -> anyhow::Result<PathBuf> {
        let deb = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&format!("{package}_"));
        let find = || anyhow::Ok(fs::read_dir(self.folder.join("debs"))?.flatten().find(deb).map(|entry| entry.path()));
        if find()?.is_none() {
            self.output("apt-get", &["download", package])?;
        }
        find()?.with_context(|| format!("{package} was not downloaded"))
    }
}

/// Is there such a program?
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).any(|folder| folder.join(program).is_file())
}

/// Runs a line of shell in `folder`.
pub fn shell(line: &str, folder: &Path) -> anyhow::Result<()> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-ec", line])
        .env("PATH", path)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{line}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(())
}
