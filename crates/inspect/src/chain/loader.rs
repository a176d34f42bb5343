//! What a boot loader does by its environment: which variables run, which media they read, and whether somebody at the console is heard.
//!
//! **Source**: U-Boot documentation, "Environment Variables", "Autoboot", commands `run`, `load`, `bootm`, `env import`.
//!
//! **Limitations**: the commands are read as words: what a condition keeps from running counts as running.

use std::collections::BTreeMap;

use assay_core::{
    Fact, FactBody, Locator,
    facts::{ImageFact, image::BootSetting},
};

use super::Link;
use crate::tables::evidence;

/// Variables followed from one start.
const MOST: usize = 500;

/// A boot loader with its variables.
#[derive(Default)]
pub struct Loader<'a> {
    settings: BTreeMap<&'a str, (&'a Locator, &'a BootSetting)>,
    checks: Vec<(&'a Locator, &'a str)>,
}

/// A medium that the loader takes the next stage, or its own settings, from.
pub struct Medium<'a> {
    /// `SD card`, `USB`, `network`, `USB as a device`.
    pub what: &'static str,
    /// The variable that says so.
    pub at: &'a Locator,
    /// Its name and value.
    pub setting: &'a BootSetting,
    /// Does it run by itself? Else something chooses it while the machine starts: pins, a command.
    pub automatic: bool,
    /// What is checked of it, in words.
    pub checks: String,
}

/// Words of commands, and the medium that they are about.
const MEDIA: [(&str, &[&str]); 4] = [
    ("SD card or eMMC", &["load mmc", "fatload mmc", "ext4load mmc", "ext2load mmc", "mmcinfo", "test -e mmc"]),
    ("USB stick", &["usb start", "load usb", "fatload usb", "usb reset"]),
    ("network", &["tftpboot", "tftp ", "dhcp", "nfs ", "pxe "]),
    ("USB as a device", &["dfu ", "thordown", "fastboot"]),
];

impl<'a> Loader<'a> {
    /// The loader of one input. A variable that was saved stands before the one that is built in.
    pub fn of(facts: &'a [Fact]) -> Self {
        let mut loader = Self::default();
        for fact in facts {
            match &fact.body {
                FactBody::Image(ImageFact::BootSetting(setting)) => {
                    let known = loader.settings.get(setting.name.as_str());
                    if known.is_none_or(|(_, known)| setting.saved || !known.saved) {
                        loader.settings.insert(&setting.name, (&fact.locator, setting));
                    }
                }
                FactBody::Image(ImageFact::BootCheck { text }) => loader.checks.push((&fact.locator, text)),
                _ => {}
            }
        }
        loader
    }

    /// A text by which the loader says that it checks a stage of that name.
    pub fn checks(&self, stage: &str) -> Option<&'a str> {
        let lower = stage.to_ascii_lowercase();
        let words: &[&str] = match () {
            () if lower.contains("linux") || lower.contains("kernel") || lower.contains("uimage") => &["kernel"],
            () if lower.contains("fs") || lower.contains("ramdisk") || lower.contains("root") => &["fs ", "rootfs", "ramdisk"],
            () if lower.contains("dtb") || lower.contains("tree") => &["fdt", "dtb"],
            () => return None,
        };
        self.checks.iter().map(|(_, text)| *text).find(|text| {
            let text = text.to_ascii_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.settings.get(name).map(|(_, setting)| setting.value.as_str())
    }

    /// Where a variable stands.
    pub fn place(&self, name: &str) -> Option<&'a Locator> {
        self.settings.get(name).map(|(at, _)| *at)
    }

    /// Variables that run by themselves, and whether one of them lets something else choose what runs.
    fn automatic(&self) -> (Vec<&'a str>, bool) {
        let (mut open, mut reached, mut chosen) = (vec!["preboot", "bootcmd", "altbootcmd"], Vec::new(), false);
        while let Some(name) = open.pop() {
            let Some((_, setting)) = self.settings.get(name) else { continue };
            if reached.contains(&setting.name.as_str()) || reached.len() >= MOST {
                continue;
            }
            reached.push(&setting.name);
            let words: Vec<&str> = setting.value.split([' ', ';', '\t', '"']).filter(|word| !word.is_empty()).collect();
            for pair in words.windows(2).filter(|pair| pair[0] == "run") {
                match pair[1].strip_prefix('$') {
                    Some(_) => chosen = true,
                    None => open.push(pair[1]),
                }
            }
        }
        (reached, chosen)
    }

    /// Every medium that a variable reads from.
    pub fn media(&self) -> Vec<Medium<'a>> {
        let (automatic, _) = self.automatic();
        // Settings that are taken over from a medium are the loader's own from then on.
        let imports = |names: &[&str]| names.iter().any(|name| self.get(name).is_some_and(|value| value.contains("env import")));
        let imported = imports(&automatic);
        let mut found: Vec<Medium> = Vec::new();
        for (name, (at, setting)) in &self.settings {
            for (what, _) in MEDIA.iter().filter(|(_, words)| words.iter().any(|word| setting.value.contains(word))) {
                let automatic = automatic.contains(name);
                match found.iter_mut().find(|known| known.what == *what) {
                    // What runs by itself is the one to tell.
                    Some(known) if !automatic || known.automatic => {}
                    Some(known) => (known.at, known.setting, known.automatic) = (at, setting, true),
                    None => found.push(Medium { what, at, setting, automatic, checks: String::new() }),
                }
            }
        }
        for medium in &mut found {
            medium.checks = if medium.automatic && imported {
                "nothing: settings are taken over as they are".to_owned()
            } else {
                self.checked(&medium.setting.value)
            };
        }
        found
    }

    /// What is checked of what a variable loads.
    fn checked(&self, value: &str) -> String {
        if value.contains("zynqrsa") {
            return "the boot image's RSA certificates".to_owned();
        }
        let verify = self.get("verify").is_some_and(|value| value.starts_with(['n', '0']));
        if verify { "nothing: `verify` is off".to_owned() } else { "the image headers' checksums, as far as the variables say".to_owned() }
    }

    /// Seconds in which a key at the console stops the start; none where the loader does not listen.
    pub fn listens(&self) -> Option<(i64, &'a Locator)> {
        let delay = self.get("bootdelay")?.trim().parse::<i64>().ok()?;
        (delay >= 0).then_some((delay, self.place("bootdelay")?))
    }

    /// The environment as a link of the chain.
    pub fn link(&self) -> Option<Link> {
        let (at, setting) = self.settings.get("bootcmd").or_else(|| self.settings.values().next())?;
        let (_, chosen) = self.automatic();
        let verified = if setting.saved {
            "its checksum alone: whoever can write the flash can change it"
        } else {
            "with the loader that it is part of"
        };
        Some(Link {
            stage: format!(
                "boot loader settings: {} variables, bootcmd “{}”",
                self.settings.len(),
                short(self.get("bootcmd").unwrap_or_default())
            ),
            at: evidence(at),
            verified: verified.to_owned(),
            key: None,
            outcome: if setting.saved { "not signed" } else { "as the loader" },
            failure: if chosen {
                "which variable runs is chosen while the machine starts".to_owned()
            } else {
                "the built-in settings are taken".to_owned()
            },
            rollback: match (self.get("bootlimit"), self.get("upgrade_available")) {
                (Some(limit), _) => format!("after {limit} failed starts the other copy starts; an older version is not kept out by that"),
                (None, Some(_)) => "a failed start is counted; an older version is not kept out by that".to_owned(),
                (None, None) => "nothing seen".to_owned(),
            },
        })
    }
}

/// The start of a long value.
pub fn short(value: &str) -> String {
    if value.chars().count() <= 60 { value.to_owned() } else { format!("{}…", value.chars().take(60).collect::<String>()) }
}
