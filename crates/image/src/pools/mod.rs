//! Pools in files of settings: for whom the machine works, in whose name, and for which share.
//!
//! ```text
//! file ─► values with the names above them (`values`) ─► addresses of pools ─► what stands beside each: user, share, fee ─► facts
//! ```
//!
//! **Source**: cgminer's and bfgminer's settings (`pools` with `url`, `user`, `pass`, `quota`), OpenWrt's `pool1url` … in `cgminer` sections,
//! Braiins OS (`[[group.pool]]` with `url`, `user`), and what files of several makers have in common.
//!
//! **Limitations**: an address without a scheme of pools counts only where a name above it says pool, stratum or fee. A share is told as it
//! is written, never computed. What is encrypted or written by a program at run time is not seen.

mod values;

use assay_core::{
    FactId,
    facts::{
        ImageFact,
        image::{ConfigKind, Pool, PoolPlace},
    },
    pool_url,
};

use crate::{reader::Reader, text::Text};
use values::{Value, values};

/// Pools told of one file.
const POOLS: usize = 64;
/// Ends of names that hold an address, as they are compared: letters and digits alone, in lower case.
const ADDRESSES: [&str; 6] = ["url", "uri", "address", "addr", "server", "host"];
/// Ends of names that hold a user.
const USERS: [&str; 8] = ["username", "user", "workername", "worker", "login", "wallet", "account", "name"];
/// Ends of names that hold a share.
const SHARES: [&str; 11] =
    ["percent", "percentage", "quota", "share", "ratio", "feepercent", "feerate", "fee", "weight", "duration", "fixedshareratio"];
/// Words of a name that say that something is paid for the use of something.
const FEES: [&str; 14] = [
    "fee",
    "fees",
    "hotelfee",
    "devfee",
    "poolfee",
    "feepool",
    "donation",
    "donate",
    "devpool",
    "devdonate",
    "feeurl",
    "feeuser",
    "hotel",
    "commission",
];
/// Words of a name that say pool.
const POOL_WORDS: [&str; 4] = ["pool", "stratum", "hotelfee", "devfee"];

/// The pools in `text`.
pub fn read(reader: &mut Reader, text: &Text, kind: ConfigKind) {
    let all = values(text, kind);
    if !reader.steps(all.len() as u64) {
        return;
    }
    let file = text.path.rsplit('/').next().unwrap_or_default();
    let mut told = 0;
    for (index, value) in all.iter().enumerate() {
        let Some((url, named_user)) = address(value) else { continue };
        told += 1;
        if told > POOLS {
            reader.unread_line(text, value.line, "more pools than are told of one file");
            return;
        }
        let stem = stem(value.key());
        let around = beside(&all, index);
        let user = url.user.or(named_user).or_else(|| find(around, value, &stem, &USERS).map(|user| user.text.clone()));
        let fee = value.names.iter().map(String::as_str).chain([file]).find(|name| says_fee(name)).map(str::to_owned);
        let share = find(around, value, &stem, &SHARES)
            .or_else(|| fee.as_ref().and_then(|_| above(&all, value)))
            .filter(|share| share.text.trim_end_matches('%').trim().parse::<f64>().is_ok())
            .map(|share| format!("{} = {}", share.key(), share.text));
        let pool = Pool {
            url: url.url,
            host: url.host,
            port: url.port,
            scheme: url.scheme,
            user,
            place: PoolPlace::Settings,
            name: value.names.join("."),
            fee,
            share,
        };
        reader.fact(text.at(value.line), "pools", None::<FactId>, ImageFact::Pool(Box::new(pool)));
    }
}

/// The address in a value, and the user of a command in it (`-o … -u worker`).
fn address(value: &Value) -> Option<(pool_url::PoolUrl, Option<String>)> {
    let start = pool_url::SCHEMES.iter().filter_map(|scheme| value.text.find(scheme)).min();
    if let Some(start) = start {
        let mut words = value.text[start..].split([' ', '"', '\'', ',', ';']).filter(|word| !word.is_empty());
        let url = pool_url::parse(words.next()?)?;
        let user = words.find(|word| matches!(*word, "-u" | "--user" | "--username")).and_then(|_| words.next());
        return Some((url, user.map(str::to_owned)));
    }
    let says_pool = value.names.iter().any(|name| POOL_WORDS.iter().any(|word| name.to_ascii_lowercase().contains(word)));
    let named = ADDRESSES.iter().any(|end| plain(value.key()).ends_with(end)) || plain(value.key()).ends_with("pool");
    if !says_pool || !named {
        return None;
    }
    let url = pool_url::parse(&value.text)?;
    // A page about pools is none.
    (!url.url.starts_with("http") || url.port.is_some()).then_some((url, None))
}

/// What stands before the word for an address in a name: `pool1` of `pool1url`, nothing of `url`.
fn stem(key: &str) -> String {
    let key = plain(key);
    let end = ADDRESSES.iter().find_map(|end| key.strip_suffix(end).map(str::to_owned));
    end.unwrap_or_default()
}

/// Letters and digits in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Values near the one at `index`: those of one table stand together.
fn beside(all: &[Value], index: usize) -> &[Value] {
    const NEAR: usize = 64;
    &all[index.saturating_sub(NEAR)..(index + NEAR).min(all.len())]
}

/// The value of the same table whose name is the same stem with one of `ends`.
fn find<'v>(around: &'v [Value], value: &Value, stem: &str, ends: &[&str]) -> Option<&'v Value> {
    let table = value.table();
    ends.iter().find_map(|end| {
        let wanted = format!("{stem}{end}");
        around.iter().find(|other| other.table() == table && plain(other.key()) == wanted && !other.text.is_empty())
    })
}

/// A share that stands one table higher, where the whole of it is for a fee.
fn above<'v>(all: &'v [Value], value: &Value) -> Option<&'v Value> {
    let table = value.table();
    let mut higher = table.len();
    while higher > 0 {
        higher -= 1;
        let found = all.iter().find(|other| other.table() == &table[..higher] && SHARES.contains(&plain(other.key()).as_str()));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Does one of the words of a name say that it is about a fee?
fn says_fee(name: &str) -> bool {
    let mut word = String::new();
    let mut before = ' ';
    for letter in name.chars().chain(['.']) {
        let new = !letter.is_ascii_alphabetic() || (letter.is_ascii_uppercase() && before.is_ascii_lowercase());
        if new {
            if FEES.contains(&word.as_str()) {
                return true;
            }
            word.clear();
        }
        if letter.is_ascii_alphabetic() {
            word.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_about_fees() {
        for name in ["hotelfee.json", "dev_fee", "devFee", "fee.pool", "pool-fee", "donation", "fee1"] {
            assert!(says_fee(name), "{name}");
        }
        for name in ["coffee.json", "feed", "feedback", "pools", "DeviceFeed", "toffee_fees_not".split('_').next().unwrap()] {
            assert!(!says_fee(name), "{name}");
        }
    }

    #[test]
    fn stems() {
        assert_eq!((stem("pool1url"), stem("url"), stem("Pool_2_URL")), ("pool1".into(), String::new(), "pool2".into()));
    }
}
