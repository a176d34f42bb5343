//! For whom the machine works, as far as settings, scripts, texts and code say; and who answers for names.

use assay_core::{
    Cell, Control, Effect, Fact, FactBody, HolderKind, Question, Table,
    facts::{
        ImageFact,
        image::{NameKind, Pool, PoolPlace},
    },
};

use super::{code::table, evidence};
use crate::{domains, judge::for_reading};

/// Pools and fees, and settings of names.
pub(crate) fn tables(facts: &[Fact], controls: &[Control]) -> [Table; 2] {
    let (mut pools, mut names) = (Vec::new(), Vec::new());
    for fact in facts {
        let FactBody::Image(image) = &fact.body else { continue };
        let file: Cell = fact.locator.path.rsplit('!').next().unwrap_or_default().into();
        let at = vec![evidence(&fact.locator)];
        match image {
            ImageFact::Pool(pool) => {
                let known = domains::of(&pool.host).map(|domain| domain.name.as_str());
                let cells = vec![
                    file,
                    pool.url.as_str().into(),
                    pool.user.as_deref().into(),
                    kind(pool, &fact.locator.path).into(),
                    pool.share.as_deref().into(),
                    known.into(),
                    pool.name.as_str().into(),
                ];
                pools.push((cells, at));
            }
            ImageFact::NameSetting(setting) => {
                let says = match setting.kind {
                    NameKind::Hosts => "address",
                    NameKind::Answer => "address, also of names below",
                    NameKind::Server => "asked of a server of its own",
                    NameKind::Resolver => "every name is asked of",
                    NameKind::Order => "order in which names are looked up",
                };
                let own = setting.own.join(" ");
                names.push((vec![file, setting.names.join(" ").into(), says.into(), setting.value.as_str().into(), own.into()], at));
            }
            _ => {}
        }
    }
    for control in controls.iter().filter(|control| control.effect == Effect::RedirectWork) {
        let Some(last) = control.path.last() else { continue };
        let (url, kind) = match control.holder.who {
            HolderKind::FixedRemote => (control.holder.detail.as_str(), "the code works for it, or takes the pool from it"),
            _ => continue,
        };
        let host = url.rsplit_once(':').map_or(url, |(host, _)| host);
        let known = domains::of(host).map(|domain| domain.name.as_str());
        let file: Cell = last.path.rsplit('!').next().unwrap_or_default().into();
        pools.push((vec![file, url.into(), Cell::Empty, kind.into(), Cell::Empty, known.into(), Cell::Empty], vec![last.clone()]));
    }
    [
        table(Question::Control, "Pools and fees", &["File", "Pool", "User", "What it is", "Share, as written", "Known as", "Name"], pools),
        table(Question::Control, "Name settings", &["File", "Names", "What it says", "Value", "The machine's own"], names),
    ]
}

/// What a pool is to the machine.
fn kind(pool: &Pool, path: &str) -> String {
    match (pool.place, &pool.fee) {
        _ if for_reading(path) => "a text to be read".to_owned(),
        (PoolPlace::Settings, Some(fee)) => format!("settings for a fee (“{fee}”)"),
        (PoolPlace::Settings, None) => "settings: the owner's to edit".to_owned(),
        (PoolPlace::Program, _) => "a text in a program: nothing says that it is used".to_owned(),
        (PoolPlace::Script, _) => "fixed in a script or page".to_owned(),
    }
}
