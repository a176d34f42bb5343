//! What using an actuator amounts to, given what of it can be chosen.

use assay_core::{
    Effect,
    facts::code::{Actuator, ActuatorKind, Channel, Choice, Host, Manner},
    words::is_open_shell,
};

use super::choice::Say;

/// How the functions begin that put another program in the place of this one, or beside it: exec(3), fexecve(3), posix_spawn(3).
const EXECUTING: [&str; 3] = ["exec", "fexec", "posix_spawn"];

/// Characters by which a shell reads more than one word.
const SPECIAL: &[char] = &[';', '|', '&', '`', '$', '\n', '(', '<', '>'];

/// The effect; `None` where what can be chosen changes nothing that matters.
pub fn of(actuator: &Actuator, say: &Say) -> Option<Effect> {
    let data = say.manner == Manner::Data;
    let argument = actuator.argument.as_str();
    Some(match actuator.kind {
        ActuatorKind::Command => data.then_some(()).filter(|()| is_command(&say.choice)).map(|()| Effect::Execute)?,
        ActuatorKind::Program => return program(actuator, say),
        ActuatorKind::Code => {
            (data && matches!(say.choice, Choice::Free | Choice::Without(_) | Choice::Content)).then_some(Effect::Execute)?
        }
        ActuatorKind::Flash => Effect::ReplaceFirmware,
        ActuatorKind::BootConfig => {
            if data && matches!(say.choice, Choice::Free | Choice::Without(_) | Choice::Content) {
                Effect::Execute
            } else {
                Effect::Reconfigure
            }
        }
        ActuatorKind::Pool => Effect::RedirectWork,
        ActuatorKind::Config => Effect::Reconfigure,
        ActuatorKind::Account | ActuatorKind::Key | ActuatorKind::Sudo | ActuatorKind::Service | ActuatorKind::Access => {
            Effect::GrantPrivilege
        }
        ActuatorKind::Firewall if closes(argument) => Effect::Reconfigure,
        ActuatorKind::Firewall => Effect::GrantPrivilege,
        ActuatorKind::Gpio if argument.contains("/leds/") => return None,
        ActuatorKind::Gpio => Effect::Power,
        ActuatorKind::Voltage if is_free(&say.choice) => Effect::DamageHardware,
        ActuatorKind::Voltage => {
            if data {
                Effect::Reconfigure
            } else {
                Effect::Power
            }
        }
        // A fan that stands still is as good as none.
        ActuatorKind::Fan if is_free(&say.choice) || matches!(say.choice, Choice::Number { min: Some(..=0), .. }) => Effect::DamageHardware,
        ActuatorKind::Frequency if is_free(&say.choice) => Effect::DamageHardware,
        ActuatorKind::Fan | ActuatorKind::Frequency => Effect::Reconfigure,
        ActuatorKind::HashBoard => {
            if data {
                Effect::Reconfigure
            } else {
                Effect::StopMining
            }
        }
        ActuatorKind::Reboot => Effect::Reboot,
        ActuatorKind::Halt => Effect::StopMining,
        ActuatorKind::MainWork if argument.contains("watchdog") => Effect::Reboot,
        ActuatorKind::MainWork => Effect::StopMining,
        // A miner, all there is, or whichever the outside names. A process that nobody knows may be anybody's.
        ActuatorKind::StopProcess if is_miner(argument) || matches!(argument, "init" | "every process") => Effect::StopMining,
        ActuatorKind::StopProcess if data && argument.contains("{}") => Effect::StopMining,
        ActuatorKind::StopProcess => Effect::Reconfigure,
        ActuatorKind::Memory => Effect::CorruptMemory,
        ActuatorKind::File | ActuatorKind::Message => return None,
    })
}

fn program(actuator: &Actuator, say: &Say) -> Option<Effect> {
    let first = actuator.argument.split_whitespace().next().unwrap_or_default();
    if say.manner == Manner::Data {
        // The program itself is chosen; arguments of a fixed one are that program's matter.
        // Of a library's function the program is an argument; of a line of a script it is the name itself.
        let library = EXECUTING.iter().any(|name| actuator.name.starts_with(name));
        let chosen = first.contains("{}") && (library || (actuator.name.contains("{}") && !actuator.name.contains('/')));
        let wide = matches!(say.choice, Choice::Free | Choice::Without(_) | Choice::Content | Choice::Component);
        return (chosen && wide).then_some(Effect::Execute);
    }
    is_open_shell(actuator.argument.split_whitespace()).then_some(Effect::GrantPrivilege)
}

/// Can the text still hold a command of its own?
fn is_command(choice: &Choice) -> bool {
    match choice {
        Choice::Free => true,
        Choice::Without(set) => SPECIAL.iter().any(|letter| !set.contains(*letter)),
        // A set of letters is written as in a bracket expression; a shell's special characters have no other meaning in one.
        Choice::Only(set) => set.contains([';', '|', '&', '`', '\n', '<', '>']) || (set.contains('$') && set.contains('(')),
        _ => false,
    }
}

/// A number without both bounds, or text.
fn is_free(choice: &Choice) -> bool {
    match choice {
        Choice::Number { min, max } => min.is_none() || max.is_none(),
        Choice::Free | Choice::Content | Choice::Without(_) | Choice::Only(_) | Choice::Component => true,
        Choice::OneOf(_) | Choice::Whether => false,
    }
}

fn closes(rule: &str) -> bool {
    let drops = rule.contains("DROP") || rule.contains("REJECT");
    drops && !rule.contains("ACCEPT") && !rule.split_whitespace().any(|word| matches!(word, "-D" | "--delete"))
}

/// Programs that mine call themselves so; a pid file is named after its program.
pub fn is_miner(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("miner") || text.contains("mining") || text.contains("hashboard")
}

/// The host that a pool is changed to, where the code fixes it: then whoever sits there gains, whatever sets it off.
pub fn pool_host(actuator: &Actuator) -> Option<&Channel> {
    let to = actuator.to.as_ref().filter(|_| actuator.kind == ActuatorKind::Pool)?;
    matches!(to, Channel::Connected { host: Host::Fixed(name), .. } if !name.is_empty()).then_some(to)
}
