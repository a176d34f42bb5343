//! Boot images and keys that the system's own tools make now, read and compared with what those tools say.

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use assay_core::{
    FactBody, Limits, Sha256,
    facts::{ImageFact, SignatureState},
};
use assay_unpack::{Discard, Source, unpack};

/// Runs a tool in `folder`; `None`, with a message, where it is missing or fails.
fn run(folder: &Path, tool: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new(tool).args(arguments).current_dir(folder).stderr(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        _ => {
            eprintln!("SKIPPED: `{tool} {}` does not work here", arguments.join(" "));
            None
        }
    }
}

fn facts(bytes: Vec<u8>) -> Vec<ImageFact> {
    let unpacked = unpack(Source::File(bytes.into()), b"made", &Limits::default(), 2, &Discard);
    let image = |fact: assay_core::Fact| match fact.body {
        FactBody::Image(fact) => Some(fact),
        _ => None,
    };
    unpacked.facts.into_iter().filter_map(image).collect()
}

#[test]
fn fingerprints_agree_with_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, arguments) in [
        ("rsa", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "rsa"][..]),
        ("rsa-old", &["genrsa", "-traditional", "-out", "rsa-old", "1024"]),
        ("ec", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "ec"]),
        ("ec-old", &["ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "ec-old"]),
    ] {
        if run(folder, "openssl", arguments).is_none() {
            continue;
        }
        let Some(public) = run(folder, "openssl", &["pkey", "-in", name, "-pubout", "-outform", "DER"]) else { continue };
        let wanted = Sha256::of(&public);
        let seen = facts(fs::read(folder.join(name)).unwrap());
        assert!(
            seen.iter().any(|fact| matches!(fact, ImageFact::Key { fingerprint, private: true, .. } if *fingerprint == Some(wanted))),
            "{name}: {seen:?}"
        );
        let seen = facts(public);
        assert!(
            seen.iter().any(|fact| matches!(fact, ImageFact::Key { fingerprint, private: false, .. } if *fingerprint == Some(wanted))),
            "{name}: {seen:?}"
        );
    }
}

#[test]
fn a_configuration_signed_by_mkimage_is_valid_until_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("data"), b"what is signed").unwrap();
    fs::write(folder.join("control.dts"), "/dts-v1/; / { };").unwrap();
    fs::write(
        folder.join("image.its"),
        r#"/dts-v1/; / { description = "made"; #address-cells = <1>;
            images { one { data = /incbin/("data"); type = "firmware"; arch = "arm"; compression = "none"; hash-1 { algo = "sha256"; }; }; };
            configurations { default = "c"; c { description = "first"; firmware = "one";
                signature-1 { algo = "sha256,rsa2048"; key-name-hint = "dev"; sign-images = "firmware"; }; }; }; };"#,
    )
    .unwrap();
    let made = run(folder, "openssl", &["genrsa", "-out", "dev.key", "2048"])
        .and_then(|_| run(folder, "openssl", &["req", "-x509", "-new", "-key", "dev.key", "-subj", "/CN=dev", "-out", "dev.crt"]))
        .and_then(|_| run(folder, "dtc", &["-q", "-O", "dtb", "-o", "control.dtb", "control.dts"]))
        .and_then(|_| run(folder, "mkimage", &["-f", "image.its", "-k", ".", "-K", "control.dtb", "-r", "image.itb"]));
    if made.is_none() {
        return;
    }
    let control = fs::read(folder.join("control.dtb")).unwrap();
    let image = fs::read(folder.join("image.itb")).unwrap();
    let states = |image: &[u8]| -> Vec<SignatureState> {
        let signature = |fact| match fact {
            ImageFact::Signature { state, .. } => Some(state),
            _ => None,
        };
        facts([&control, image].concat()).into_iter().filter_map(signature).collect()
    };
    assert_eq!(states(&image), [SignatureState::Valid]);
    // The configuration's own words are signed, the tree's description is not.
    let change = |from: &[u8], to: &[u8]| {
        let at = image.windows(from.len()).position(|window| window == from).unwrap();
        [&image[..at], to, &image[at + from.len()..]].concat()
    };
    assert_eq!(states(&change(b"first\0", b"worst\0")), [SignatureState::NoKey]);
}

#[test]
fn partitions_agree_with_dtc() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut source =
        String::from("/dts-v1/; / { flash@0 { partitions { compatible = \"fixed-partitions\"; #address-cells = <1>; #size-cells = <1>;");
    let wanted: Vec<(String, u64, u64)> = (0..40_u64).map(|index| (format!("part{index}"), index * 0x10000, 0x10000 + index)).collect();
    for (name, start, len) in &wanted {
        write!(source, "p@{start:x} {{ label = \"{name}\"; reg = <{start:#x} {len:#x}>; }};").unwrap();
    }
    fs::write(folder.join("a.dts"), source + "}; }; };").unwrap();
    if run(folder, "dtc", &["-q", "-O", "dtb", "-o", "a.dtb", "a.dts"]).is_none() {
        return;
    }
    let partition = |fact| match fact {
        ImageFact::Partition { name, start, len, .. } => Some((name, start, len)),
        _ => None,
    };
    let seen: Vec<_> = facts(fs::read(folder.join("a.dtb")).unwrap()).into_iter().filter_map(partition).collect();
    assert_eq!(seen, wanted);
}
