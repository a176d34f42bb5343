//! The locked child can do nothing but compute.

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

/// Exit code, standard output as lines, standard error.
fn drive(input: &std::path::Path, threads: &str, level: &str, memory: &str) -> (i32, Vec<String>, String) {
    let output =
        Command::cargo_bin("assay").unwrap().args(["__child", "drive"]).arg(input).args([threads, level, memory]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (output.status.code().unwrap(), lines, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn one_result_whatever_the_level_and_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input.bin");
    std::fs::write(&file, b"some bytes that are no format").unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("etc/link")).unwrap();
    for input in [&*file, folder.path()] {
        let (code, first, errors) = drive(input, "1", "best", "");
        assert_eq!(code, 0, "{errors}");
        assert!(!first[0].contains("None"), "{first:?}");
        assert!(first[3].contains("\"subject\""), "{first:?}");
        for (threads, level) in [("2", "best"), ("7", "best"), ("2", "none")] {
            let (code, again, errors) = drive(input, threads, level, "");
            assert_eq!(code, 0, "{errors}");
            assert_eq!(first[1..], again[1..], "{threads} threads, level {level}");
        }
    }
    assert!(!drive(folder.path(), "1", "best", "").1[3].contains("root:x:0"));
}

#[test]
fn each_failure_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = drive(&folder.path().join("absent"), "1", "best", "");
    assert_eq!((code, errors.contains("absent")), (3, true), "{errors}");
    let file = folder.path().join("input.bin");
    std::fs::write(&file, vec![0x5a; 1 << 20]).unwrap();
    // Too little for a stack, let alone the work.
    let (code, _, errors) = drive(&file, "4", "best", "1000000");
    assert_eq!(code, 4, "{errors}");
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
    let piped = drive(&pipe, "1", "best", "");
    writer.join().unwrap();
    std::fs::remove_file(&pipe).unwrap();
    std::fs::write(&pipe, b"through a pipe").unwrap();
    assert_eq!(piped, drive(&pipe, "1", "best", ""));
}
