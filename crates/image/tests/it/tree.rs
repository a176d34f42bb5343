//! Small trees: of a fixture's folder, or put together in a test.

use std::{borrow::Cow, collections::BTreeMap, fs, path::Path};

use assay_core::{Entry, EntryKind, Fact, FactBody, Gap, Limits, Root, Sha256, facts::ImageFact, manifest::Tree};
use assay_image::{Given, Seen, Started};

/// A tree with its contents.
pub struct Made {
    pub tree: Tree,
    pub contents: BTreeMap<Sha256, Vec<u8>>,
}

impl Made {
    pub fn new() -> Self {
        let tree = Tree { artifact: Sha256::of(b"tree"), path: "rig.tar".into(), format: "tar".into(), entries: Vec::new() };
        Self { tree, contents: BTreeMap::new() }
    }

    pub fn file(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Self {
        self.put(path, content.as_ref(), 0o644)
    }

    pub fn put(&mut self, path: &str, content: &[u8], mode: u32) -> &mut Self {
        let mut entry = Entry::new(path, EntryKind::File, content.len() as u64);
        (entry.mode, entry.content) = (Some(mode), Some(Sha256::of(content)));
        self.contents.insert(Sha256::of(content), content.to_vec());
        self.tree.entries.push(entry);
        self
    }

    pub fn link(&mut self, kind: EntryKind, path: &str, target: &str) -> &mut Self {
        let mut entry = Entry::new(path, kind, 0);
        entry.target = Some(target.into());
        self.tree.entries.push(entry);
        self
    }

    /// The tree of a fixture: `root/` as it lies there, and `entries.txt`, whose lines are `program PATH CONTENT`, `link PATH TARGET`
    /// and `hard PATH TARGET`. Of permissions only the executable bit counts, so that nothing depends on how it was checked out.
    pub fn of_fixture(folder: &Path) -> Self {
        let mut made = Self::new();
        let base = folder.join("root");
        let mut open = vec![base.clone()];
        while let Some(directory) = open.pop() {
            let mut names: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
            names.sort();
            for path in names {
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let name = path.strip_prefix(&base).unwrap().to_str().unwrap().to_owned();
                made.put(&name, &fs::read(&path).unwrap(), if executable(&path) { 0o755 } else { 0o644 });
            }
        }
        for line in fs::read_to_string(folder.join("entries.txt")).unwrap().lines() {
            let [kind, path, rest] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            match kind {
                "program" => made.put(path, rest.as_bytes(), 0o755),
                "link" => made.link(EntryKind::Symlink, path, rest),
                "hard" => made.link(EntryKind::Hardlink, path, rest),
                _ => panic!("{line}"),
            };
        }
        made
    }

    pub fn read(&self) -> Seen {
        self.read_with(&Limits::default())
    }

    pub fn read_with(&self, limits: &Limits) -> Seen {
        let given = Given { kernel_arguments: Some("console=ttyS0".into()) };
        let contents = |id: &Sha256| self.contents.get(id).map(|bytes| Cow::Borrowed(&bytes[..]));
        assay_image::read(&Root::new(&self.tree), &contents, &given, limits)
    }

    /// What programs started by a script make: `program argument …` each.
    pub fn started(&self, commands: &[&str]) -> Vec<ImageFact> {
        let contents = |id: &Sha256| self.contents.get(id).map(|bytes| Cow::Borrowed(&bytes[..]));
        let root = Root::new(&self.tree);
        let place = root.files().next().unwrap();
        let started: Vec<Started> = commands
            .iter()
            .map(|command| {
                let mut words = command.split(' ').map(str::to_owned);
                let at = root.locate(&place, assay_core::At::Line(7));
                Started { program: words.next().unwrap(), arguments: words.collect(), user: None, at }
            })
            .collect();
        let (facts, _) = assay_image::read_started(&root, &contents, &started, &Limits::default());
        bodies(&facts)
    }
}

pub fn bodies(facts: &[Fact]) -> Vec<ImageFact> {
    facts
        .iter()
        .map(|fact| match &fact.body {
            FactBody::Image(body) => body.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Facts are numbered from 1 and derived from earlier ones; gaps name an artifact of the tree.
pub fn sound(made: &Made, (facts, gaps): &Seen) {
    for (index, fact) in facts.iter().enumerate() {
        assert_eq!(fact.id.0 as usize, index + 1);
        assert!(fact.derived_from.iter().all(|from| from.0 >= 1 && from.0 < fact.id.0), "{fact:?}");
        assert!(fact.producer.starts_with("image."));
    }
    let known = |gap: &Gap| gap.artifact == made.tree.artifact || made.contents.contains_key(&gap.artifact);
    assert!(gaps.iter().all(known));
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o100 != 0
}
