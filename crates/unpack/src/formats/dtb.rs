//! Device tree blob: what the board is made of, and how its flash is divided.
//!
//! **Specification**: Devicetree Specification 0.4, chapter 5; Linux bindings `mtd/partitions/fixed-partitions` and `mtd/nand-controller`;
//! U-Boot, `doc/usage/fit/signature.rst` for the keys of a control tree.
//!
//! **Limitations**: partitions are read with the cell counts of the node above, two cells at most. Overlays are read as any tree.

use assay_core::{
    Problem, SpanKind,
    escape::escape,
    facts::{IdentityField, ImageFact},
};

use crate::{
    context::Context,
    fdt::{self, Header, Tree},
    format::{Format, Magic, Opened},
    input::Input,
    keys,
};

/// The format.
pub static FORMAT: Format = Format {
    name: "dtb",
    title: "device tree",
    version: 1,
    magics: &[Magic { bytes: &[0xD0, 0x0D, 0xFE, 0xED], at: 0 }],
    at_start: false,
    open,
};

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let header = fdt::header(input)?;
    if input.start() > 0 && header.total > input.size() {
        return None;
    }
    let tree = fdt::read(input, &header, context);
    if tree.nodes.is_empty() || input.start() > 0 && tree.trouble.is_some() {
        return None;
    }
    let mut opened = Opened::new(header.total.min(input.size()));
    frame(input, &header, &tree, &mut opened);
    let (start, length) = header.structure;
    opened.span(start, length, SpanKind::Content, "structure block");
    facts(input, &tree, &mut opened);
    Some(opened)
}

/// What every blob has, apart from the structure block.
pub fn frame(input: &Input, header: &Header, tree: &Tree, opened: &mut Opened) {
    opened.span(0, if header.version >= 17 { 40 } else { 36 }, SpanKind::Header, "fdt_header");
    let mut at = header.reserved;
    while let Some(entry) = input.get(at, 16).filter(|_| at + 16 <= header.total) {
        let last = entry.iter().all(|byte| *byte == 0);
        at += 16;
        if last || at > header.reserved + 4096 {
            break;
        }
    }
    opened.span(header.reserved, at - header.reserved, SpanKind::Table, "memory reservations");
    opened.span(header.strings.0, header.strings.1, SpanKind::Table, "strings block");
    if header.total > input.size() {
        let missing = header.total - input.size();
        opened.problem(Problem::truncated(input.size(), format!("device tree: {} bytes announced", header.total)).over(missing));
    }
    if let Some((at, words)) = tree.trouble {
        opened.problem(Problem::corrupt(at, format!("device tree: {words}")));
    }
}

fn facts(input: &Input, tree: &Tree, opened: &mut Opened) {
    let Some(root) = tree.nodes.first() else { return };
    let mut hardware = |at: u64, name: &str, value: String| opened.facts.push((at, ImageFact::Hardware { name: name.into(), value }));
    for name in ["model", "serial-number"] {
        if let (Some(value), Some(property)) = (root.text(input, name), root.property(name)) {
            hardware(property.at, name, value);
        }
    }
    if let (Some(value), Some(property)) = (root.value(input, "compatible"), root.property("compatible")) {
        let words: Vec<String> = value.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(escape).collect();
        hardware(property.at, "compatible", words.join(", "));
    }
    for node in &tree.nodes {
        if node.text(input, "device_type").as_deref() == Some("memory")
            && let Some(property) = node.property("reg")
        {
            let above = &tree.nodes[node.parent];
            let cells = (above.cell(input, "#address-cells").unwrap_or(2), above.cell(input, "#size-cells").unwrap_or(1));
            if let Some((start, len)) = reg(input.get(property.at, property.len).unwrap_or_default(), cells) {
                hardware(property.at, "memory", format!("{len} bytes at {start:#x}"));
            }
        }
        for (name, label) in [("bootargs", "bootargs"), ("stdout-path", "console")] {
            if node.path == b"/chosen"
                && let (Some(value), Some(property)) = (node.text(input, name), node.property(name))
            {
                hardware(property.at, label, value);
            }
        }
    }
    for (name, field, weight) in [("model", IdentityField::Platform, 40), ("compatible", IdentityField::Platform, 30)] {
        if let (Some(value), Some(property)) = (root.text(input, name).filter(|value| !value.is_empty()), root.property(name)) {
            opened.fact(property.at, ImageFact::Identity { field, value, weight });
        }
    }
    partitions(input, tree, opened);
    control_keys(input, tree, opened);
}

/// Nodes under one that is `fixed-partitions`, or, as older trees have it, nodes with a label that are called `partition@`.
fn partitions(input: &Input, tree: &Tree, opened: &mut Opened) {
    for node in tree.nodes.iter().skip(1) {
        let above = &tree.nodes[node.parent];
        let fixed = above.text(input, "compatible").as_deref() == Some("fixed-partitions");
        let labelled = node.name.starts_with(b"partition") && node.property("label").is_some();
        if !fixed && !labelled {
            continue;
        }
        let cells = (above.cell(input, "#address-cells").unwrap_or(1), above.cell(input, "#size-cells").unwrap_or(1));
        let Some(property) = node.property("reg") else { continue };
        if let Some((start, len)) = reg(input.get(property.at, property.len).unwrap_or_default(), cells) {
            let name = node.text(input, "label").unwrap_or_else(|| escape(&node.name));
            opened.fact(property.at, ImageFact::Partition { table: escape(&above.path), name, start, len });
        }
    }
}

/// The first address and size of a `reg` value.
fn reg(value: &[u8], (address, size): (u32, u32)) -> Option<(u64, u64)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    if !(1..=2).contains(&address) || !(1..=2).contains(&size) {
        return None;
    }
    let (first, rest) = value.split_at_checked(address as usize * 4)?;
    Some((number(first), number(rest.get(..size as usize * 4)?)))
}

/// The public keys by which U-Boot checks images, under `/signature` of its own tree.
fn control_keys(input: &Input, tree: &Tree, opened: &mut Opened) {
    for node in &tree.nodes {
        if !node.path.starts_with(b"/signature/") {
            continue;
        }
        if let (Some(modulus), Some(exponent), Some(property)) =
            (node.value(input, "rsa,modulus"), node.value(input, "rsa,exponent"), node.property("rsa,modulus"))
            && (64..=1024).contains(&modulus.len())
        {
            keys::add(opened, property.at, &keys::rsa_spki(modulus, exponent), false);
            let text = |name: &str| node.text(input, name).unwrap_or_default();
            let (name, algorithm, required) = (escape(&node.name), text("algo"), text("required"));
            let required = if required.is_empty() { "nothing" } else { &required };
            let value = format!("{name} {algorithm}, required for {required}");
            opened.fact(property.at, ImageFact::Hardware { name: "boot-key".into(), value });
        }
    }
}
