//! The locked child can do nothing but compute.

use std::path::Path;

use assert_cmd::Command;

fn probe(level: &str) -> Option<String> {
    let output = Command::cargo_bin("assay").unwrap().args(["__child", "probe", level]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("no Landlock") || errors.contains("unshare") {
        println!("skipped: {errors}");
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn all_denied(level: &str, text: &str) {
    let mut attempts = 0;
    for line in text.lines().skip(1).filter(|line| !line.starts_with("work ")) {
        assert!(line.ends_with(": denied"), "{level}: {line}\n{text}");
        attempts += 1;
    }
    assert_eq!(attempts, 17, "{text}");
    assert!(text.ends_with("work in a thread: done\n"), "{text}");
}

#[test]
fn best_level_denies_everything() {
    if let Some(text) = probe("best") {
        assert!(
            text.starts_with("level {\"level\":\"landlock\",\"abi\":") || text.starts_with("level {\"level\":\"namespaces\"}"),
            "{text}"
        );
        all_denied("best", &text);
    }
}

#[test]
fn namespaces_deny_everything() {
    if let Some(text) = probe("namespaces") {
        assert!(text.starts_with("level {\"level\":\"namespaces\"}"), "{text}");
        all_denied("namespaces", &text);
    }
}

#[test]
fn without_a_sandbox_the_probe_can_tell() {
    // A denial is worth something only if the same attempt is `allowed` where nothing is denied.
    let text = probe("none").unwrap();
    assert_eq!(text, "level {\"level\":\"none\"}\nread a file: allowed\nlist a directory: allowed\n");
}

/// Exit code, the dossier's bytes, the sandbox's level as in `run.json`, standard error.
fn vet(input: &Path, extra: &[&str]) -> (i32, Vec<u8>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("assay").unwrap();
    command.arg("vet").arg(input).arg("--out").arg(folder.path()).args(["--format", "json", "--as-of", "2026-01-01"]).args(extra);
    let output = command.output().unwrap();
    let run = std::fs::read_to_string(folder.path().join("run.json")).unwrap_or_default();
    let level = serde_json::from_str::<serde_json::Value>(&run).map(|run| run["sandbox"].to_string()).unwrap_or_default();
    (output.status.code().unwrap(), output.stdout, level, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn one_dossier_whatever_the_level_and_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input.bin");
    std::fs::write(&file, b"some bytes that are no format \x00\x01").unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("etc/link")).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/demo/demo.bmu");
    for input in [&*file, folder.path(), &*demo] {
        let (code, first, level, errors) = vet(input, &["--threads", "1"]);
        assert_eq!(code, 0, "{errors}");
        assert!(level.contains("landlock") || level.contains("namespaces"), "{level}");
        for extra in [&["--threads", "1"][..], &["--threads", "2"], &["--threads", "7"], &["--threads", "2", "--no-sandbox"]] {
            let (code, again, level, errors) = vet(input, extra);
            assert_eq!(code, 0, "{errors}");
            assert!(first == again, "{} with {extra:?}", input.display());
            assert_eq!(level.contains("none"), extra.contains(&"--no-sandbox"), "{level}");
        }
    }
    let (_, dossier, ..) = vet(folder.path(), &[]);
    assert!(!String::from_utf8(dossier).unwrap().contains("root:x:0"), "a link of the input was followed");
}

#[test]
fn each_failure_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _, errors) = vet(&folder.path().join("absent"), &[]);
    assert_eq!((code, errors.contains("absent"), out.len()), (3, true, 0), "{errors}");
    let file = folder.path().join("input.bin");
    std::fs::write(&file, vec![0x5a; 1 << 20]).unwrap();
    let limits = folder.path().join("limits.toml");
    // Too little for a stack, let alone the work.
    std::fs::write(&limits, "memory_bytes = 1000000").unwrap();
    let (code, _, _, errors) = vet(&file, &["--limits", limits.to_str().unwrap()]);
    assert_eq!(code, 4, "{errors}");
    std::fs::write(&limits, "memory = 1").unwrap();
    let (code, _, _, errors) = vet(&file, &["--limits", limits.to_str().unwrap()]);
    assert_eq!((code, errors.contains("limits.toml")), (2, true), "{errors}");
}

#[test]
fn a_pipe_is_an_input_like_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("same");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::write(pipe, b"through a pipe").unwrap())
    };
    let piped = vet(&pipe, &[]);
    writer.join().unwrap();
    std::fs::remove_file(&pipe).unwrap();
    std::fs::write(&pipe, b"through a pipe").unwrap();
    assert_eq!(piped, vet(&pipe, &[]));
}
