//! Bitmain's archives: the signed tar of the S17 family (and the one that `VNish` made after its model), the plain tar of the S9, and the small tars
//! inside a BMU whose content the platform's root key signs directly.
//!
//! **Specification**: none published. The inner tars (`crl`, `miner.btm`) were checked on a real BMU: RSA-2048 over SHA-256 of the
//! file. The others follow `runme.sh` of public releases, as read by others.
//!
//! **Limitations**: `VNish` packages do not say which key signs what; all keys found are tried.

use assay_core::{
    Problem, Sha256,
    facts::{IdentityField, ImageFact},
};

use super::{Members, public_key};
use crate::{
    format::Opened,
    signatures::{Claim, Digest, Signer},
};

/// Longest signature there is a use for: RSA-8192.
const MAX_SIGNATURE: u64 = 1024;

/// Claims `name` signed by `signer` where `name.sig` exists. Returns whether it does.
fn claim(members: &Members, opened: &mut Opened, name: &str, signer: Signer) -> bool {
    let beside = format!("{name}.sig");
    let (Some(entry), Some(content)) = (members.find(&beside), members.content(name)) else { return false };
    let offset = entry.offset;
    if entry.size == 0 || entry.size > MAX_SIGNATURE {
        opened.problem(Problem::unsupported(offset, format!("{beside}: {} bytes are no RSA signature", entry.size)));
        return false;
    }
    let Some(signature) = members.content(&beside).filter(|bytes| bytes.len() as u64 <= MAX_SIGNATURE) else { return false };
    let digest = Digest::Sha256(Sha256::of(&content).0);
    opened.claims.push(Claim { over: name.to_owned(), offset, digest, signature: signature.to_vec(), signer });
    true
}

fn package(opened: &mut Opened, layout: &str, signature_field: bool, signed: bool) {
    opened.fact(0, ImageFact::Package { layout: layout.into(), signature_field, signed });
}

fn maker(opened: &mut Opened, name: &str) {
    opened.fact(0, ImageFact::Identity { field: IdentityField::Maker, value: name.into(), weight: 60 });
}

/// `cert.pem`, `fw.tar.gz`, `runme.sh`, each with `.sig`; `VNish`: `sign-public.pem` instead of `cert.pem`.
pub fn signed(members: &Members) -> Option<Opened> {
    members.find("runme.sh")?;
    members.find("fw.tar.gz")?;
    let mut opened = Opened::default();
    let own = members.find("cert.pem").is_some();
    if !own {
        members.find("sign-public.pem")?;
    }
    let (name, layout) = if own { ("cert.pem", "bitmain-signed-tar") } else { ("sign-public.pem", "vnish-tar") };
    let key = if own { members.content(name).and_then(|text| public_key(&text)) } else { None };
    let firmware = key.map_or(Signer::Unnamed, |der| Signer::Key(der, name.to_owned()));
    let all = [
        claim(members, &mut opened, name, Signer::Unnamed),
        claim(members, &mut opened, "runme.sh", Signer::Unnamed),
        claim(members, &mut opened, "fw.tar.gz", firmware),
    ];
    package(&mut opened, layout, true, all.iter().all(|there| *there));
    maker(&mut opened, if own { "Bitmain" } else { "VNish" });
    Some(opened)
}

/// `crl` or `miner.btm` with its `.sig` by the root key, inside a BMU.
pub fn inner(members: &Members) -> Option<Opened> {
    let mut opened = Opened::default();
    let found = ["crl", "miner.btm"].map(|name| claim(members, &mut opened, name, Signer::Unnamed));
    found.contains(&true).then_some(opened)
}

/// `runme.sh` beside images, and no place for a signature: S9 and its time.
pub fn plain(members: &Members) -> Option<Opened> {
    members.find("runme.sh")?;
    let images = ["BOOT.bin", "uImage", "uImage.bin", "devicetree.dtb", "ubi_info"];
    if images.iter().filter(|name| members.find(name).is_some()).count() < 2 {
        return None;
    }
    let mut opened = Opened::default();
    package(&mut opened, "bitmain-tar", false, false);
    maker(&mut opened, "Bitmain");
    Some(opened)
}
