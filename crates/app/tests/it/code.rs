//! `assay code` on programs of our own.

use std::{collections::BTreeMap, path::Path, process::Output};

use assert_cmd::Command;
use serde_json::Value;

use crate::trees::{binary, folder};

fn assay(program: &Path, extra: &[&str]) -> Output {
    Command::cargo_bin("assay").unwrap().arg("code").arg(program).args(extra).output().unwrap()
}

fn listing(program: &Path, extra: &[&str]) -> Value {
    let output = assay(program, &[&["--format", "json"], extra].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `0x…`, in lower case.
fn address(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).unwrap();
    assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{value}");
    u64::from_str_radix(digits, 16).unwrap()
}

#[test]
fn a_listing_says_what_is_there() {
    let program = binary(&folder("programs/exec-loopback-daemon-path"), "shown", "/usr/bin/updsrv");
    let listing = listing(&program, &[]);
    let list = |key: &str| listing[key].as_array().unwrap();
    let mut functions = BTreeMap::new();
    for function in list("functions") {
        assert!(function["name"].is_null() && function["size"].as_u64().is_some() && function["found_by"].is_string(), "{function}");
        assert!(functions.insert(address(&function["address"]), function["size"].as_u64().unwrap()).is_none());
    }
    assert!(functions.contains_key(&address(&listing["entry"])), "{functions:x?}");
    // No function reaches into the next one.
    assert!(functions.iter().zip(functions.iter().skip(1)).all(|((start, size), (next, _))| start + size <= *next), "{functions:x?}");

    let names: Vec<&str> = list("imports").iter().map(|import| import["name"].as_str().unwrap()).collect();
    assert!(["system", "recv", "connect", "listen"].iter().all(|name| names.contains(name)), "{names:?}");
    let stubs: Vec<u64> = list("imports").iter().flat_map(|import| import["stubs"].as_array().unwrap()).map(address).collect();
    assert!(!stubs.is_empty() && stubs.iter().all(|stub| !functions.contains_key(stub)));

    let calls = |name: &str| list("calls").iter().filter(|call| call["targets"][0]["name"] == name).count();
    assert_eq!((calls("system"), calls("accept")), (1, 1));
    let sites: Vec<u64> = list("calls").iter().map(|call| address(&call["function"])).collect();
    assert!(sites.iter().all(|function| functions.contains_key(function)));

    assert!(list("strings").iter().any(|text| text["text"] == "/usr/sbin/doupdate.sh %s%s"));
    assert_eq!(list("listeners")[0]["channel"]["bound"]["port"], 21900);
    assert!(functions.contains_key(&address(&list("listeners")[0]["function"])));
    assert_eq!(list("endpoints")[0]["channel"]["connected"]["host"]["fixed"], "127.0.0.1");
    assert!(list("facts").iter().any(|fact| fact["fact"]["flow"]["actuator"]["name"] == "system"));
    assert_eq!(listing["coverage"]["functions"]["found"].as_u64().unwrap() as usize, functions.len());
}

#[test]
fn a_page_shows_what_calls_are_given() {
    let program = binary(&folder("programs/exec-loopback-daemon-path"), "shown", "/usr/bin/updsrv");
    let whole = listing(&program, &[]);
    let call = whole["calls"].as_array().unwrap().iter().find(|call| call["targets"][0]["name"] == "system").unwrap().clone();
    let page = listing(&program, &["--function", call["site"].as_str().unwrap()])["function"].clone();
    assert_eq!(page["line"]["address"], call["function"], "an address within a function stands for it");
    let blocks = page["blocks"].as_array().unwrap();
    let instructions: Vec<&Value> = blocks.iter().flat_map(|block| block["instructions"].as_array().unwrap()).collect();
    let at = |site: &Value| *instructions.iter().find(|instruction| instruction["address"] == *site).unwrap();
    let command = at(&call["site"])["arguments"][0].as_str().unwrap();
    assert!(command.contains("/usr/sbin/doupdate.sh /tmp/upd/{recv 0x"), "{command}");
    // Edges lead to blocks.
    let starts: Vec<u64> = blocks.iter().map(|block| address(&block["address"])).collect();
    let mut edges = blocks.iter().flat_map(|block| block["edges"].as_array().unwrap());
    assert!(edges.all(|edge| starts.contains(&address(&edge["to"]))));
    let text = String::from_utf8(assay(&program, &["--function", call["site"].as_str().unwrap()]).stdout).unwrap();
    assert!(text.contains("; system(\"/usr/sbin/doupdate.sh /tmp/upd/{recv 0x"), "{text}");
}

#[test]
fn the_same_listing_whatever_the_threads() {
    let program = binary(&folder("programs/stop-opcode-table-tcp"), "shown", "/usr/sbin/ctrld");
    let list = |threads: &str| assay(&program, &["--format", "json", "--threads", threads]).stdout;
    assert!(list("1") == list("3") && list("1") == list("1"));
}

#[test]
fn each_failure_has_its_exit_code_and_its_words() {
    let program = binary(&folder("programs/exec-loopback-daemon-path"), "shown", "/usr/bin/updsrv");
    let end = |path: &Path, extra: &[&str]| {
        let output = assay(path, extra);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let mut bytes = std::fs::read(&program).unwrap();
    bytes[18] = 8; // e_machine: MIPS
    std::fs::write(&other, bytes).unwrap();
    let (code, words) = end(&other, &[]);
    assert!(code == 3 && words.contains("processor MIPS, little-endian"), "{words}");
    let (code, words) = end(Path::new("Cargo.toml"), &[]);
    assert!(code == 3 && words.contains("not an ELF program"), "{words}");
    let (code, words) = end(folder.path(), &[]);
    assert!(code == 3 && words.contains("not a file"), "{words}");
    let (code, words) = end(&program, &["--function", "main"]);
    assert!(code == 2 && words.contains("no function is called main"), "{words}");
    assert_eq!(end(&folder.path().join("absent"), &[]).0, 3);
    let limits = folder.path().join("limits.toml");
    std::fs::write(&limits, "program_steps = 10").unwrap();
    assert_eq!(end(&program, &["--limits", limits.to_str().unwrap()]).0, 4);
}
