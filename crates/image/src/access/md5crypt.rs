//! md5crypt, and Apache's variant of it with another magic.
//!
//! **Source**: P.-H. Kamp's description of the algorithm in FreeBSD; Apache `apr_md5_encode`, which differs in the magic alone.
//!
//! Our own: the crate of that name has the magic `$1$` built in, and a second implementation of MD5 below it.

use md5::{Digest, Md5};

use super::hash::digits;

/// The part behind the last `$`. Salts are cut at eight bytes, as the algorithm has it.
pub fn hash(password: &[u8], magic: &str, salt: &str) -> String {
    let salt = &salt.as_bytes()[..salt.len().min(8)];
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut outer = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for start in (0..password.len()).step_by(16) {
        outer.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        // An odd bit adds a zero, an even one the password's first byte: a slip of the first implementation that all keep.
        outer.update(if bits & 1 == 1 { &[0][..] } else { &password[..1] });
        bits >>= 1;
    }
    let mut last = outer.finalize();
    for round in 0..1000 {
        let mut one = Md5::new();
        one.update(if round & 1 == 1 { password } else { &last[..] });
        if round % 3 != 0 {
            one.update(salt);
        }
        if round % 7 != 0 {
            one.update(password);
        }
        one.update(if round & 1 == 1 { &last[..] } else { password });
        last = one.finalize();
    }
    let mut text = String::new();
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        digits(u32::from(last[a]) << 16 | u32::from(last[b]) << 8 | u32::from(last[c]), 4, &mut text);
    }
    digits(u32::from(last[11]), 2, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn as_openssl_has_it() {
        // `openssl passwd -1 -salt 1234abcd hunter2`, `openssl passwd -apr1 -salt rig root` and an empty password.
        assert_eq!(hash(b"hunter2", "$1$", "1234abcd"), "k941IFPqhCBpKvhOnZqRd/");
        assert_eq!(hash(b"root", "$apr1$", "rig"), APR);
        assert_eq!(hash(b"", "$1$", "abc"), EMPTY);
    }

    const APR: &str = "5VVsjg5Ou/AQwZeDg7.gk0";
    const EMPTY: &str = "Or2rbeUYTvt12aiVzMuS/.";
}
