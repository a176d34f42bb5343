//! Root trees of the behaviours in `fixtures/code`, laid out from what is committed: scripts, files, links, and one binary of each program.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use toml::{Table, Value};

/// The folder of a behaviour: `programs/exec-two-names`.
pub fn folder(behaviour: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/code").join(behaviour)
}

/// The tree of a behaviour's variant.
pub fn lay_out(behaviour: &str, variant: &str) -> TempDir {
    let folder = folder(behaviour);
    let tree = tempfile::tempdir().unwrap();
    let place = |path: &str| {
        let to = tree.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        to
    };
    let expect: Table = fs::read_to_string(folder.join("expect.toml")).unwrap().parse().unwrap();
    for file in entries(&expect, "file") {
        let (source, path) = (text(file, "source").replace("{variant}", variant), text(file, "path"));
        let to = place(path);
        let compiled = Path::new(&source).extension().is_some_and(|end| end == "c");
        let from = if compiled { binary(&folder, variant, path) } else { folder.join(source) };
        fs::write(&to, fs::read(&from).unwrap()).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(u32::from_str_radix(text(file, "mode"), 8).unwrap())).unwrap();
    }
    for link in entries(&expect, "link") {
        symlink(text(link, "target"), place(text(link, "path"))).unwrap();
    }
    tree
}

/// The committed binary of the program at `path`: of one of the two instruction sets.
pub fn binary(folder: &Path, variant: &str, path: &str) -> PathBuf {
    let name = path.rsplit('/').next().unwrap();
    let all = ["a32", "t32"].map(|isa| folder.join("bin").join(format!("{variant}-{name}.{isa}")));
    all.into_iter().find(|path| path.is_file()).unwrap()
}

fn entries<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = &'t Value> {
    table.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}
