//! The page in a browser: axe-core finds no fault in it, light and dark, wide and narrow, and it is no wider than the window.
//!
//! Needs Chromium and axe-core; where one is absent the test says so and does nothing. `npm install --no-save axe-core` in the
//! workspace's root brings the latter, or `ASSAY_AXE` names the file `axe.min.js`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    invented::{empty, full},
    render::page_of,
};

/// Opens everything, runs axe, and leaves nothing but its result in the document.
const PROBE: &str = "for (const d of document.querySelectorAll('details')) d.open = true;
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
axe.run(document).then(r => { document.documentElement.innerHTML = '<head></head><body><pre></pre></body>';
document.querySelector('pre').textContent = 'RESULT' + JSON.stringify({wide, passes: r.passes.length,
violations: r.violations.map(v => v.id + ': ' + v.nodes[0].html)}) + 'END'; });";

fn chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

fn axe() -> Option<String> {
    let local = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/axe-core/axe.min.js");
    fs::read_to_string(env::var_os("ASSAY_AXE").map_or(local, PathBuf::from)).ok()
}

/// What the probe says of a page.
fn probe(chromium: &Path, axe: &str, page: &str, options: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    // The page's own policy would forbid the probe.
    let policy = page.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = policy + page[policy..].find('>').unwrap() + 1;
    let page = format!("{}{}", &page[..policy], &page[end..])
        .replace("</body>", &format!("<script>{axe}</script><script>{PROBE}</script></body>"));
    fs::write(&file, page).unwrap();
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]).args(options);
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display())).arg(format!("file://{}", file.display()));
    let output = command.stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let text = text.split("RESULT").nth(1).and_then(|text| text.split("END").next()).unwrap_or_else(|| panic!("no result: {text:.300}"));
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn axe_finds_no_fault() {
    let (Some(chromium), Some(axe)) = (chromium(), axe()) else {
        println!("skipped: needs Chromium and axe-core (npm install --no-save axe-core)");
        return;
    };
    let dark = "--blink-settings=preferredColorScheme=0";
    for (dossier, options) in
        [(full(), vec!["--window-size=1280,900"]), (full(), vec!["--window-size=500,900", dark]), (empty(), vec!["--window-size=1280,900"])]
    {
        let result = probe(&chromium, &axe, &page_of(&dossier), &options);
        assert_eq!(result["violations"], Value::Array(Vec::new()), "{options:?}");
        assert_eq!(result["wide"], 0, "{options:?}");
        assert!(result["passes"].as_u64().is_some_and(|passes| passes > 15), "{result}");
    }
    // The probe can tell.
    let spoiled = page_of(&full()).replace("<html lang=\"en\">", "<html>").replace("<main ", "<main style=\"width:3000px\" ");
    let result = probe(&chromium, &axe, &spoiled, &["--window-size=1280,900"]);
    assert!(result["violations"].to_string().contains("html-has-lang") && result["wide"] != 0, "{result}");
}
