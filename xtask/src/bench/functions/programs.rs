//! The programs: sources of Debian packages, built for both instruction sets of Arm, and stripped of all that names their functions.
//!
//! Built are they as Debian does, with `-O2` of its own cross compiler; of the configuration only what asks for libraries of others is
//! left out. A program and its stripped twin lie in `target/bench/functions/programs`, the tree of the build goes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::truth;
use crate::bench::{
    apt::Apt,
    shell::{need, shell},
};

/// Raised when a recipe changes: what is older is built anew.
const VERSION: &str = "1";
/// The prefix of the cross compiler's programs.
const TARGET: &str = "arm-linux-gnueabihf";
/// What builds it, and the Debian package of each.
const NEEDED: [(&str, &str); 6] = [
    ("apt-get", "apt"),
    ("dpkg-source", "dpkg-dev"),
    ("make", "make"),
    ("bzip2", "bzip2"),
    ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
    ("arm-linux-gnueabihf-g++", "g++-arm-linux-gnueabihf"),
];
/// Instruction sets: the name here, and the compiler's option.
const SETS: [(&str, &str); 2] = [("A32", "-marm"), ("Thumb-2", "-mthumb")];

/// How a program is built.
struct Recipe {
    /// Of the program and of Debian's source package.
    name: &'static str,
    /// What it is written in.
    language: &'static str,
    /// Shell in the source's folder. `$target` is the prefix, `$flags` are the compiler's.
    build: &'static str,
    /// The program in that folder.
    file: &'static str,
}

const RECIPES: [Recipe; 5] = [
    Recipe {
        name: "busybox",
        language: "C",
        build: "make CROSS_COMPILE=$target- defconfig\n\
                sed -i \"s/^CONFIG_EXTRA_CFLAGS=.*/CONFIG_EXTRA_CFLAGS=\\\"$flags\\\"/\" .config\n\
                make -j2 CROSS_COMPILE=$target- busybox_unstripped",
        file: "busybox_unstripped",
    },
    Recipe {
        name: "dropbear",
        language: "C",
        // Passwords ask for a library that the cross compiler does not bring.
        build: "echo '#define DROPBEAR_SVR_PASSWORD_AUTH 0' > localoptions.h\n\
                ./configure --host=$target --disable-zlib --enable-bundled-libtom CFLAGS=\"$flags\"\nmake -j2 PROGRAMS=dropbear",
        file: "dropbear",
    },
    Recipe {
        name: "lighttpd",
        language: "C",
        build: "./configure --host=$target --without-pcre2 --without-zlib --without-bzip2 CFLAGS=\"$flags\"\n\
                make -j2 ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=:",
        file: "src/lighttpd",
    },
    Recipe {
        name: "curl",
        language: "C",
        build: "./configure --host=$target --disable-shared --without-ssl --without-zlib --without-brotli --without-zstd --disable-ldap \
                --without-libpsl --without-nghttp2 --without-libidn2 CFLAGS=\"$flags\"\nmake -j2",
        file: "src/curl",
    },
    Recipe {
        name: "smartmontools",
        language: "C++",
        build: "./configure --host=$target --without-libcap-ng --without-libsystemd CFLAGS=\"$flags\" CXXFLAGS=\"$flags\"\n\
                make -j2 smartctl",
        file: "smartctl",
    },
];

/// A program.
pub struct Program {
    /// Name.
    pub name: &'static str,
    /// What it is written in.
    pub language: &'static str,
    /// Version of Debian's source package.
    pub version: String,
    /// Its instruction set.
    pub set: &'static str,
    /// With symbols.
    pub whole: PathBuf,
    /// Without.
    pub stripped: PathBuf,
}

/// All programs, or the one with this name; what is missing is built below `work`.
pub fn all(work: &Path, only: Option<&str>) -> anyhow::Result<Vec<Program>> {
    let (programs, sources) = (work.join("programs").join(VERSION), work.join("sources"));
    fs::create_dir_all(&programs)?;
    let mut all = Vec::new();
    let mut apt = None;
    for recipe in RECIPES.iter().filter(|recipe| only.is_none_or(|name| name == recipe.name)) {
        for (set, option) in SETS {
            let whole = programs.join(format!("{}-{set}", recipe.name));
            let (stripped, version) = (whole.with_extension("stripped"), whole.with_extension("version"));
            if !version.is_file() {
                need(&NEEDED)?;
                let apt = match &apt {
                    Some(apt) => apt,
                    None => apt.insert(Apt::new(work.parent().context("target/bench")?)?),
                };
                let (source, debian) = apt.source(recipe.name, &sources)?;
                println!("building {} {debian} for {set}", recipe.name);
                compile(recipe, &source, option, &whole)?;
                truth::strip(&format!("{TARGET}-strip"), &whole, &stripped)?;
                fs::write(&version, debian)?;
            }
            let version = fs::read_to_string(version)?;
            all.push(Program { name: recipe.name, language: recipe.language, version, set, whole, stripped });
        }
    }
    Ok(all)
}

/// Builds a copy of `source` and keeps the program.
fn compile(recipe: &Recipe, source: &Path, option: &str, to: &Path) -> anyhow::Result<()> {
    let tree = source.with_extension("build");
    let flags = format!("-O2 {option}");
    let (from, into) = (source.display(), tree.display());
    shell(&format!("rm -rf {into}\ncp -a {from} {into}"), Path::new("/"))?;
    shell(&format!("target={TARGET}\nflags='{flags}'\n{}\ncp {} {}", recipe.build, recipe.file, to.display()), &tree)
        .with_context(|| format!("{} does not build with {flags}", recipe.name))?;
    fs::remove_dir_all(&tree)?;
    Ok(())
}
