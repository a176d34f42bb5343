//! What a fact says, apart from where it stands: a kind and a sentence by which two builds can be compared.

use assay_core::{
    Fact, FactBody,
    facts::{
        CodeFact, ImageFact,
        code::{Flow, Manner},
    },
};

use super::{is_about, is_flow};
use crate::resolve::channel_words;

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Flows stand before everything else.
    rank: u8,
    /// Kind of fact.
    pub kind: &'static str,
    /// In words.
    pub words: String,
}

/// What `fact` says; none for what only describes others.
pub fn said(fact: &Fact) -> Option<Said> {
    if is_about(fact) {
        return None;
    }
    let (kind, words) = match &fact.body {
        FactBody::Code(code) => of_code(code)?,
        FactBody::Image(image) => of_image(image)?,
        _ => return None,
    };
    Some(Said { rank: u8::from(!is_flow(fact)), kind, words })
}

fn of_code(fact: &CodeFact) -> Option<(&'static str, String)> {
    Some(match fact {
        CodeFact::Flow(flow) => ("flow", flow_words(flow)),
        CodeFact::Disclosure(told) => ("disclosure", format!("{:?} from {} to {}", told.what, told.from, channel_words(&told.to))),
        CodeFact::Listener(channel) => ("listener", channel_words(channel)),
        CodeFact::Endpoint(channel) => ("endpoint", channel_words(channel)),
        CodeFact::Run(run) => ("command", run.command.clone().unwrap_or_else(|| format!("{} {}", run.program, run.arguments.join(" ")))),
        CodeFact::Ordinary { what, .. } => ("ordinary", what.clone()),
        CodeFact::File { .. } | CodeFact::Word { .. } | CodeFact::Excerpt { .. } => return None,
    })
}

fn flow_words(flow: &Flow) -> String {
    let how = match flow.manner {
        Manner::Data => "reaches",
        Manner::Control => "decides",
    };
    let words: Vec<&str> = flow.triggers.iter().map(|trigger| trigger.value.as_str()).collect();
    let with = if words.is_empty() { String::new() } else { format!(", with {}", words.join(", ")) };
    let checks: Vec<String> = flow.checks.iter().map(|check| format!("{:?} {} {:?}", check.kind, check.detail, check.enforced)).collect();
    let behind = if checks.is_empty() { String::new() } else { format!(", behind {}", checks.join("; ")) };
    format!("{} {how} {} {}{with}{behind}", channel_words(&flow.source), flow.actuator.name, flow.actuator.argument)
}

fn of_image(fact: &ImageFact) -> Option<(&'static str, String)> {
    Some(match fact {
        ImageFact::Account(account) => {
            ("account", format!("{} ({:?}), shell {}", account.name, account.password.state, account.shell.as_deref().unwrap_or_default()))
        }
        ImageFact::Credential(one) => ("web login", format!("{} ({:?})", one.user, one.password.state)),
        ImageFact::Privilege(one) => {
            let password = if one.no_password { "without a password" } else { "with a password" };
            ("sudo rule", format!("{} as {}, {password}: {}", one.users.join(", "), one.run_as.join(", "), one.commands.join(", ")))
        }
        ImageFact::AuthorizedKeys(keys) => {
            let keys: Vec<&str> = keys.keys.iter().map(|key| key.fingerprint.as_str()).collect();
            ("authorized keys", keys.join(", "))
        }
        ImageFact::Key { fingerprint, algorithm, private, .. } => {
            let half = if *private { "private" } else { "public" };
            ("key", format!("{half} {algorithm} {}", fingerprint.map(|digest| digest.to_string()).unwrap_or_default()))
        }
        ImageFact::Certificate { subject, not_after, key, .. } => ("certificate", format!("{subject}, to {not_after}, key {key}")),
        ImageFact::Signature { over, state, key, .. } => {
            ("signature", format!("over {over}: {state:?}, key {}", key.map(|key| key.to_string()).unwrap_or_default()))
        }
        ImageFact::BootStep(step) => {
            ("start", format!("{}: {} {}", step.name, step.program, step.command.clone().unwrap_or_else(|| step.arguments.join(" "))))
        }
        ImageFact::SshServer(server) => ("SSH server", format!("{} root {:?}, password {}", server.kind, server.root, server.password)),
        ImageFact::WebServer(server) => ("web server", format!("{} {}", server.kind, server.document_root.as_deref().unwrap_or_default())),
        ImageFact::WebDoor(door) => ("web door", format!("{:?} asks {:?}", door.url, door.method)),
        ImageFact::CgiProgram(cgi) => ("web program", format!("{} ({:?})", cgi.url, cgi.method)),
        ImageFact::Service(service) => ("service", format!("{} {}", service.name, channel_words(&service.channel))),
        ImageFact::FirewallPolicy(policy) => ("firewall", format!("{policy:?}")),
        ImageFact::FirewallRule(rule) => ("firewall", format!("{rule:?}")),
        ImageFact::Group(group) => ("group", format!("{}: {}", group.name, group.members.join(", "))),
        ImageFact::Secret(secret) => ("secret", format!("{} {}", secret.name, secret.digest)),
        ImageFact::BootSetting(setting) => ("boot setting", format!("{}={}", setting.name, setting.value)),
        ImageFact::Boot(stage) => ("boot stage", format!("{}, asks for authentication: {}", stage.name, stage.authenticated)),
        ImageFact::Part(part) => ("part", format!("{} {}", part.name, part.version.as_deref().unwrap_or_default())),
        ImageFact::Partition { name, start, len, .. } => ("partition", format!("{name} {start:#x}+{len:#x}")),
        ImageFact::Hardware { name, value } => ("hardware", format!("{name} {value}")),
        ImageFact::Package { layout, signed, .. } => ("package", format!("{layout}, signed: {signed}")),
        ImageFact::ConfigFile { kind, names, .. } => ("settings", format!("{kind:?}: {}", names.join(", "))),
        ImageFact::Encrypted { what, scheme } => ("encrypted", format!("{what} ({scheme})")),
        ImageFact::Anomaly { kind, subject } => ("anomaly", format!("{kind:?} {subject}")),
        ImageFact::Init { program, .. } => ("init", program.clone()),
        ImageFact::Hardening(one) => ("hardening", format!("{:?}, relro {:?}, nx {}, canary {}", one.kind, one.relro, one.nx, one.canary)),
        ImageFact::Pool(pool) => ("pool", format!("{} {}", pool.url, pool.user.as_deref().unwrap_or_default())),
        ImageFact::NameSetting(one) => ("name setting", format!("{:?} {} {}", one.kind, one.names.join(" "), one.value)),
        ImageFact::KnownText(text) => ("known text", text.text.clone()),
        ImageFact::KernelConfig(config) => {
            let options: Vec<String> = config.options.iter().map(|option| format!("{}={}", option.name, option.value)).collect();
            let digest = assay_core::Sha256::of(options.join("\n").as_bytes());
            ("kernel settings", format!("Linux {} for {}, {} options set ({digest})", config.version, config.arch, options.len()))
        }
        ImageFact::ConfiguredPeer(peer) => ("named host", format!("{:?} {} {:?}", peer.kind, peer.host, peer.port)),
        ImageFact::NotExamined { .. }
        | ImageFact::BootCheck { .. }
        | ImageFact::ManyNames { .. }
        | ImageFact::Checksum { .. }
        | ImageFact::Identity { .. } => return None,
    })
}
