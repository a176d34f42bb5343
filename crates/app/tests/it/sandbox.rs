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
        assert!(text.starts_with("level {\"level\":\"landlock\",\"abi\":") || text.starts_with("level {\"level\":\"namespaces\"}"), "{text}");
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
