//! Ports as rules write them.

/// `80`, `1:1024`, `22,80,8000:8100`, by number or well-known name.
pub(super) fn ports(list: &str) -> Option<Vec<(u16, u16)>> {
    list.split(',')
        .map(|item| match item.split_once([':', '-']).filter(|_| port(item).is_none()) {
            None => port(item).map(|port| (port, port)),
            Some((first, last)) => {
                let first = if first.is_empty() { Some(0) } else { port(first) };
                let last = if last.is_empty() { Some(u16::MAX) } else { port(last) };
                first.zip(last)
            }
        })
        .collect()
}

/// A port by its number or by the name that `/etc/services` commonly gives it.
#[must_use]
pub fn port(text: &str) -> Option<u16> {
    const NAMES: [(&str, u16); 26] = [
        ("echo", 7),
        ("discard", 9),
        ("daytime", 13),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("time", 37),
        ("domain", 53),
        ("bootps", 67),
        ("bootpc", 68),
        ("tftp", 69),
        ("http", 80),
        ("www", 80),
        ("sunrpc", 111),
        ("ntp", 123),
        ("snmp", 161),
        ("https", 443),
        ("shell", 514),
        ("login", 513),
        ("exec", 512),
        ("syslog", 514),
        ("rsync", 873),
        ("nfs", 2049),
        ("http-alt", 8080),
        ("mdns", 5353),
    ];
    text.parse().ok().or_else(|| NAMES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number))
}
