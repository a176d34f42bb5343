//! The root filesystems, made once and kept under `target/bench/roots`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::expected::RootSpec;
use crate::bench::{
    apt::Apt,
    shell::{need, shell},
};

/// What makes a root of Debian for another processor. The packages' own scripts run under qemu.
const FOR_DEBIAN: [(&str, &str); 3] =
    [("mmdebstrap", "mmdebstrap"), ("qemu-arm-static", "qemu-user-static"), ("update-binfmts", "binfmt-support")];
/// What builds BusyBox.
const FOR_BUSYBOX: [(&str, &str); 4] =
    [("dpkg-source", "dpkg-dev"), ("make", "make"), ("bzip2", "bzip2"), ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf")];

/// The tree of a root, made where it is not there.
pub fn tree(work: &Path, root: &RootSpec) -> anyhow::Result<PathBuf> {
    let folder = work.join("roots");
    let tree = folder.join(&root.name);
    if !tree.is_dir() {
        fs::create_dir_all(&folder)?;
        println!("making {}", root.name);
        let begun = folder.join(format!("{}.part", root.name));
        shell(&format!("rm -rf {}", begun.display()), &folder)?;
        if root.packages.is_empty() {
            busybox(work, &begun)?;
        } else {
            debian(root, &begun)?;
        }
        fs::rename(&begun, &tree)?;
    }
    Ok(tree)
}

/// Debian 12 with the packages of `root`, installed as on a machine.
fn debian(root: &RootSpec, tree: &Path) -> anyhow::Result<()> {
    need(&FOR_DEBIAN)?;
    let (arch, packages, to) = (&root.arch, root.packages.join(","), tree.display());
    // Documents are what an image leaves out; device nodes are the kernel's.
    let left_out = ["doc", "man", "locale", "info"].map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")).join(" ");
    let make = format!(
        "mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc none /proc/sys/fs/binfmt_misc\nupdate-binfmts --enable\n\
         mmdebstrap --quiet --arch={arch} --variant=minbase {left_out} --include={packages} bookworm {to} http://deb.debian.org/debian\n\
         rm -rf {to}/dev {to}/proc {to}/sys"
    );
    shell(&make, Path::new("/"))
}

/// Settings of the small system, by path.
const SETTINGS: [(&str, &str); 9] = [
    (
        "etc/inittab",
        "::sysinit:/etc/init.d/rcS\nttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n::respawn:/sbin/syslogd -n\n\
         ::respawn:/usr/sbin/ntpd -n -p pool.example.org\n::ctrlaltdel:/sbin/reboot\n::shutdown:/bin/umount -a -r\n",
    ),
    (
        "etc/init.d/rcS",
        "#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sysfs /sys\nmount -t tmpfs tmpfs /tmp\nmdev -s\nhostname -F /etc/hostname\n\
         ifconfig lo 127.0.0.1\nudhcpc -b -i eth0 -s /usr/share/udhcpc/default.script\nhttpd -h /var/www\n",
    ),
    ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    // A password of sixteen letters that no list has.
    (
        "etc/shadow",
        "root:$5$8q0cVnRk2ZbT1yLs$z76Ka5N.kI0m8AYnbeBeGGTCmRxkcuBuu1Vh3d/L.b9:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
    ),
    ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("etc/hostname", "small\n"),
    ("etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tsmall\n"),
    ("etc/fstab", "proc /proc proc defaults 0 0\nsysfs /sys sysfs defaults 0 0\n"),
    ("var/www/index.html", "<!DOCTYPE html><title>small</title><p>It runs.</p>\n"),
];

/// A system of BusyBox alone, linked statically.
fn busybox(work: &Path, tree: &Path) -> anyhow::Result<()> {
    need(&FOR_BUSYBOX)?;
    let (source, version) = Apt::new(work)?.source("busybox", &work.join("roots/sources"))?;
    println!("building busybox {version}");
    let to = tree.display();
    let make = format!(
        "make CROSS_COMPILE=arm-linux-gnueabihf- defconfig\nsed -i 's/^# CONFIG_STATIC is not set/CONFIG_STATIC=y/' .config\n\
         make -j2 CROSS_COMPILE=arm-linux-gnueabihf- busybox\nmake CROSS_COMPILE=arm-linux-gnueabihf- CONFIG_PREFIX={to} install\n\
         install -D -m 755 examples/udhcp/simple.script {to}/usr/share/udhcpc/default.script"
    );
    shell(&make, &source)?;
    for (path, text) in SETTINGS {
        let file = tree.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text)?;
    }
    shell("chmod 755 etc/init.d/rcS\nchmod 600 etc/shadow", tree)
}
