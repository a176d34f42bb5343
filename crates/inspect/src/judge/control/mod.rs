//! Detectors that bear on `control`.

use super::Detector;

mod authorized_key;
mod boot_door;
mod default_password;
mod firmware_replace;
mod hardcoded_credential;
mod hidden_command;
mod known_behaviour;
mod memory_unsafe_input;
mod name_override;
mod pool_override;
mod privilege_grant;
mod remote_exec;
mod remote_reconfigure;
mod remote_stop;
mod setuid_file;
mod signature_fails_open;
mod sudo_escalation;
mod third_party_payment;
mod unauthenticated_listener;
mod world_writable_executable;

/// The rule that names what no other finding names.
pub(super) const KNOWN: &str = known_behaviour::DETECTOR.id;

pub(super) static DETECTORS: &[Detector] = &[
    authorized_key::DETECTOR,
    boot_door::DETECTOR,
    default_password::DETECTOR,
    firmware_replace::DETECTOR,
    hardcoded_credential::DETECTOR,
    hidden_command::DETECTOR,
    known_behaviour::DETECTOR,
    memory_unsafe_input::DETECTOR,
    name_override::DETECTOR,
    pool_override::DETECTOR,
    privilege_grant::DETECTOR,
    remote_exec::DETECTOR,
    remote_reconfigure::DETECTOR,
    remote_stop::DETECTOR,
    setuid_file::DETECTOR,
    signature_fails_open::DETECTOR,
    sudo_escalation::DETECTOR,
    third_party_payment::DETECTOR,
    unauthenticated_listener::DETECTOR,
    world_writable_executable::DETECTOR,
];
