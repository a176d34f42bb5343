//! Facts about packages, filesystems and single files.

mod access;
mod boot;
mod hardening;
mod kernel;
mod parts;
mod peers;
mod pools;
mod resolver;
mod texts;
mod web;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    firewall::{FirewallRule, Policy},
    hash::Sha256,
};

pub use access::{
    Account, AuthorizedKey, AuthorizedKeys, ConfigKind, Credential, Group, Password, PasswordState, Privilege, RootLogin, Secret,
    SecretKind, Service, SshServer,
};
pub use boot::{BootSetting, BootStep, InitKind, Phase, Starter};
pub use hardening::{ElfKind, Hardening, Relro};
pub use kernel::{KernelConfig, KernelOption};
pub use parts::{Part, PartKind, PartSign};
pub use peers::{ConfiguredPeer, PeerKind};
pub use pools::{Pool, PoolPlace};
pub use resolver::{NameKind, NameSetting};
pub use texts::{KnownText, TextPlace};
pub use web::{CgiProgram, CgiRule, UrlPattern, WebAuth, WebDoor, WebListen, WebServer};

/// What was seen in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageFact {
    /// A package that a machine installs.
    Package {
        /// Name of the layout: `bmu`, `bitmain-tar`, `aup`, …
        layout: String,
        /// Does the layout have a place for a signature at all?
        signature_field: bool,
        /// Does this package fill it?
        signed: bool,
    },
    /// A checksum or hash that the format carries, recomputed.
    Checksum {
        /// The specification's name of the field.
        name: String,
        /// `CRC-32`, `SHA-256`, …
        algorithm: String,
        /// Start and length of the bytes it covers.
        covers: (u64, u64),
        /// The value in the file, hexadecimal.
        stated: String,
        /// The value computed from the bytes, hexadecimal.
        computed: String,
        /// Are they equal?
        ok: bool,
    },
    /// A signature, checked or not.
    Signature {
        /// What it covers, in the package's own words: `miner.pem`, `package`, …
        over: String,
        /// Scheme, for example `RSA-2048 PKCS#1 v1.5 SHA-256`.
        scheme: String,
        /// Outcome.
        state: SignatureState,
        /// SHA-256 of the DER (`SubjectPublicKeyInfo`) of the key that validates it, or that should and does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Sha256>,
        /// Where that key is.
        place: KeyPlace,
        /// Trail to the key, or the name of the known key; empty where there is none.
        key_path: String,
    },
    /// A public or private key.
    Key {
        /// SHA-256 of the DER of its `SubjectPublicKeyInfo`; absent where the public part cannot be computed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Sha256>,
        /// `RSA`, `EC P-256`, `Ed25519`, …
        algorithm: String,
        /// Size in bits, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bits: Option<u32>,
        /// Is it the private half?
        private: bool,
        /// Is it protected by a password?
        encrypted: bool,
    },
    /// An X.509 certificate (RFC 5280).
    Certificate {
        /// Distinguished name of the subject (RFC 4514).
        subject: String,
        /// Distinguished name of the issuer.
        issuer: String,
        /// First day, `YYYY-MM-DD`.
        not_before: String,
        /// Last day, `YYYY-MM-DD`.
        not_after: String,
        /// SHA-256 of the DER of its public key.
        key: Sha256,
        /// What its issuer signed it with: `RSA SHA-256`, `Ed25519`, the number where the name is not known.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        signed_with: String,
        /// Does it say that its key may sign other certificates?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        authority: bool,
    },
    /// A payload that is encrypted.
    Encrypted {
        /// What it is.
        what: String,
        /// The scheme, where the format names it; how it was recognised otherwise.
        scheme: String,
    },
    /// A word about what the machine is.
    Identity {
        /// Which word.
        field: IdentityField,
        /// The word.
        value: String,
        /// How much it weighs against others of the same field: a package's own field 100, a build file 60, a string 30.
        weight: u8,
    },
    /// Something a well-behaved tool does not write.
    Anomaly {
        /// Which.
        kind: Anomaly,
        /// About what: the name, the field; escaped.
        subject: String,
    },
    /// A partition of flash or disk, as a table or a device tree describes it.
    Partition {
        /// Device or table it belongs to.
        table: String,
        /// Label.
        name: String,
        /// First byte on the device.
        start: u64,
        /// Length in bytes.
        len: u64,
    },
    /// A property of the hardware that a device tree or boot header states.
    Hardware {
        /// `model`, `compatible`, `memory`, `bootargs`, `load-address`, …
        name: String,
        /// Its value.
        value: String,
    },
    /// A step of the boot chain and what its header asks for.
    Boot(BootStage),
    /// What a package reserves a place for and does not examine here: an FPGA bitstream, a microcontroller's code.
    NotExamined {
        /// What it is.
        what: String,
        /// Why.
        why: String,
    },
    /// The program that a kernel hands the system to.
    Init {
        /// Its kind.
        kind: InitKind,
        /// The file, after links.
        program: String,
    },
    /// A program that the system starts.
    BootStep(Box<BootStep>),
    /// One program under several names, by which it may act.
    ManyNames {
        /// The file.
        program: String,
        /// Every path that leads to it, sorted.
        names: Vec<String>,
    },
    /// A web server.
    WebServer(Box<WebServer>),
    /// What a web server asks at some URLs. Derived from the server.
    WebDoor(Box<WebDoor>),
    /// A program behind a web server. Derived from the server and the door before it.
    CgiProgram(CgiProgram),
    /// A line of a web server's password file. Derived from the doors that use it.
    Credential(Credential),
    /// An account.
    Account(Box<Account>),
    /// A right that `sudo` gives.
    Privilege(Privilege),
    /// An SSH server.
    SshServer(SshServer),
    /// Keys that open an account.
    AuthorizedKeys(AuthorizedKeys),
    /// A service that waits for others by configuration.
    Service(Box<Service>),
    /// What a firewall does with what no rule fits.
    FirewallPolicy(Policy),
    /// A rule of a firewall, in its order.
    FirewallRule(Box<FirewallRule>),
    /// A file of settings, at a place where owners edit them.
    ConfigFile {
        /// Path.
        path: String,
        /// How it was recognised.
        kind: ConfigKind,
        /// Names of its sections or values, the first of them: what it is about.
        names: Vec<String>,
    },
    /// A group with members.
    Group(Group),
    /// A password, token or key in a file of settings or a script.
    Secret(Secret),
    /// A variable of a boot loader.
    BootSetting(BootSetting),
    /// What a boot loader says when it checks something: that it can check, by its texts alone.
    BootCheck {
        /// The text.
        text: String,
    },
    /// A part that comes from elsewhere.
    Part(Box<Part>),
    /// How a program was compiled and linked.
    Hardening(Box<Hardening>),
    /// A text that rules of known behaviours look for.
    KnownText(Box<KnownText>),
    /// A pool that settings or a program name.
    Pool(Box<Pool>),
    /// A setting of names and name servers.
    NameSetting(NameSetting),
    /// What a kernel was configured to be.
    KernelConfig(Box<KernelConfig>),
    /// A host that a file of settings names.
    ConfiguredPeer(ConfiguredPeer),
}

/// A step of the boot chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootStage {
    /// Name of the stage or partition.
    pub name: String,
    /// Does its header ask for authentication? Whether the chip enforces it cannot be seen in an image.
    pub authenticated: bool,
    /// Does its header say that it is encrypted?
    pub encrypted: bool,
    /// Load address, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<u64>,
    /// Entry address, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
}

/// Outcome of a signature's check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// The key validates it.
    Valid,
    /// The key that should validate it does not.
    Invalid,
    /// No key that could validate it is known.
    NoKey,
    /// The scheme is not one this version checks, or the signature is cut off.
    NotChecked,
}

/// Where a signing key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPlace {
    /// Known from elsewhere (`rules/unpack/keys`), whether or not a copy is in the image.
    Known,
    /// Only inside the same image: whoever made the image could have made the key.
    InImage,
    /// Nowhere that was looked at.
    Nowhere,
}

/// What a word says about a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityField {
    /// Who made it.
    Maker,
    /// Line or model.
    Model,
    /// Control board or chip.
    Platform,
    /// Version of the firmware.
    Version,
    /// Day or time of the build.
    Built,
    /// Distribution or build system that the rest of it comes from, with its version.
    System,
    /// Version of the kernel.
    Kernel,
    /// Compiler and its version.
    Toolchain,
    /// The maker's own name for the kind of package or board.
    SubType,
}

/// Something a well-behaved tool does not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Anomaly {
    /// A name that leads out of the tree (`..`, absolute).
    NameEscapes,
    /// Two entries of one name.
    DuplicateName,
    /// A directory that contains itself, an inode of two directories.
    Cycle,
    /// Two statements of one size that differ.
    SizeMismatch,
    /// Two things that claim the same bytes.
    Overlap,
    /// An entry under a name that is a link.
    ThroughLink,
    /// Two versions of one thing that both claim to be current.
    AmbiguousVersion,
    /// A bad block or an uncorrectable page.
    BadBlock,
    /// A stream that contains itself.
    SelfReference,
    /// A hash in a header does not fit the name it should be the hash of.
    NameHashMismatch,
}
