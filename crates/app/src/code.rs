//! `assay code`: one executable, function by function.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use assay_code::read::listing::{Listing, ListingError};
use assay_core::escape::visible_json;

use crate::{
    Exit, Failure,
    cli::{self, Code, Format},
    inputs, render,
    sandbox::{self, protocol::List},
};

/// `assay code`.
pub fn code_command(options: &Code) -> Result<Exit, Failure> {
    let limits = inputs::limits(&options.opening)?;
    let path = &options.file;
    let file = open(path).map_err(|error| Failure::new(Exit::Unreadable, format!("{}: {error}", path.display())))?;
    let request = List { limits, threads: options.opening.threads(), function: options.function.clone() };
    let listed = sandbox::list(&file, &request, !options.opening.no_sandbox).map_err(|error| inputs::failure(path, &error))?;
    let listing = listed.map_err(|error| refused(path, options.function.as_deref(), &error))?;
    match options.format {
        Format::Json => cli::print(&json(&listing)?)?,
        Format::Text => cli::print_visible(&render::code::render(&listing))?,
    }
    Ok(if listing.is_whole() { Exit::Done } else { Exit::Cut })
}

/// An ordinary file: there is nothing to list in anything else.
fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file; `assay vet` reads directories"));
    }
    File::open(path)
}

fn json(listing: &Listing) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(listing).map_err(|error| Failure::new(Exit::Unreadable, error.to_string()))?;
    Ok(visible_json(&text).into_owned() + "\n")
}

fn refused(path: &Path, function: Option<&str>, error: &ListingError) -> Failure {
    let path = path.display();
    match error {
        ListingError::Malformed(why) => Failure::new(Exit::Unreadable, format!("{path}: not an ELF program that could be loaded: {why}")),
        ListingError::Unsupported(what) => Failure::new(Exit::Unreadable, format!("{path}: an ELF file that is not read: {what}")),
        ListingError::Broken(why) => Failure::new(Exit::Unreadable, format!("{path}: {why}")),
        ListingError::NoFunction => {
            let wanted = function.unwrap_or_default();
            Failure::new(Exit::Usage, format!("{path}: no function is called {wanted} or has code there; an address is written 0x…"))
        }
    }
}
