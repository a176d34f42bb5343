//! Renderings of a dossier: a page, SARIF, CycloneDX, and a summary for the terminal; and of a program's listing. They judge nothing and add
//! nothing.
//!
//! **Nothing hidden leaves a rendering.** Names are escaped where they are read; notes, titles and excerpts are words of an input too.
//! Each rendering passes all of its text through [`assay_core::escape::visible`] in one place, so that no terminal sequence, no
//! bidirectional override and no zero-width character of an input reaches a reader as anything but `\xNN`.

pub mod code;
pub mod cyclonedx;
pub mod html;
pub mod pages;
pub mod remediation;
pub mod sarif;
pub mod terminal;
pub mod words;
