//! `assay code` for people: a listing of a program, or one function of it.

use std::fmt::{self, Write};

use assay_code::read::listing::{Address, BlockLines, ChannelLine, FunctionPage, Listing};
use assay_core::facts::{
    CodeFact,
    code::{Channel, Flow, Host, Manner},
};

use super::words::{grouped, kebab, read_of_code};

/// Characters of a text that are shown on its line.
const TEXT: usize = 100;

/// The whole listing, or the page of the function that was asked for.
pub fn render(listing: &Listing) -> String {
    let mut out = String::new();
    match &listing.function {
        Some(page) => function(&mut out, page),
        None => program(&mut out, listing),
    }
    out
}

fn program(out: &mut String, listing: &Listing) {
    let counts = &listing.coverage;
    let entry = listing.entry.map_or_else(String::new, |entry| format!(", starts at {entry}"));
    line(out, format_args!("{} program, {}, {} bytes{entry}", listing.processor, listing.kind, grouped(listing.size)));
    line(out, format_args!("{}", listing.artifact));
    if let Some(name) = &listing.soname {
        line(out, format_args!("library {name}"));
    }
    if !listing.needed.is_empty() {
        line(out, format_args!("needs {}", listing.needed.join(", ")));
    }
    line(out, format_args!("{}", read_of_code(counts.functions, counts.calls)));
    channels(out, "Listeners", &listing.listeners);
    channels(out, "Endpoints", &listing.endpoints);
    heading(out, "Flows and other facts", listing.facts.len());
    for placed in &listing.facts {
        line(out, format_args!("  {:<18} {}", placed.at.to_string(), fact(&placed.fact)));
    }
    heading(out, "Imports", listing.imports.len());
    for import in &listing.imports {
        let at = if import.stubs.is_empty() { &import.slots } else { &import.stubs };
        line(out, format_args!("  {:<12} {}", at.first().map(Address::to_string).unwrap_or_default(), import.name));
    }
    heading(out, "Functions", listing.functions.len());
    for one in &listing.functions {
        let name = one.name.as_deref().unwrap_or("-");
        line(out, format_args!("  {:<12} {:>7} {} {:<11} {name}", one.address.to_string(), one.size, one.mode, one.found_by));
    }
    heading(out, "Texts", listing.strings.len());
    for text in &listing.strings {
        line(out, format_args!("  {:<12} {}", text.address.to_string(), shortened(&text.text)));
    }
    heading(out, "Not read", listing.problems.len());
    for problem in &listing.problems {
        line(out, format_args!("  {}", problem.note));
    }
}

/// A line. Names of the program come into it, and none of them ends it.
fn line(out: &mut String, text: fmt::Arguments<'_>) {
    out.push_str(text.to_string().replace('\n', "\\n").trim_end());
    out.push('\n');
}

/// A heading, where anything is below it.
fn heading(out: &mut String, title: &str, lines: usize) {
    if lines > 0 {
        out.push('\n');
        line(out, format_args!("{title} ({})", grouped(lines as u64)));
    }
}

fn channels(out: &mut String, title: &str, lines: &[ChannelLine]) {
    heading(out, title, lines.len());
    for one in lines {
        let within = one.function.map_or_else(String::new, |function| format!(" in {function}"));
        line(out, format_args!("  {:<12} {}{within}", one.site.to_string(), channel(&one.channel)));
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.escape_debug().take(TEXT).collect();
    if text.chars().count() > TEXT {
        shown.push('…');
    }
    shown
}

/// A channel in words.
fn channel(channel: &Channel) -> String {
    match channel {
        Channel::Bound { transport, address, port } => {
            format!("{} {}", kebab(transport), end(address.as_deref().unwrap_or("address unknown"), *port))
        }
        Channel::Connected { transport, host, port } => format!("{} to {}", kebab(transport), end(&self::host(host), *port)),
        Channel::Cgi(part) => format!("request ({part})"),
        Channel::File(path) => format!("file {path}"),
        Channel::Output(command) => format!("output of {command}"),
        Channel::StandardInput => "standard input".to_owned(),
        Channel::Argument(number) => number.map_or_else(|| "arguments".to_owned(), |number| format!("argument {number}")),
        Channel::Environment(name) => format!("variable {name}"),
        Channel::Serial(device) => format!("serial line {device}"),
        Channel::Removable(path) => format!("removable medium {path}"),
        Channel::Clock => "the clock".to_owned(),
        Channel::Unknown => "somebody unknown".to_owned(),
    }
}

fn host(host: &Host) -> String {
    match host {
        Host::Fixed(name) => name.clone(),
        Host::Configured(file) => format!("a host from {file}"),
        Host::Told(by) => format!("a host told by {}", channel(by)),
        Host::Everyone => "everyone".to_owned(),
        Host::Unknown => "a host unknown".to_owned(),
    }
}

fn end(address: &str, port: Option<u16>) -> String {
    port.map_or_else(|| address.to_owned(), |port| format!("{address}:{port}"))
}

fn fact(fact: &CodeFact) -> String {
    match fact {
        CodeFact::Flow(flow) => self::flow(flow),
        CodeFact::Run(run) => {
            format!("runs {} (by {})", run.command.clone().unwrap_or_else(|| one_line(&run.program, &run.arguments)), run.through)
        }
        CodeFact::File { path, access } => format!("file {path} ({})", kebab(access)),
        CodeFact::Ordinary { what, by } => format!("{what} (by {by})"),
        CodeFact::Word { source, trigger, handlers } => {
            format!("word {:?} from {} leads to {}", trigger.value, channel(source), handlers.join(", "))
        }
        CodeFact::Disclosure(told) => format!("tells {:?} of {} to {}", told.what, told.from, channel(&told.to)),
        CodeFact::Excerpt { text } => text.clone(),
        CodeFact::Listener(other) | CodeFact::Endpoint(other) => channel(other),
    }
}

fn one_line(program: &str, arguments: &[String]) -> String {
    std::iter::once(program).chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn flow(flow: &Flow) -> String {
    let manner = match flow.manner {
        Manner::Data => "reaches",
        Manner::Control => "decides on",
    };
    let mut text =
        format!("{} {manner} {} {} ({})", channel(&flow.source), flow.actuator.name, flow.actuator.argument, kebab(flow.actuator.kind));
    let words: Vec<String> =
        flow.triggers.iter().map(|trigger| format!("{}{:?}", if trigger.fits { "" } else { "not " }, trigger.value)).collect();
    if !words.is_empty() {
        let _ = write!(text, ", where {}", words.join(" and "));
    }
    text
}

fn function(out: &mut String, page: &FunctionPage) {
    let own = &page.line;
    let name = own.name.as_deref().or(page.import.as_deref()).unwrap_or("without a name");
    line(out, format_args!("Function {} {name}: {} bytes, {}, found by {}", own.address, own.size, own.mode, own.found_by));
    if !own.returns {
        out.push_str("It does not come back.\n");
    }
    if let Some(import) = &page.import {
        line(out, format_args!("It leads to {import}, which is elsewhere."));
    }
    for (site, caller) in &page.callers {
        line(out, format_args!("called at {site} in {caller}"));
    }
    for block in &page.blocks {
        self::block(out, block);
    }
}

fn block(out: &mut String, block: &BlockLines) {
    out.push('\n');
    line(out, format_args!("{}:", block.address));
    for need in &block.needs {
        line(out, format_args!("  where {need}"));
    }
    for one in &block.instructions {
        line(out, format_args!("  {:<10} {:<8}  {:<40}  {}", one.address.to_string(), one.bytes, one.text, one.call()));
    }
    for edge in &block.edges {
        line(out, format_args!("  {} to {}", edge.by, edge.to));
    }
    for to in &block.tail_calls {
        line(out, format_args!("  jumps to the function {to}"));
    }
    match (block.returns, block.lost) {
        (_, true) => out.push_str("  jumps to an address that is not known\n"),
        (true, _) => out.push_str("  comes back\n"),
        _ => {}
    }
}
