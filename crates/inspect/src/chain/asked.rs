//! What is asked for at boot by settings: keys of the boot loader's device tree, dm-verity on the kernel's command line, signatures of modules.
//!
//! **Source**: U-Boot, `doc/usage/fit/signature.rst` ("required"); Linux, `Documentation/admin-guide/device-mapper/verity.rst`, `dm-init.rst`,
//! `Documentation/admin-guide/module-signing.rst`; systemd, `systemd-veritysetup-generator(8)`.
//!
//! **Limitations**: a command line that the loader puts together from several variables is read variable by variable.

use assay_core::{
    Fact, FactBody, Locator,
    facts::{ImageFact, image::KernelConfig},
};

use super::Link;
use crate::tables::evidence;

/// Digits of a SHA-256 on a command line.
const HASH: usize = 64;

/// Rows of the chain that rest on settings.
pub fn links(facts: &[Fact]) -> Vec<Link> {
    let mut links = Vec::new();
    let mut root: Option<Link> = None;
    for fact in facts {
        let at = &fact.locator;
        let FactBody::Image(image) = &fact.body else { continue };
        let line = match image {
            ImageFact::Hardware { name, value } if name == "boot-key" => {
                links.push(boot_key(facts, at, value));
                continue;
            }
            ImageFact::Hardware { name, value } if name == "bootargs" => value,
            ImageFact::BootSetting(setting) if setting.value.contains("root=") => &setting.value,
            ImageFact::KernelConfig(config) => {
                links.push(modules(at, config));
                match config.options.iter().find(|option| option.name == "CMDLINE") {
                    Some(option) => &option.value,
                    None => continue,
                }
            }
            _ => continue,
        };
        // One row: a line that asks for it stands before one that does not.
        if let Some(link) = command_line(at, line)
            && root.as_ref().is_none_or(|known| known.outcome == NOTHING && link.outcome != NOTHING)
        {
            root = Some(link);
        }
    }
    links.extend(root);
    links
}

/// Outcome of what is not asked for.
const NOTHING: &str = "not asked for";

/// A key in the loader's own tree: `value` is its name, algorithm and what it is required for.
fn boot_key(facts: &[Fact], at: &Locator, value: &str) -> Link {
    let key = facts.iter().find_map(|fact| match &fact.body {
        FactBody::Image(ImageFact::Key { fingerprint, .. }) if fact.locator == *at => *fingerprint,
        _ => None,
    });
    let required = !value.ends_with("required for nothing");
    Link {
        stage: format!("key {value}"),
        at: evidence(at),
        verified: "it is what the boot loader checks FIT images with".to_owned(),
        key,
        outcome: if required { "asked for" } else { NOTHING },
        failure: if required { "the boot loader refuses the image" } else { "an image without a signature is taken" }.to_owned(),
        rollback: "nothing seen".to_owned(),
    }
}

/// What a kernel's command line says of the root filesystem.
fn command_line(at: &Locator, line: &str) -> Option<Link> {
    let verity = line.contains("verity") || line.contains("roothash=");
    let device = line.split_whitespace().find_map(|word| word.trim_matches(['"', '\'']).strip_prefix("root="));
    if !verity && device.is_none() {
        return None;
    }
    let hash = line
        .split(|sign: char| !sign.is_ascii_hexdigit())
        .find(|word| word.len() == HASH)
        .map_or_else(|| "a hash that is not on the line".to_owned(), |hash| format!("the root hash {hash}"));
    Some(Link {
        stage: format!("root filesystem, as the kernel is told: {}", device.unwrap_or("a device of the device mapper")),
        at: evidence(at),
        verified: if verity {
            format!("while it runs, block by block: dm-verity, {hash}")
        } else {
            "nothing on the kernel's command line".to_owned()
        },
        key: None,
        outcome: if verity { "asked for" } else { NOTHING },
        failure: if verity { "a block that was changed cannot be read" } else { "nothing is refused" }.to_owned(),
        rollback: "nothing seen".to_owned(),
    })
}

/// Are modules without a signature loaded?
fn modules(at: &Locator, config: &KernelConfig) -> Link {
    let is = |name: &str| config.options.iter().any(|option| option.name == name && option.value == "y");
    let (verified, outcome, failure) = match (is("MODULES"), is("MODULE_SIG_FORCE"), is("MODULE_SIG")) {
        (false, ..) => ("the kernel loads none", "asked for", "there is nothing to load"),
        (_, true, _) => ("when loaded, by keys built into the kernel", "asked for", "the module is not loaded"),
        (_, _, true) => (
            "when loaded, by keys built into the kernel; one that fails is loaded all the same",
            NOTHING,
            "the kernel is marked as tainted",
        ),
        _ => ("nothing", NOTHING, "nothing is refused"),
    };
    Link {
        stage: format!("modules of Linux {}", config.version),
        at: evidence(at),
        verified: verified.to_owned(),
        key: None,
        outcome,
        failure: failure.to_owned(),
        rollback: "nothing seen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use assay_core::{At, FactId, Sha256, facts::image::KernelOption};

    use super::*;

    fn fact(body: ImageFact) -> Fact {
        let locator = Locator { artifact: Sha256::of(b"x"), path: String::new(), at: At::Offset(0) };
        Fact { id: FactId(1), locator, producer: "test".into(), producer_version: 1, derived_from: Vec::new(), body: FactBody::Image(body) }
    }

    fn outcomes(bodies: Vec<ImageFact>) -> Vec<(&'static str, String)> {
        let facts: Vec<Fact> = bodies.into_iter().map(fact).collect();
        links(&facts).into_iter().map(|link| (link.outcome, link.verified)).collect()
    }

    fn hardware(name: &str, value: &str) -> ImageFact {
        ImageFact::Hardware { name: name.into(), value: value.into() }
    }

    #[test]
    fn verity_on_one_of_two_lines_counts() {
        let hash = "4".repeat(HASH);
        let dm = format!("root=/dev/dm-0 dm-mod.create=\"vroot,,,ro,0 1 verity 1 /dev/a /dev/b 4096 4096 9 9 sha256 {hash} 00\"");
        let seen = outcomes(vec![hardware("bootargs", "console=ttyPS0 root=/dev/mmcblk0p2"), hardware("bootargs", &dm)]);
        assert_eq!(seen.len(), 1);
        assert!(seen[0].0 == "asked for" && seen[0].1.contains(&hash), "{seen:?}");
        assert_eq!(outcomes(vec![hardware("bootargs", "root=/dev/mtdblock3")])[0].0, NOTHING);
        assert!(outcomes(vec![hardware("bootargs", "console=ttyS0")]).is_empty());
    }

    #[test]
    fn keys_that_are_required_and_modules_that_are_signed() {
        assert_eq!(outcomes(vec![hardware("boot-key", "dev sha256,rsa2048, required for conf")])[0].0, "asked for");
        assert_eq!(outcomes(vec![hardware("boot-key", "dev sha256,rsa2048, required for nothing")])[0].0, NOTHING);
        let config = |names: &[&str]| {
            let options = names.iter().map(|name| KernelOption { name: (*name).into(), value: "y".into(), line: 1 }).collect();
            ImageFact::KernelConfig(Box::new(KernelConfig { version: "6.1".into(), arch: "arm".into(), options }))
        };
        let outcome = |names: &[&str]| outcomes(vec![config(names)])[0].0;
        assert_eq!(outcome(&["MODULES", "MODULE_SIG"]), NOTHING);
        assert_eq!(outcome(&["MODULES", "MODULE_SIG_FORCE", "MODULE_SIG"]), "asked for");
        assert_eq!(outcome(&[]), "asked for");
    }
}
