//! What an image says it is: of several words on one field, the weightiest is taken, and of equals the one met first.

use assay_core::{
    Fact, FactBody,
    dossier::Identity,
    facts::{IdentityField, ImageFact},
};

/// The identity that `facts` add up to.
#[must_use]
pub fn identify(facts: &[Fact]) -> Identity {
    let best = |wanted: IdentityField| {
        let mut best: Option<(&str, u8)> = None;
        for fact in facts {
            if let FactBody::Image(ImageFact::Identity { field, value, weight }) = &fact.body
                && *field == wanted
                && best.is_none_or(|(_, most)| *weight > most)
            {
                best = Some((value, *weight));
            }
        }
        best.map(|(value, _)| value.to_owned())
    };
    Identity {
        maker: best(IdentityField::Maker),
        model: best(IdentityField::Model),
        platform: best(IdentityField::Platform),
        version: best(IdentityField::Version),
        built: best(IdentityField::Built),
        system: best(IdentityField::System),
        kernel: best(IdentityField::Kernel),
        toolchain: best(IdentityField::Toolchain),
    }
}
