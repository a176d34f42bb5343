//! `cargo xtask docs`: the pages of the manual that are the headers of source files.
//!
//! A header is the `//!` comment at the start of a file. What the manual says of a detector or a format is written there and nowhere
//! else; `cargo xtask tidy` compares.

use std::{fmt::Write, fs, path::Path};

use anyhow::Context;

/// A detector as its source describes it.
pub struct Detector {
    /// Folder that it is in.
    pub question: String,
    /// File name without its end.
    pub name: String,
    /// Rule id.
    pub id: String,
    /// Version.
    pub version: String,
    /// The header, as Markdown.
    pub header: String,
}

/// A file that has formats or a layout in it.
pub struct Module {
    /// File or folder name without its end.
    pub name: String,
    /// Name and title of each format.
    pub formats: Vec<(String, String)>,
    /// The header, as Markdown.
    pub header: String,
}

/// Writes every page.
pub fn write(root: &Path) -> anyhow::Result<()> {
    for (path, text) in pages(root)? {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Path and text of every page that is made from sources.
pub fn pages(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    let mut list = String::from(
        "# Detectors\n\nWhat Assay judges, one page for each rule. A page says what a finding shows and what it does not: its false positives and \
         false negatives.\n`assay explain RULE` prints it.\n\n| rule | what it reports |\n| --- | --- |\n",
    );
    for detector in detectors(root)? {
        let title = detector.header.lines().next().unwrap_or_default().trim_start_matches("# ");
        writeln!(list, "| [{0}](detectors/{0}.md) | {title} |", detector.id)?;
        let text = format!("{}\n---\n\nRule `{}`, version {}.\n", detector.header, detector.id, detector.version);
        pages.push((format!("docs/src/detectors/{}.md", detector.id), text));
    }
    pages.push(("docs/src/detectors.md".to_owned(), list));
    let mut text = String::from(
        "# Formats\n\nWhat Assay opens, by which specification, and what it leaves out. Everything is recognised by content, never by name.\n",
    );
    for module in formats(root)? {
        let names: Vec<String> = module.formats.iter().map(|(name, title)| format!("`{name}` ({title})")).collect();
        text.push_str(&section(&module.header, &format!("Formats: {}.", names.join(", "))));
    }
    text.push_str("\n# Package layouts\n\nPackages that are made of an archive's members.\n");
    for module in layouts(root)? {
        text.push_str(&section(&module.header, ""));
    }
    pages.push(("docs/src/formats.md".to_owned(), text));
    Ok(pages)
}

/// A header as a section: what stands before the first colon is its heading, if it is short.
fn section(header: &str, names: &str) -> String {
    let (first, rest) = header.split_once("\n\n").unwrap_or((header, ""));
    let first = first.replace('\n', " ");
    let first = first.trim_end();
    let (heading, words) = match first.split_once(": ") {
        Some((heading, words)) if heading.len() <= 60 => (heading, words),
        _ => (first.trim_end_matches('.'), ""),
    };
    let mut words = words.to_owned();
    if let Some(letter) = words.get(..1).map(str::to_uppercase) {
        words.replace_range(..1, &letter);
    }
    let parts = [words.as_str(), names, rest.trim_end()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("\n## {heading}\n\n{}\n", parts.join("\n\n"))
}

/// All detectors, by question and name.
pub fn detectors(root: &Path) -> anyhow::Result<Vec<Detector>> {
    let judge = root.join("crates/inspect/src/judge");
    let mut detectors = Vec::new();
    let mut questions: Vec<_> = fs::read_dir(&judge)?.collect::<Result<_, _>>()?;
    questions.sort_by_key(fs::DirEntry::file_name);
    for question in questions.iter().map(fs::DirEntry::path).filter(|path| path.is_dir()) {
        for (name, text) in modules(&question)? {
            let id = quoted(&text, "id: ").with_context(|| format!("{}/{name}.rs has no rule id", question.display()))?;
            let version = text.split("version: ").nth(1).and_then(|rest| rest.split([',', ' ']).next()).unwrap_or_default().to_owned();
            let question = question.file_name().unwrap_or_default().to_string_lossy().into_owned();
            detectors.push(Detector { question, name, id, version, header: header(&text) });
        }
    }
    Ok(detectors)
}

/// All files of formats, in the order of their names.
pub fn formats(root: &Path) -> anyhow::Result<Vec<Module>> {
    let modules = modules(&root.join("crates/unpack/src/formats"))?.into_iter();
    let with = modules.map(|(name, text)| Module { name, formats: named(&text), header: header(&text) });
    Ok(with.filter(|module| !module.formats.is_empty()).collect())
}

/// All layouts, in the order of their names.
pub fn layouts(root: &Path) -> anyhow::Result<Vec<Module>> {
    let modules = modules(&root.join("crates/unpack/src/layouts"))?.into_iter();
    Ok(modules.map(|(name, text)| Module { name, formats: Vec::new(), header: header(&text) }).collect())
}

/// The files of a folder but `mod.rs`, and its folders by their `mod.rs`.
fn modules(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|end| end == "rs") && name != "mod" {
            files.push((name, fs::read_to_string(&path)?));
        } else if path.join("mod.rs").is_file() {
            files.push((name, fs::read_to_string(path.join("mod.rs"))?));
        }
    }
    files.sort();
    Ok(files)
}

/// The `//!` comment at the start of `text`.
fn header(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with("//!"));
    lines.map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or("").to_owned() + "\n").collect()
}

/// The text in quotes behind the first `label`.
fn quoted(text: &str, label: &str) -> Option<String> {
    text.split_once(&format!("{label}\"")).and_then(|(_, rest)| rest.split('"').next()).map(str::to_owned)
}

/// Names and titles of the formats in a source: written out, or by the macro `leaf!` of the formats that are left closed.
fn named(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in text.split("Format {").skip(1) {
        if let (Some(name), Some(title)) = (quoted(part, "name: "), quoted(part, "title: ")) {
            found.push((name, title));
        }
    }
    for part in text.split("leaf!(").skip(1) {
        let mut words = part.split('"');
        if let (Some(name), Some(title)) = (words.nth(1), words.nth(1)) {
            found.push((name.to_owned(), title.to_owned()));
        }
    }
    found
}
