//! The package that all tools open: one `tar.gz` of images as miners carry them, filled with Debian's armhf packages.
//!
//! | member | how it is made | as in |
//! | --- | --- | --- |
//! | `uImage` | `mkimage` around the kernel's zImage | every maker's boot partition |
//! | `minerfs.image.gz` | `mkimage` around a gzipped cpio | Bitmain's root filesystem |
//! | `root.squashfs` | `mksquashfs -comp xz -b 256K` | OpenWrt machines |
//! | `system.ubi` | `mkfs.ubifs` (LZO), `ubinize` | raw NAND |
//! | `config.jffs2` | `mkfs.jffs2` (zlib) | SPI flash |
//! | `data.ext4` | `mke2fs -d` | SD cards, eMMC |
//! | `modules.cpio` | `cpio -H newc` | bare initramfs |
//!
//! Each holds packages of its own: a tool that opens equal contents once gains nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{
    super::{
        apt::Apt,
        shell::{need, shell},
    },
    recovered::Expected,
};

/// Raised when the recipe changes: an older package is made anew.
const RECIPE: &str = "1";
/// The kernel's package; its version is in the name of what this one depends on.
const KERNEL: &str = "linux-image-armmp";

/// Member, and the packages of its contents; of `--quick`, the first of each.
const PARTS: [(&str, &[&str]); 6] = [
    ("minerfs.image.gz", &["busybox", "dropbear-bin", "lighttpd", "libstdc++6", "libglib2.0-0", "libgnutls30", "libcurl4", "curl"]),
    ("root.squashfs", &["libc6", "bash", "coreutils", "util-linux", "openssl", "libssl3", "tzdata"]),
    ("system.ubi", &["libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal"]),
    ("config.jffs2", &["perl-base", "perl-modules-5.36"]),
    ("data.ext4", &["e2fsprogs", "libicu72"]),
    ("modules.cpio", &["tcpdump", "gdb", "php8.2-cli"]),
];
/// Parts of packages that no miner carries.
const LEFT_OUT: [&str; 3] = ["usr/share/doc", "usr/share/man", "usr/share/locale"];
/// Programs of Debian packages that build it.
const NEEDED: [(&str, &str); 10] = [
    ("apt-get", "apt"),
    ("dpkg-deb", "dpkg"),
    ("mkimage", "u-boot-tools"),
    ("mksquashfs", "squashfs-tools"),
    ("mkfs.ubifs", "mtd-utils"),
    ("ubinize", "mtd-utils"),
    ("mkfs.jffs2", "mtd-utils"),
    ("mke2fs", "e2fsprogs"),
    ("cpio", "cpio"),
    ("tar", "tar"),
];

/// The package and the trees it was made of.
pub struct Package {
    folder: PathBuf,
}

impl Package {
    /// The package.
    pub fn path(&self) -> PathBuf {
        self.folder.join("package.tar.gz")
    }

    /// What is in its containers.
    pub fn expected(&self) -> anyhow::Result<Expected> {
        let mut expected = Expected::default();
        let mut trees: Vec<_> = fs::read_dir(self.folder.join("trees"))?.collect::<Result<_, _>>()?;
        trees.sort_by_key(fs::DirEntry::file_name);
        for tree in trees {
            expected.add(&tree.file_name().to_string_lossy(), &tree.path())?;
        }
        Ok(expected)
    }

    /// Members with their lengths.
    pub fn members(&self) -> anyhow::Result<Vec<(String, u64)>> {
        let mut members = Vec::new();
        for entry in fs::read_dir(self.folder.join("images"))? {
            let entry = entry?;
            members.push((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()));
        }
        members.sort();
        Ok(members)
    }
}

/// Builds it under `work`, unless it is there.
pub fn build(work: &Path, quick: bool) -> anyhow::Result<Package> {
    let folder = work.join(if quick { "package-quick" } else { "package" });
    let done = folder.join("recipe");
    if fs::read_to_string(&done).is_ok_and(|recipe| recipe == RECIPE) {
        return Ok(Package { folder });
    }
    need(&NEEDED)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    println!("building {} from Debian's armhf packages", folder.display());
    let (trees, images) = (folder.join("trees"), folder.join("images"));
    fs::create_dir_all(&images)?;
    let apt = Apt::new(work)?;
    for (member, packages) in PARTS {
        let tree = trees.join(member);
        for package in &packages[..if quick { 1 } else { packages.len() }] {
            apt.unpack(package, &tree)?;
        }
        for path in LEFT_OUT.map(|path| tree.join(path)).iter().filter(|path| path.exists()) {
            fs::remove_dir_all(path)?;
        }
        make(member, &tree, &images, &folder).with_context(|| member.to_owned())?;
    }
    if !quick {
        kernel(&apt, &trees.join("uImage"), &images, &folder)?;
    }
    // The names in a fixed order: the same package from the same trees.
    shell("tar --sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner -C images -c . | gzip -n > package.tar.gz", &folder)?;
    fs::write(done, RECIPE)?;
    Ok(Package { folder })
}

fn make(member: &str, tree: &Path, images: &Path, folder: &Path) -> anyhow::Result<()> {
    let (tree, image) = (tree.display(), images.join(member).display().to_string());
    let cpio = format!("(cd {tree} && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)");
    match member {
        "minerfs.image.gz" => {
            shell(&format!("{cpio} | gzip -n > ramdisk.gz"), folder)?;
            shell(&format!("mkimage -A arm -O linux -T ramdisk -C gzip -n minerfs -d ramdisk.gz {image}"), folder)
        }
        "root.squashfs" => shell(&format!("mksquashfs {tree} {image} -comp xz -b 256K -all-root -no-xattrs -quiet -no-progress"), folder),
        "system.ubi" => {
            shell(&format!("mkfs.ubifs -r {tree} -m 2048 -e 126976 -c 2047 -o system.ubifs"), folder)?;
            fs::write(
                folder.join("ubi.ini"),
                "[rootfs]\nmode=ubi\nimage=system.ubifs\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\nvol_flags=autoresize\n",
            )?;
            shell(&format!("ubinize -o {image} -p 128KiB -m 2048 ubi.ini"), folder)
        }
        "config.jffs2" => shell(&format!("mkfs.jffs2 -r {tree} -o {image} -e 128KiB -l -n -q"), folder),
        "data.ext4" => {
            // A fifth more than the contents, and room for the inodes.
            shell(&format!("mke2fs -q -t ext4 -d {tree} {image} $(( $(du -sk --apparent-size {tree} | cut -f1) * 6 / 5 + 8192 ))k"), folder)
        }
        "modules.cpio" => shell(&format!("{cpio} > {image}"), folder),
        other => bail!("no way to make {other}"),
    }
}

/// The zImage of Debian's kernel for ARMv7, as a uImage.
fn kernel(apt: &Apt, tree: &Path, images: &Path, folder: &Path) -> anyhow::Result<()> {
    let depends = apt.output("apt-cache", &["depends", "--important", KERNEL])?;
    let name = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: ").filter(|name| name.starts_with("linux-image-")));
    let whole = folder.join("kernel");
    apt.unpack(name.context("linux-image-armmp depends on no kernel")?, &whole)?;
    fs::create_dir_all(tree)?;
    shell(&format!("cp kernel/boot/vmlinuz-* {0}/zImage && rm -r kernel", tree.display()), folder)?;
    let image = images.join("uImage");
    shell(
        &format!("mkimage -A arm -O linux -T kernel -C none -a 0x8000 -e 0x8000 -n Linux -d {}/zImage {}", tree.display(), image.display()),
        folder,
    )
}
