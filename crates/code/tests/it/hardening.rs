//! Protections of programs, against Debian's `checksec` over the programs of this system.

use std::{fs, path::PathBuf, process::Command};

use assay_core::facts::image::{ElfKind, Relro};
use serde_json::Value;

/// Programs that are compared.
const PROGRAMS: usize = 120;

#[test]
fn agrees_with_checksec() {
    let Ok(version) = Command::new("checksec").arg("--version").output() else {
        eprintln!("skipped: no checksec (apt-get install checksec)");
        return;
    };
    assert!(version.status.success());
    let folder = tempfile::tempdir().unwrap();
    let mut programs: Vec<PathBuf> = ["/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file() && kind.len() < 2 << 20))
        .filter(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF")))
        .collect();
    programs.sort();
    let step = (programs.len() / PROGRAMS).max(1);
    for program in programs.iter().step_by(step) {
        fs::copy(program, folder.path().join(program.file_name().unwrap())).unwrap();
    }
    let output = Command::new("checksec").arg("--format=json").arg(format!("--dir={}", folder.path().display())).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut compared = 0;
    for (path, theirs) in told.as_object().unwrap().iter().filter(|(path, _)| path.starts_with('/')) {
        let Some(own) = assay_code::read::hardening(&fs::read(path).unwrap()) else { panic!("{path}") };
        let yes = |value: bool| if value { "yes" } else { "no" };
        let relro = match own.relro {
            Relro::None => "no",
            Relro::Partial => "partial",
            Relro::Full => "full",
        };
        let kind = match own.kind {
            ElfKind::Fixed => "no",
            ElfKind::Pie => "yes",
            ElfKind::Library => "dso",
            ElfKind::Object => "rel",
        };
        let ours = [
            ("relro", relro),
            ("canary", yes(own.canary)),
            ("nx", yes(own.nx)),
            ("pie", kind),
            ("rpath", yes(!own.rpath.is_empty())),
            ("runpath", yes(!own.runpath.is_empty())),
            ("symbols", yes(!own.stripped)),
        ];
        for (name, value) in ours {
            assert_eq!(theirs[name].as_str(), Some(value), "{path}: {name}");
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared} programs");
}
