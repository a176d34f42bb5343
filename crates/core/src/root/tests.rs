use proptest::prelude::*;

use super::*;

fn tree(entries: Vec<Entry>) -> Tree {
    Tree { artifact: Sha256::of(b"tree"), path: "a.tar".into(), format: "tar".into(), entries }
}

fn file(path: &str, content: &str) -> Entry {
    let mut entry = Entry::new(path, EntryKind::File, content.len() as u64);
    entry.content = Some(Sha256::of(content.as_bytes()));
    entry.mode = Some(0o755);
    entry
}

fn link(path: &str, target: &str) -> Entry {
    let mut entry = Entry::new(path, EntryKind::Symlink, 0);
    entry.target = Some(target.into());
    entry
}

fn hard(path: &str, target: &str) -> Entry {
    let mut entry = link(path, target);
    entry.kind = EntryKind::Hardlink;
    entry
}

fn found(tree: &Tree, path: &str) -> Result<String, Unresolved> {
    Root::new(tree).resolve(path.as_bytes()).map(|place| place.shown())
}

#[test]
fn links_lead_inside_the_tree_alone() {
    let tree = tree(vec![
        file("./bin/busybox", "b"),
        link("bin/sh", "busybox"),
        link("sbin", "/usr/sbin"),
        link("usr/sbin/init", "../../../../bin/sh"),
        link("out", "../../../etc/shadow"),
        hard("bin/ash", "bin/busybox"),
        link("a", "b"),
        link("b", "a"),
        link("deep/er", "/bin/busybox/x"),
    ]);
    assert_eq!(found(&tree, "/sbin/init").unwrap(), "/bin/busybox");
    assert_eq!(found(&tree, "sbin/../../bin/./sh").unwrap(), "/bin/busybox");
    assert_eq!(found(&tree, "/sbin/..").unwrap(), "/usr");
    assert_eq!(found(&tree, "bin/ash").unwrap(), "/bin/busybox");
    assert_eq!(found(&tree, "/../../..").unwrap(), "/");
    assert_eq!(found(&tree, "/a"), Err(Unresolved::Loop));
    assert_eq!(found(&tree, "/out"), Err(Unresolved::Missing { at: "/etc".into() }));
    assert_eq!(found(&tree, "/deep/er"), Err(Unresolved::NotADirectory { at: "/bin/busybox".into() }));
    assert_eq!(found(&tree, &"x".repeat(5000)), Err(Unresolved::TooLong));
    assert_eq!(found(&tree, "/BIN/sh"), Err(Unresolved::Missing { at: "/BIN".into() }));
    let root = Root::new(&tree);
    assert_eq!(root.entry(b"bin/sh").unwrap().kind, EntryKind::Symlink);
    assert_eq!(root.resolve_from(b"/usr/sbin", b"init").unwrap().path, b"/bin/busybox");
    assert_eq!(root.find_program(b"sh").unwrap().path, b"/bin/busybox");
    assert!(root.find_program(b"").is_err() && root.find_program(b"none").is_err());
    assert_eq!(root.trail(b"/bin/sh"), "a.tar!/bin/sh");
}

#[test]
fn every_name_of_a_content_is_told() {
    let tree = tree(vec![
        file("bin/busybox", "b"),
        link("bin/sh", "busybox"),
        link("sbin", "bin"),
        hard("bin/ash", "./bin/busybox"),
        file("e", ""),
    ]);
    let names: Vec<String> = Root::new(&tree).names_of(&Sha256::of(b"b")).iter().map(|name| escape(name)).collect();
    assert_eq!(names, ["/bin/ash", "/bin/busybox", "/bin/sh"]);
    assert_eq!(Root::new(&tree).many_named().len(), 1);
    assert!(Root::new(&tree).names_of(&Sha256::of(b"")).is_empty());
}

#[test]
fn the_last_of_two_entries_wins_and_names_that_climb_have_no_place() {
    let tree = tree(vec![file("etc/a", "old"), file("etc/a", "new"), file("etc/../../b", "x"), file("z/Z", "1"), file("z/a", "2")]);
    let root = Root::new(&tree);
    assert_eq!(root.resolve(b"etc/a").unwrap().content(), Some(Sha256::of(b"new")));
    assert_eq!(root.left_out(), 1);
    assert_eq!(root.list(b"/z"), [b"Z", b"a"]);
    assert_eq!(root.list(b"/"), [&b"etc"[..], b"z"]);
    assert_eq!(root.files().map(|place| place.shown()).collect::<Vec<_>>(), ["/etc/a", "/z/Z", "/z/a"]);
    let at = root.locate(&root.resolve(b"/etc/a").unwrap(), At::Line(3));
    assert_eq!((at.artifact, at.path.as_str()), (Sha256::of(b"new"), "a.tar!/etc/a"));
}

#[test]
fn a_root_is_told_from_a_package() {
    assert!(looks_like_root(&tree(vec![file("./bin/sh", "1"), file("./etc/passwd", "2")])));
    assert!(looks_like_root(&tree(vec![file("init", "1")])));
    assert!(looks_like_root(&tree(vec![file("etc/init.d/S50web", "1"), file("www/index.html", "2")])));
    assert!(!looks_like_root(&tree(vec![file("bin/sh", "1"), file("share/etc/passwd", "2"), Entry::new("init", EntryKind::Directory, 0)])));
}

#[test]
fn a_million_links_in_a_chain_end() {
    let mut entries: Vec<Entry> = (0..20_000).map(|number| link(&format!("l{number}"), &format!("l{}", number + 1))).collect();
    entries.push(file("l20000", "end"));
    let tree = tree(entries);
    let root = Root::new(&tree);
    assert_eq!(root.resolve(b"l0"), Err(Unresolved::Loop));
    assert_eq!(root.names_of(&Sha256::of(b"end")).len(), 41);
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "..", ".", ""]), 1..5).prop_map(|names| names.join("/"))
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (name(), name(), any::<bool>(), 0..4).prop_map(|(path, target, absolute, kind)| {
        let target = if absolute { format!("/{target}") } else { target };
        match kind {
            0 => file(&path, &target),
            1 => hard(&path, &target),
            2 => Entry::new(path, EntryKind::Directory, 0),
            _ => link(&path, &target),
        }
    })
}

proptest! {
    /// Whatever the links, a walk ends, and where it ends is a name of the tree that is no link.
    #[test]
    fn a_walk_ends_inside(entries in prop::collection::vec(any_entry(), 0..12), path in name()) {
        let tree = tree(entries);
        let root = Root::new(&tree);
        if let Ok(place) = root.resolve(path.as_bytes()) {
            prop_assert!(place.path.starts_with(b"/"));
            prop_assert!(!components(&place.path).any(|name| name == b".."));
            prop_assert_eq!(root.entry(&place.path), place.entry);
            prop_assert!(place.kind() != EntryKind::Symlink);
            // Once more changes nothing.
            prop_assert_eq!(root.resolve(&place.path).unwrap(), place);
        }
    }
}
