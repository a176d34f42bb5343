//! The three renderings, on a dossier that uses every part of the model and on one that is almost empty.

use assay_core::{Dossier, Entry, EntryKind};
use serde_json::Value;
use serde_sarif::sarif::Sarif;

use crate::invented::{empty, full};

// The command is a program and no library: the tests take its renderings by path.
#[path = "../../src/render/mod.rs"]
#[allow(dead_code, missing_docs, reason = "not every test uses every part")]
mod renderings;

/// What may not reach a reader: controls but line ends, bidirectional controls, invisible characters.
fn hides(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn assert_nothing_hidden(text: &str) {
    if let Some(at) = text.find(hides) {
        panic!("{:?}", text.get(at.saturating_sub(60)..).map(|text| text.chars().take(120).collect::<String>()));
    }
}

/// The page as `assay vet` writes it.
pub fn page_of(dossier: &Dossier) -> String {
    renderings::html::render(dossier)
}

/// The page without its style and script, which have tests of their own in a browser.
fn page(dossier: &Dossier) -> String {
    let mut page = page_of(dossier);
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>"), ("content=\"default-src", "\">")] {
        let start = page.find(open).unwrap() + open.len();
        let end = start + page[start..].find(close).unwrap();
        page.replace_range(start..end, "…");
    }
    page
}

/// Every opened element is closed, in order. Panics with the place.
fn assert_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for (at, _) in page.match_indices('<') {
        let tag = &page[at + 1..at + page[at..].find('>').unwrap()];
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "near {:?}", page.get(at.saturating_sub(200)..at));
        } else if !tag.ends_with('/') && !tag.starts_with('!') && !matches!(name, "meta" | "input") {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn page_of_everything() {
    let page = page(&full());
    insta::assert_snapshot!("page-full", page);
}

#[test]
fn page_of_almost_nothing() {
    insta::assert_snapshot!("page-empty", page(&empty()));
}

#[test]
fn page_holds_no_markup_of_an_input() {
    let page = page(&full());
    assert_nothing_hidden(&page);
    assert_balanced(&page);
    assert_balanced(&self::page(&empty()));
    assert_eq!(
        (page.matches("<script>").count(), page.matches("</style>").count(), page.matches("<b>.img").count()),
        (1, 1, 0),
        "the page's own, and none of the input's"
    );
    // What is not a link of the web is text.
    assert!(page.contains("javascript:alert(1)") && !page.contains("href=\"javascript"));
    assert!(!page.contains("src=") && !page.contains("url("));
}

#[test]
fn page_has_every_part() {
    let page = page(&full());
    let parts = [
        "stop-mining",
        "fixed-remote",
        "default-password",
        "attempted",
        "0x2a5c0",
        "offset 0x1234",
        "line 7",
        "frame 9",
        "row 2",
        "pointer /a/0",
        "cmp r0, #0",
        "It is a feature.",
        "https://maker.example/note",
        "2026-01-01",
        "href=\"#F1\"",
        "href=\"#T2\"",
        "href=\"#G3\"",
        "Compiler: gcc 12</li>",
        "Kernel: 6.1.0 <span class=\"fine\">in (input), offset 0x51</span>",
        "2025-12-31",
        "1,000 of 1,200 analysed",
        "70 of 100",
        "8 of 9",
        "6 of 7",
        "4 of 5",
        "-rwsr-sr-x",
        "setuid and setgid",
        "0:1000",
        "2023-11-14 22:13:20",
        "device 5:1",
        "security.capability = \\x01\\x00",
        "../out/\\xff",
        "hrw-r--r--",
        "srw-r--r--",
        "prw-r--r--",
        "brw-rw----",
        "drwxrwxrwt",
        "A book, page 3",
        "0.1 to 0.5",
        "12.5",
        "20,000",
        "6.25 bits a byte",
        "assay.dossier/1",
        "Not complete",
        "1, in dossier.json",
    ];
    for part in parts {
        assert!(page.contains(part), "{part}");
    }
    for digest in ["first", "input", "rules"] {
        assert!(page.contains(&assay_core::Sha256::of(digest.as_bytes()).hex()), "{digest}");
    }
    assert_eq!(page.matches(">twice<").count(), 2);
}

#[test]
fn rules_are_explained_where_they_are_known() {
    let mut dossier = full();
    let rule = renderings::pages::detectors().next().unwrap();
    (dossier.findings[1].rule, dossier.findings[1].version) = (rule.id.to_owned(), rule.version);
    let page = page(&dossier);
    assert_balanced(&page);
    let link = format!("href=\"#rule-{}\"", rule.id);
    assert!(page.contains(&link) && page.contains(&format!("id=\"rule-{}\"", rule.id)) && page.contains("<h4>False negatives</h4>"));
    assert!(!page.contains("href=\"#rule-control.remote-stop\""));
    // Another version of the rule may say something else.
    dossier.findings[1].version += 1;
    assert!(!self::page(&dossier).contains(&link));
}

#[test]
fn what_the_page_leaves_out_it_says() {
    let mut dossier = full();
    dossier.subjects[0].manifest[1].entries = (0..50_100).map(|number| Entry::new(format!("d/{number}"), EntryKind::File, 1)).collect();
    dossier.tables[2].rows = vec![dossier.tables[2].rows[1].clone(); 1_007];
    dossier.findings[1].evidence = vec![dossier.findings[1].evidence[0].clone(); 31];
    let page = page(&dossier);
    // One name went to the package's own manifest.
    for words in ["101 more names", "7 more rows", "6 more pieces of evidence"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.len() < 10_000_000, "{}", page.len());
}

#[test]
fn terminal_of_everything() {
    insta::assert_snapshot!("terminal-full", renderings::terminal::render(&full(), 80, false));
}

#[test]
fn terminal_of_almost_nothing() {
    insta::assert_snapshot!("terminal-empty", renderings::terminal::render(&empty(), 80, false));
}

#[test]
fn terminal_keeps_its_width_and_obeys_nobody() {
    for width in [60, 80, 140] {
        let plain = renderings::terminal::render(&full(), width, false);
        assert_nothing_hidden(&plain);
        for line in plain.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
            assert_eq!(line, line.trim_end());
        }
        let coloured = renderings::terminal::render(&full(), width, true);
        let mut rest = coloured.clone();
        for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m"] {
            assert!(rest.contains(code), "{code:?}");
            rest = rest.replace(code, "");
        }
        assert_eq!(rest, plain);
    }
}

/// The findings as `assay vet` writes them for other tools.
pub fn sarif_of(dossier: &Dossier) -> String {
    renderings::sarif::render(dossier)
}

fn sarif(dossier: &Dossier) -> Value {
    let text = sarif_of(dossier);
    assert_nothing_hidden(&text);
    // Every field is one of the specification's, and all that it requires are there.
    serde_json::from_str::<Sarif>(&text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn sarif_of_everything() {
    let mut run = sarif(&full())["runs"][0].clone();
    // The pages of the rules are the detectors' own.
    run["tool"]["driver"]["rules"].as_array_mut().unwrap().retain(|rule| rule["id"] == "control.remote-stop");
    run["results"].as_array_mut().unwrap().iter_mut().for_each(|result| result["ruleIndex"] = Value::from("…"));
    insta::assert_snapshot!("sarif-full", serde_json::to_string_pretty(&run).unwrap());
}

#[test]
fn sarif_of_almost_nothing() {
    let run = &sarif(&empty())["runs"][0];
    assert_eq!(run["results"], Value::Array(Vec::new()));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert!(run["tool"]["driver"]["rules"].as_array().unwrap().len() > 5);
}

#[test]
fn sarif_indexes_lead_to_what_they_name() {
    let document = sarif(&full());
    let run = &document["runs"][0];
    let index = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    for result in run["results"].as_array().unwrap() {
        assert_eq!(run["tool"]["driver"]["rules"][index(&result["ruleIndex"])]["id"], result["ruleId"]);
        assert!(result["suppressions"].is_null());
        let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
        for location in result["locations"].as_array().unwrap().iter().chain(&related) {
            let place = &location["physicalLocation"]["artifactLocation"];
            let artifact = &run["artifacts"][index(&place["index"])];
            assert_eq!(artifact["location"]["uri"], place["uri"]);
            assert_eq!(
                format!("sha256:{}", artifact["hashes"]["sha-256"].as_str().unwrap()),
                location["properties"]["artifact"].as_str().unwrap()
            );
        }
    }
    let levels: Vec<&Value> = run["results"].as_array().unwrap().iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "error"]);
    assert_eq!(run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 6);
}

#[test]
fn two_inputs_stand_side_by_side() {
    let mut dossier = full();
    dossier.subjects.extend(empty().subjects);
    let page = page(&dossier);
    assert_balanced(&page);
    assert!(page.contains("<a href=\"#input-2\">nothing</a>") && page.contains("id=\"input-2\""));
    // Findings and signatures belong to the input that has their evidence.
    let rows: Vec<&str> = page.split("<tr><th scope=\"row\"><a href=\"#input-").skip(1).collect();
    assert!(rows[0].contains("<td>INVALID: 1, valid: 1</td><td>1 critical, 1 high</td>"), "{}", rows[0]);
    assert!(rows[1].contains("<td>none</td><td>none</td>"), "{}", rows[1]);
    assert!(page.contains("<code>update &#60;b&#62;.img: root!/bin/daemon</code> <span class=\"fine\">artifact"));
    let terminal = renderings::terminal::render(&dossier, 80, false);
    assert!(terminal.contains("\nnothing\n  what        Data of no known kind, format data, 0 bytes (0 B)\n"), "{terminal}");
}

/// Runs the command line in `folder`; everything it printed, to both outputs.
fn printed(folder: &std::path::Path, arguments: &[&str]) -> String {
    let output = assert_cmd::Command::cargo_bin("assay").unwrap().current_dir(folder).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn no_command_prints_what_a_terminal_obeys() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats/tar/hostile-names.tar");
    let name = "\u{1b}[31m\u{202e}name";
    std::fs::copy(fixture, folder.path().join(name)).unwrap();
    for arguments in
        [&["vet", name][..], &["vet", "--format", "json", "--facts", name], &["unpack", name], &["unpack", "--format", "json", name]]
    {
        let text = printed(folder.path(), arguments);
        assert!(text.contains("hostile") || text.contains("name"), "{text}");
        assert_nothing_hidden(&text);
    }
    let text = printed(folder.path(), &["vet", "\u{1b}[31mabsent"]);
    assert!(text.contains("\\x1b[31mabsent"), "{text}");
    assert_nothing_hidden(&text);
}

#[test]
fn colour_is_for_terminals_and_can_be_refused() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/formats/tar/bitmain-s17-swapped.tar");
    let command = format!("{} vet {fixture}", env!("CARGO_BIN_EXE_assay"));
    // util-linux's `script` gives the command a terminal.
    let on_terminal = |refuse: &str| {
        let mut script = std::process::Command::new("script");
        let output = script
            .args(["-qec", &command, "/dev/null"])
            .env_remove("NO_COLOR")
            .env(refuse, "1")
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Some(coloured), Some(refused)) = (on_terminal("UNUSED"), on_terminal("NO_COLOR")) else {
        println!("skipped: needs `script` of util-linux");
        return;
    };
    assert!(coloured.contains("\u{1b}[31m") && coloured.contains("high"), "{coloured}");
    assert!(!refused.contains("\u{1b}[31m") && refused.contains("high"), "{refused}");
    let piped = printed(std::path::Path::new("."), &["vet", fixture]);
    assert!(!piped.contains('\u{1b}') && piped.contains("high"), "{piped}");
}
