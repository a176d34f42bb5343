//! Effects and holders in words, the same ones in titles, tables and answers.

use assay_core::{Authorisation, Effect, Holder, HolderKind};

/// What can be done, after "can".
pub(crate) const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Execute => "run commands",
        Effect::ReplaceFirmware => "replace the firmware",
        Effect::StopMining => "stop mining",
        Effect::Reboot => "restart the machine",
        Effect::Power => "switch or change the power",
        Effect::Reconfigure => "change settings",
        Effect::RedirectWork => "redirect the work",
        Effect::GrantPrivilege => "gain rights",
        Effect::WriteFile => "write files",
        Effect::CorruptMemory => "write beyond memory",
        Effect::DamageHardware => "damage the hardware",
        Effect::Disclose => "learn about the machine",
    }
}

/// Who holds it, at the beginning of a sentence.
pub(crate) fn holder(holder: &Holder, authorised: &[Authorisation]) -> String {
    let detail = holder.detail.as_str();
    match holder.who {
        HolderKind::FixedRemote => format!("{detail}, which is fixed in the code,"),
        HolderKind::AnyRemote => "Any host that the machine can be made to talk to".into(),
        HolderKind::LanUnauthenticated if authorised.contains(&Authorisation::DefaultPassword) => {
            "Anybody on the network who knows a constant of the code".into()
        }
        HolderKind::LanUnauthenticated => "Anybody on the network".into(),
        HolderKind::LanAuthenticated if authorised.contains(&Authorisation::DefaultPassword) => {
            "Anybody on the network who knows the default password".into()
        }
        HolderKind::LanAuthenticated => "Whoever passes the login".into(),
        HolderKind::KeyHolder if detail.is_empty() => "The holder of the signing key".into(),
        HolderKind::KeyHolder => format!("The holder of {detail}"),
        HolderKind::SiteManagement if detail.is_empty() => "The host of the owner's configuration".into(),
        HolderKind::SiteManagement => format!("The host that {detail} names"),
        HolderKind::Owner => "The owner".into(),
        HolderKind::Loopback => "A program on the machine itself".into(),
        HolderKind::Physical => "Somebody at the machine".into(),
        HolderKind::Undetermined => format!("Somebody who could not be told ({detail})"),
    }
}
