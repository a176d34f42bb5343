//! The page's content security policy (CSP level 3): its own style and script by digest, and nothing else.

use sha2::Digest;

/// The policy for a page with one style sheet and one script.
pub fn policy(style: &str, script: &str) -> String {
    let (style, script) = (digest(style), digest(script));
    format!("default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'")
}

/// SHA-256 in base64 (RFC 4648, section 4), as a policy names it.
fn digest(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in sha2::Sha256::digest(text.as_bytes()).chunks(3) {
        let mut word = 0_u32;
        for index in 0..3 {
            word = word << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * index) & 63) as usize];
            out.push(if index > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_known_digest() {
        // The digest of `alert('Hello, world.');`, from the CSP level 3 specification, section 8.3.
        assert_eq!(super::digest("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
