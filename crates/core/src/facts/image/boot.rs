//! How the system starts programs: at boot, again and again, at a time, for an event, for a visitor, at a login, at the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One program that the system's configuration starts. What a script among them does inside is not told here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootStep {
    /// Place among all steps of this root, from 1, in the order in which they begin as far as the configuration fixes one.
    pub order: u32,
    /// When it runs.
    pub phase: Phase,
    /// Which part of the system starts it.
    pub by: Starter,
    /// What that part calls it: the id of a line, the name of a unit or script.
    pub name: String,
    /// The program as written.
    pub program: String,
    /// The file that this is, after links; absent where the image has none of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// Would it start: is it there, and executable where it must be?
    pub runnable: bool,
    /// Its arguments, as far as quotes alone decide them; of several commands on a line, those of the first.
    pub arguments: Vec<String>,
    /// The whole command where a shell reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The account it runs as, where that is written; `root` else, as the system's first program does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Variables set for it, `NAME=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    /// What must be so for it to run, in the words of its configuration: a run level, a calendar, an event, a condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Terminal it is given, where it is given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
}

/// When a program is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Once, while the system comes up.
    Boot,
    /// While the system comes up, and again whenever it ends.
    Respawn,
    /// At a time.
    Timer,
    /// When something happens: a device, a cable, a lease, a key, another run level.
    Event,
    /// When somebody connects.
    Request,
    /// When somebody logs in.
    Login,
    /// While the system goes down.
    Shutdown,
}

/// Part of the system that starts programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Starter {
    /// The kernel.
    Kernel,
    /// `/etc/inittab`, or what init does without one.
    Inittab,
    /// Numbered scripts.
    Scripts,
    /// `/etc/rc.local`.
    RcLocal,
    /// `OpenWrt`'s numbered scripts.
    Procd,
    /// A unit.
    Systemd,
    /// A table of times.
    Cron,
    /// `/etc/mdev.conf`.
    Mdev,
    /// Scripts under a hotplug directory, or the kernel's helper.
    Hotplug,
    /// A rule of udev.
    Udev,
    /// Scripts and lines around network interfaces.
    Network,
    /// `inetd` or `xinetd`.
    Inetd,
    /// A login shell's profile.
    Profile,
}

/// Kind of the first program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InitKind {
    /// System V init.
    Sysvinit,
    /// The init of `BusyBox`.
    Busybox,
    /// systemd.
    Systemd,
    /// `OpenWrt`'s procd.
    Procd,
    /// A script.
    Script,
    /// Another program.
    Other,
}

/// A variable of a boot loader's environment: what it does unless somebody says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootSetting {
    /// Name: `bootcmd`, `bootargs`, `bootdelay`, …
    pub name: String,
    /// Value, as written.
    pub value: String,
    /// Is it of an environment that is kept in flash and can be changed there, or one that is part of the loader?
    pub saved: bool,
}
