//! The page of whole trees: the path of each finding drawn and listed step by step with its code, and the tables of who talks to whom.

use std::fs;

use assay_core::{Cell, Dossier, Evidence, Finding, Role, escape::visible};

use crate::{explain::vetted, invented::full, render::page_of, trees::lay_out};

/// What stands between `open` and `close`, each time.
fn between<'p>(page: &'p str, open: &str, close: &str) -> Vec<&'p str> {
    page.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

/// The article of a finding.
fn article<'p>(page: &'p str, finding: &Finding) -> &'p str {
    between(page, &format!("<article class=\"finding s-{}\" id=\"{}\"", finding.severity, finding.id), "</article>")[0]
}

/// As a template writes it.
fn escaped(text: &str) -> String {
    let text = visible(text).replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
    text.replace('"', "&#34;").replace('\'', "&#39;")
}

fn kebab(role: Role) -> String {
    format!("{role:?}").to_lowercase()
}

/// The steps of a finding's path: up to the first that acts.
fn way(finding: &Finding) -> &[Evidence] {
    if finding.evidence.iter().all(|one| one.role == Role::Other) {
        return &[];
    }
    let end = finding.evidence.iter().position(|one| one.role == Role::Actuator).map_or(finding.evidence.len(), |last| last + 1);
    &finding.evidence[..end]
}

fn assert_drawn(page: &str, finding: &Finding) {
    let (article, way) = (article(page, finding), way(finding));
    let shapes = between(article, "<use href=\"#way-", "/>");
    let drawn: Vec<&str> = shapes.iter().filter_map(|shape| shape.split_once("\" x=")).map(|(role, _)| role).collect();
    let listed: Vec<&str> = between(article, "<li value=\"", "</li>");
    let roles: Vec<String> = way.iter().map(|step| kebab(step.role)).collect();
    assert_eq!(drawn, roles, "{}", finding.id);
    assert_eq!(listed.len(), way.len(), "{}", finding.id);
    for (index, (step, item)) in way.iter().zip(&listed).enumerate() {
        assert!(item.starts_with(&format!("{}\"", index + 1)) && item.contains(&step.at.to_string()), "{item}");
        assert_eq!(item.contains("must be true:"), matches!(step.role, Role::Branch | Role::Guard), "{item}");
        // The code is in this step, or in the one before with the same place.
        let own = way.iter().position(|other| (other.artifact, &other.at) == (step.artifact, &step.at)).unwrap();
        assert!(!step.excerpt.is_empty() && step.excerpt.lines().all(|line| listed[own].contains(&escaped(line))), "{item}");
        assert_eq!(listed[own].matches("<mark>").count(), 1, "{item}");
    }
    // One stretch per program, in their order.
    let mut programs: Vec<&str> = way.iter().map(|step| step.path.as_str()).collect();
    programs.dedup();
    assert_eq!(between(article, "<h5>", "</h5>").len(), programs.len());
    assert!(between(article, "<h5>", "</h5>").iter().zip(programs).all(|(heading, program)| heading.contains(&escaped(program))));
    assert_eq!(article.matches("<line ").count(), way.len() - 1);
    assert!(article.contains("role=\"img\" aria-label=\""));
}

#[test]
fn paths_are_drawn_across_programs() {
    let mut most = 0;
    for tree in ["programs/exec-sourced-file", "programs/stop-word-fixed-host", "scripts/flash-unverified"] {
        let tree = lay_out(tree, "shown");
        let (out, dossier) = vetted(tree.path());
        let page = fs::read_to_string(out.path().join("dossier.html")).unwrap();
        let mut drawn = 0;
        for finding in dossier.findings.iter().filter(|finding| !way(finding).is_empty() && finding.evidence.len() <= 30) {
            assert_drawn(&page, finding);
            most = most.max(between(article(&page, finding), "<h5>", "</h5>").len());
            drawn += 1;
        }
        assert!(drawn > 0);
    }
    assert!(most > 1, "no path through several programs");
}

#[test]
fn what_is_not_drawn_is_missed() {
    let tree = lay_out("programs/stop-word-fixed-host", "shown");
    let (out, dossier) = vetted(tree.path());
    let page = fs::read_to_string(out.path().join("dossier.html")).unwrap();
    let finding = dossier.findings.iter().find(|finding| way(finding).len() > 2).unwrap();
    assert_drawn(&page, finding);
    let step = page.find("<li value=\"2\"").unwrap();
    let spoiled = format!("{}<li>{}", &page[..step], &page[step + "<li value=\"2\">".len()..]);
    assert!(std::panic::catch_unwind(|| assert_drawn(&spoiled, finding)).is_err());
}

#[test]
fn tables_tell_who_talks_to_whom() {
    let mut seen = Vec::new();
    for tree in ["programs/exec-loopback-daemon-path", "scripts/kill-on-reply"] {
        let tree = lay_out(tree, "shown");
        let (out, dossier) = vetted(tree.path());
        let page = fs::read_to_string(out.path().join("dossier.html")).unwrap();
        for title in ["Listeners", "Endpoints", "Command words"] {
            let Some(table) = dossier.tables.iter().find(|table| table.title == title) else { continue };
            seen.push(title);
            let shown = between(&page, &format!("<details id=\"{}\"", table.id), "</table>")[0];
            for column in &table.columns {
                assert!(shown.contains(&format!("<th scope=\"col\">{}</th>", column.name)), "{title}: {}", column.name);
            }
            for cell in table.rows.iter().flatten() {
                if let Cell::Text(text) = cell {
                    assert!(shown.contains(&escaped(text)), "{title}: {text}");
                }
            }
            // The summary leads there.
            let summary = between(&page, "<section id=\"summary\"", "</section>")[0];
            assert!(summary.contains(&format!("<a href=\"#{}\">{} ", table.id, table.rows.len())), "{title}: {summary}");
        }
    }
    assert!(["Listeners", "Endpoints", "Command words"].iter().all(|title| seen.contains(title)), "{seen:?}");
}

/// A path of a hundred steps, through as many programs, with hostile words in every one.
#[test]
fn a_long_path_says_what_it_leaves_out() {
    let mut dossier: Dossier = full();
    let finding = &mut dossier.findings[0];
    let mut step = finding.evidence[0].clone();
    step.role = Role::Step;
    finding.evidence = (0..100)
        .map(|number| {
            let mut step = step.clone();
            step.path = format!("/bin/<b>{number}");
            step.role = if number == 99 { Role::Actuator } else { Role::Step };
            step
        })
        .collect();
    let page = page_of(&dossier);
    let article = article(&page, &dossier.findings[0]);
    assert!(article.contains("70 steps between the beginning and the end") && article.contains("<li value=\"100\">"), "{article}");
    assert!(article.contains("100 steps (70 in between are not drawn): step in /bin/&#60;b&#62;0; then step in"), "{article}");
}
