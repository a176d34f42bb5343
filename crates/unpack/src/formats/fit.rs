//! FIT: U-Boot's flattened image tree, a device tree that carries kernels, trees and ramdisks with their hashes and signatures.
//!
//! **Specification**: Flattened Image Tree Specification 0.8 (fitspec.osfw.foundation); U-Boot, `doc/usage/fit/signature.rst`; for the
//! bytes under a configuration's signature, the rules of `fdt_find_regions` as documented in U-Boot's `include/fdt_region.h`.
//!
//! **Limitations**: RSA with SHA-1 or SHA-256 and PKCS #1 v1.5 padding is checked. PSS, elliptic curves and longer hashes are filed as
//! not checked. Encrypted images (`cipher` nodes) are opaque.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{BootStage, IdentityField, ImageFact, KeyPlace, SignatureState},
};
use sha1::Digest as _;

use crate::{
    context::Context,
    fdt::{self, Header, Node, Token, Tree},
    format::{Format, Magic, Opened, Treat},
    formats::dtb,
    input::Input,
    signatures::{Claim, Digest, Signer},
};

/// The format.
pub static FORMAT: Format = Format {
    name: "fit",
    title: "FIT image",
    version: 1,
    magics: &[Magic { bytes: &[0xD0, 0x0D, 0xFE, 0xED], at: 0 }],
    at_start: false,
    open,
};

/// Properties that a configuration's signature leaves out.
const DATA: [&[u8]; 4] = [b"data", b"data-size", b"data-position", b"data-offset"];

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let header = fdt::header(input)?;
    if input.start() > 0 && header.total > input.size() {
        return None;
    }
    let tree = fdt::read(input, &header, context);
    let images = tree.find(b"/images")?;
    if input.start() > 0 && tree.trouble.is_some() || tree.below(images).next().is_none() {
        return None;
    }
    let mut opened = Opened::new(header.total.min(input.size()));
    dtb::frame(input, &header, &tree, &mut opened);
    if let Some(root) = tree.nodes.first() {
        if let (Some(time), Some(property)) = (root.cell(input, "timestamp"), root.property("timestamp")) {
            opened.fact(
                property.at,
                ImageFact::Identity { field: IdentityField::Built, value: crate::time::date(i64::from(time)), weight: 30 },
            );
        }
        if let (Some(value), Some(property)) = (root.text(input, "description"), root.property("description")) {
            opened.fact(property.at, ImageFact::Hardware { name: "image-name".into(), value });
        }
    }
    let (start, length) = header.structure;
    let mut inline = Vec::new();
    for index in tree.below(images) {
        if context.step(1).is_err() {
            break;
        }
        image(input, &header, &tree, index, &mut inline, &mut opened);
    }
    // The structure block is a table but for the data inside it.
    inline.sort_unstable();
    let mut at = start;
    for (from, len) in inline {
        opened.span(at, from.saturating_sub(at), SpanKind::Table, "structure block");
        at = at.max(from + len);
    }
    opened.span(at, (start + length).saturating_sub(at), SpanKind::Table, "structure block");
    if let Some(configurations) = tree.find(b"/configurations") {
        for index in tree.below(configurations) {
            for below in tree.below(index) {
                if tree.nodes[below].name.starts_with(b"signature") && context.step(1).is_ok() {
                    let signed = regions(input, &header, &tree, &tree.nodes[below]);
                    signature(input, &tree.nodes[below], &escape(&tree.nodes[index].path), signed.as_deref(), &mut opened);
                }
            }
        }
    }
    Some(opened)
}

fn image(input: &Input, header: &Header, tree: &Tree, index: usize, inline: &mut Vec<(u64, u64)>, opened: &mut Opened) {
    let node = &tree.nodes[index];
    let size = node.cell(input, "data-size").map(u64::from);
    let place = match (node.property("data"), node.cell(input, "data-offset"), node.cell(input, "data-position"), size) {
        (Some(data), ..) => {
            inline.push((data.at, data.len));
            Some((data.at, data.len))
        }
        (_, Some(offset), _, Some(size)) => Some((header.total.next_multiple_of(4) + u64::from(offset), size)),
        (_, _, Some(position), Some(size)) => Some((u64::from(position), size)),
        _ => None,
    };
    if node.property("data-offset").is_some() {
        // The tree is filled up to a word; U-Boot's tool leaves what was in memory there.
        opened.span(header.total, header.total.next_multiple_of(4) - header.total, SpanKind::Padding, "");
        opened.len = opened.len.max(header.total.next_multiple_of(4).min(input.size()));
    }
    let Some((start, len)) = place else {
        opened.problem(Problem::corrupt(header.structure.0, format!("FIT: image {} has no data", escape(&node.name))));
        return;
    };
    let number = |name: &str| {
        node.value(input, name)
            .filter(|value| matches!(value.len(), 4 | 8))
            .map(|value| value.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let signed = tree.below(index).any(|below| tree.nodes[below].name.starts_with(b"signature"));
    let encrypted = tree.below(index).any(|below| tree.nodes[below].name.starts_with(b"cipher"));
    let stage = BootStage { name: escape(&node.name), authenticated: signed, encrypted, load: number("load"), entry: number("entry") };
    opened.fact(start, ImageFact::Boot(stage));
    let present = len.min(input.size().saturating_sub(start));
    if present < len {
        opened.problem(
            Problem::truncated(start, format!("FIT: image {} has {len} bytes, {present} are present", escape(&node.name))).over(present),
        );
    }
    opened.len = opened.len.max((start + present).min(input.size()));
    let data = input.get(start, present).unwrap_or_default();
    if encrypted {
        opened.fact(start, ImageFact::Encrypted { what: escape(&node.name), scheme: "FIT cipher node".into() });
        opened.member(node.name.clone(), start, present, Treat::Opaque("FIT cipher node".into()));
    } else if present > 0 {
        opened.member(node.name.clone(), start, present, Treat::Open);
    }
    for below in tree.below(index) {
        let below = &tree.nodes[below];
        if below.name.starts_with(b"hash") {
            hash(input, below, (start, len), data, opened);
        } else if below.name.starts_with(b"signature") {
            signature(input, below, &escape(&node.path), Some(data), opened);
        }
    }
}

fn hash(input: &Input, node: &Node, covers: (u64, u64), data: &[u8], opened: &mut Opened) {
    let (Some(algorithm), Some(value)) = (node.text(input, "algo"), node.property("value")) else { return };
    let computed = match algorithm.as_str() {
        "crc32" => crc32fast::hash(data).to_be_bytes().to_vec(),
        "md5" => md5::Md5::digest(data).to_vec(),
        "sha1" => sha1::Sha1::digest(data).to_vec(),
        "sha256" => sha2::Sha256::digest(data).to_vec(),
        "sha384" => sha2::Sha384::digest(data).to_vec(),
        "sha512" => sha2::Sha512::digest(data).to_vec(),
        _ => {
            opened.problem(Problem::unsupported(value.at, format!("FIT: hash {algorithm} is not computed")));
            return;
        }
    };
    let stated = input.get(value.at, value.len).unwrap_or_default().to_vec();
    opened.checksum(value.at, &escape(&node.path), &algorithm, covers, &stated, &computed);
}

/// Files a claim, or says why the signature is not checked.
fn signature(input: &Input, node: &Node, over: &str, signed: Option<&[u8]>, opened: &mut Opened) {
    let Some(value) = node.property("value") else { return };
    let algorithm = node.text(input, "algo").unwrap_or_default();
    let pss = node.text(input, "padding").as_deref() == Some("pss");
    let digest = match (algorithm.split(',').next(), signed) {
        (Some("sha1"), Some(bytes)) => Some(Digest::Sha1(sha1::Sha1::digest(bytes).into())),
        (Some("sha256"), Some(bytes)) => Some(Digest::Sha256(sha2::Sha256::digest(bytes).into())),
        _ => None,
    };
    match digest.filter(|_| !pss && algorithm.contains(",rsa")) {
        Some(digest) => {
            let signature = input.get(value.at, value.len).unwrap_or_default().to_vec();
            opened.claims.push(Claim { over: over.to_owned(), offset: value.at, digest, signature, signer: Signer::Unnamed });
        }
        None => opened.fact(
            value.at,
            ImageFact::Signature {
                over: over.to_owned(),
                scheme: if pss { format!("{algorithm} PSS") } else { algorithm },
                state: SignatureState::NotChecked,
                key: None,
                place: KeyPlace::Nowhere,
                key_path: String::new(),
            },
        ),
    }
}

/// The bytes under a configuration's signature: all tokens and properties of the nodes it lists but the data, begin and end of the nodes
/// directly below those, the end token, and as much of the strings block as it says.
fn regions(input: &Input, header: &Header, tree: &Tree, node: &Node) -> Option<Vec<u8>> {
    let listed: Vec<&[u8]> = node.value(input, "hashed-nodes")?.split(|byte| *byte == 0).filter(|path| !path.is_empty()).collect();
    let mut bytes = Vec::new();
    // How much of the current node counts: 2 all, 1 its tokens alone, 0 nothing.
    let (mut part, mut above) = (0_u8, Vec::new());
    for (start, end, token) in &tree.tokens {
        let include = match token {
            Token::Begin(index) => {
                above.push(part);
                part = if listed.contains(&&tree.nodes[*index].path[..]) { 2 } else { part.saturating_sub(1) };
                part > 0
            }
            Token::End => {
                let include = part > 0;
                part = above.pop()?;
                include
            }
            Token::Property(node, property) => part >= 2 && !DATA.contains(&&tree.nodes[*node].properties[*property].name[..]),
            Token::Nop => part >= 2,
            Token::Last => true,
        };
        if include {
            bytes.extend_from_slice(input.get(*start, end - start)?);
        }
    }
    if let Some(strings) = node.property("hashed-strings").filter(|property| property.len == 8) {
        let len = u64::from(input.be32(strings.at + 4)?).min(header.strings.1);
        bytes.extend_from_slice(input.get(header.strings.0, len)?);
    }
    Some(bytes)
}
