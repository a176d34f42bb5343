//! How pools are written: `stratum+tcp://host:port`, in settings, in commands and in programs.
//!
//! **Source**: the schemes that cgminer's and bfgminer's manuals, Braiins OS and the Stratum V2 specification name (`stratum2+tcp://host:port/key`).

/// Schemes that nothing but a pool has, each with its `://`.
pub const SCHEMES: [&str; 10] = [
    "stratum+tcp://",
    "stratum+ssl://",
    "stratum+tls://",
    "stratum+tcps://",
    "stratum+udp://",
    "stratum1+tcp://",
    "stratum1+ssl://",
    "stratum2+tcp://",
    "stratum2+ssl://",
    "stratum://",
];

/// Bytes of a URL that are read.
const MOST: usize = 512;

/// A pool's address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolUrl {
    /// As written, without a user and password in it.
    pub url: String,
    /// Host, in lower case.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// Has it one of [`SCHEMES`]?
    pub scheme: bool,
    /// User in it.
    pub user: Option<String>,
}

/// Takes a URL apart. Another scheme, or none at all, is as good where something else says that it is a pool: then `scheme` is false.
/// A template (`stratum+tcp://%s:%d`) and a bare word are no address.
#[must_use]
pub fn parse(text: &str) -> Option<PoolUrl> {
    let text = text.trim();
    if text.len() > MOST {
        return None;
    }
    let (scheme, rest) = match text.find("://") {
        Some(end) => text.split_at(end + 3),
        None => ("", text),
    };
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    if !scheme.is_empty() && !plain(scheme.trim_end_matches("://")) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (user.split(':').next().filter(|user| !user.is_empty()), place),
        None => (None, authority),
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?),
        None => None,
    };
    if !is_host(host) || (scheme.is_empty() && port.is_none()) {
        return None;
    }
    let after = rest.get(authority.len()..).unwrap_or_default();
    Some(PoolUrl {
        url: format!("{scheme}{place}{after}"),
        host: host.to_ascii_lowercase(),
        port,
        scheme: SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()),
        user: user.map(str::to_owned),
    })
}

/// A name with a dot, or an address. A name without one is somebody's own, or a word of a manual (`stratum+tcp://pool:port`).
fn is_host(host: &str) -> bool {
    if host.contains(':') {
        return host.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = last.bytes().any(|byte| byte.is_ascii_alphabetic()) || host.parse::<std::net::Ipv4Addr>().is_ok();
    host.len() <= 253 && host.contains('.') && named && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let pool = parse("stratum+tcp://worker.1:x@Pool.Example.net:3333/path").unwrap();
        assert_eq!((pool.url.as_str(), pool.host.as_str()), ("stratum+tcp://Pool.Example.net:3333/path", "pool.example.net"));
        assert_eq!((pool.port, pool.scheme, pool.user.as_deref()), (Some(3333), true, Some("worker.1")));
        assert_eq!(parse("pool.example.net:3333").map(|pool| pool.scheme), Some(false));
        assert_eq!(parse("stratum2+tcp://[2001:db8::1]:3336/key").and_then(|pool| pool.port), Some(3336));
    }

    #[test]
    fn templates_and_words_are_none() {
        for text in [
            "stratum+tcp://%s:%d",
            "stratum+tcp://",
            "stratum+tcp://pool:port",
            "stratum+tcp://{host}:3333",
            "pool.example.net",
            "http://<ip>:80",
            "1.5:2",
            "a.b:99999",
            "stratum+tcp://-:1@:3",
            "12.30:45",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
