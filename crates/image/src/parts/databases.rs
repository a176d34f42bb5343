//! Databases of packages: what the distribution or build system says that it put in.
//!
//! **Source**: `deb822(5)` and `dpkg(1)` (`/var/lib/dpkg/status`, `status.d` of images without dpkg); OpenWrt's opkg (`/usr/lib/opkg/status`);
//! Alpine, "Apk spec" (`/lib/apk/db/installed`); `os-release(5)`; Buildroot manual, "Legal notice and licensing" (`manifest.csv`); Yocto
//! Project, image manifests.
//!
//! **Limitations**: rpm keeps a binary database, which is told as not read.

use assay_core::{
    FactId, GapKind,
    facts::{
        ImageFact,
        image::{Part, PartKind, PartSign},
    },
};

use super::components::encoded;
use crate::{reader::Reader, text::Text};

/// Packages of one database.
const MOST: usize = 20_000;

/// Databases of fields: their path, and the type of package URL.
const FIELDS: [(&str, &str); 5] = [
    ("/var/lib/dpkg/status", "deb"),
    ("/usr/lib/opkg/status", "opkg"),
    ("/var/lib/opkg/status", "opkg"),
    ("/lib/apk/db/installed", "apk"),
    ("/usr/lib/apk/db/installed", "apk"),
];

/// All of them.
pub fn read(reader: &mut Reader) {
    let system = system(reader);
    for (path, kind) in FIELDS {
        if let Some(text) = reader.text(path) {
            fields(reader, &text, kind, system.as_deref());
        }
    }
    for name in reader.list("/var/lib/dpkg/status.d") {
        if let Some(text) = reader.text(&format!("/var/lib/dpkg/status.d/{name}")) {
            fields(reader, &text, "deb", system.as_deref());
        }
    }
    for path in ["/usr/share/buildroot/manifest.csv", "/legal-info/manifest.csv", "/usr/share/legal-info/manifest.csv"] {
        if let Some(text) = reader.text(path) {
            table(reader, &text);
        }
    }
    for path in ["/var/lib/rpm/Packages", "/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"] {
        if let Some(place) = reader.file(path) {
            let at = reader.root.locate(&place, assay_core::At::Offset(0));
            let size = place.entry.map_or(0, |entry| entry.size);
            reader.gap(
                &at,
                (0, size),
                GapKind::Unsupported,
                "the database of rpm is not read: its packages are not among the parts".into(),
            );
        }
    }
}

/// The system by its release file; gives its name for package URLs.
fn system(reader: &mut Reader) -> Option<String> {
    let text = reader.text("/etc/os-release").or_else(|| reader.text("/usr/lib/os-release"))?;
    let value = |key: &str| {
        let line = text.plain_lines().find_map(|(number, line)| Some((number, line.strip_prefix(key)?.strip_prefix('=')?)));
        line.map(|(number, value)| (number, value.trim_matches(['"', '\'']).to_owned())).filter(|(_, value)| !value.is_empty())
    };
    let (number, id) = value("ID")?;
    let version = value("VERSION_ID").or_else(|| value("BUILD_ID")).map(|(_, version)| version);
    let shown = value("PRETTY_NAME").map_or_else(|| id.clone(), |(_, name)| name);
    let part = Part {
        kind: PartKind::System,
        name: id.clone(),
        version,
        by: PartSign::Database,
        shown,
        purl: None,
        cpe: value("CPE_NAME").map(|(_, name)| name).filter(|name| name.starts_with("cpe:2.3:")),
        supplier: None,
        licence: None,
    };
    reader.fact(text.at(number), "parts", None::<FactId>, ImageFact::Part(Box::new(part)));
    Some(id)
}

/// One package while its lines are read.
#[derive(Default)]
struct Package {
    line: u64,
    name: String,
    version: String,
    architecture: String,
    supplier: Option<String>,
    licence: Option<String>,
    absent: bool,
}

/// Paragraphs of `Name: value`, apart by empty lines. apk has one letter for a name.
fn fields(reader: &mut Reader, text: &Text, kind: &str, system: Option<&str>) {
    let (mut package, mut told) = (Package::default(), 0);
    // An empty line behind the last ends it too.
    for (number, line) in (1..).zip(text.all.lines().chain([""])) {
        if line.trim().is_empty() {
            let done = std::mem::take(&mut package);
            if done.name.is_empty() || done.absent {
                continue;
            }
            if done.version.is_empty() {
                reader.bad_line(text, done.line, "a package without a version");
            }
            if told == MOST {
                let note = format!("more than {MOST} packages: what follows line {number} is not told");
                reader.gap(&text.at(number), text.span(number), GapKind::OverLimit, note);
                return;
            }
            told += 1;
            tell(reader, text, done, kind, system);
            continue;
        }
        // A line that begins with a space goes on with the one before: a description.
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.starts_with(' ')) else { continue };
        let value = value.trim().to_owned();
        match (kind, name) {
            ("apk", "P") | (_, "Package") => (package.name, package.line) = (value, number),
            ("apk", "V") | (_, "Version") => package.version = value,
            ("apk", "A") | (_, "Architecture") => package.architecture = value,
            ("apk", "m") | (_, "Maintainer") => package.supplier = Some(value),
            ("apk", "L") | (_, "License") => package.licence = Some(value),
            // `deinstall ok config-files`: only its settings are left.
            (_, "Status") => package.absent = !value.ends_with(" installed"),
            _ => {}
        }
    }
}

fn tell(reader: &mut Reader, text: &Text, package: Package, kind: &str, system: Option<&str>) {
    let space = match (kind, system) {
        ("deb", Some(system)) => format!("{}/", encoded(system)),
        ("deb", None) => "debian/".to_owned(),
        ("apk", _) => "alpine/".to_owned(),
        _ => String::new(),
    };
    let version = Some(package.version).filter(|version| !version.is_empty());
    let at = version.as_deref().map_or_else(String::new, |version| format!("@{}", encoded(version)));
    let arch = if package.architecture.is_empty() { String::new() } else { format!("?arch={}", encoded(&package.architecture)) };
    let part = Part {
        kind: PartKind::Package,
        purl: Some(format!("pkg:{kind}/{space}{}{at}{arch}", encoded(&package.name))),
        shown: format!("{} {}", package.name, version.as_deref().unwrap_or_default()),
        name: package.name,
        version,
        by: PartSign::Database,
        cpe: None,
        supplier: package.supplier,
        licence: package.licence,
    };
    reader.fact(text.at(package.line), "parts", None::<FactId>, ImageFact::Part(Box::new(part)));
}

/// Buildroot's table: package, version, licence behind quotes and commas.
fn table(reader: &mut Reader, text: &Text) {
    let mut lines = text.plain_lines();
    if lines.next().is_none_or(|(_, line)| !line.to_ascii_uppercase().contains("PACKAGE")) {
        return;
    }
    let rows: Vec<(u64, Vec<String>)> = lines
        .take(MOST)
        .map(|(number, line)| (number, line.split("\",\"").map(|cell| cell.trim_matches('"').to_owned()).collect()))
        .collect();
    for (number, row) in rows {
        let [name, version, rest @ ..] = &row[..] else {
            reader.bad_line(text, number, "a row of a manifest has a package and a version");
            continue;
        };
        let part = Part {
            kind: PartKind::Package,
            name: name.clone(),
            version: Some(version.clone()).filter(|version| !version.is_empty()),
            by: PartSign::Database,
            shown: format!("{name} {version}"),
            purl: Some(format!("pkg:generic/{}@{}", encoded(name), encoded(version))),
            cpe: None,
            supplier: None,
            licence: rest.first().filter(|licence| !licence.is_empty()).cloned(),
        };
        reader.fact(text.at(number), "parts", None::<FactId>, ImageFact::Part(Box::new(part)));
    }
}
