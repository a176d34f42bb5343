//! Numbers that may be network addresses and ports: is it one, and in which order do its bytes stand?

use std::net::Ipv4Addr;

use crate::{
    ir::{Binary, Unary},
    values::{Expr, Local, Node},
};

/// Can this number be an address, and not a count or a piece of code that was taken for one? None names a network
/// (`1.0.0.0`, `160.174.11.0`), and what a program binds to is every address of the machine, itself, a group, or one of a private network (RFC 1918, 3927).
pub(super) fn is_address(number: u32, bound: bool) -> bool {
    let address = Ipv4Addr::from(number.to_le_bytes());
    let [.., last] = address.octets();
    let own = address.is_loopback() || address.is_private() || address.is_link_local() || address.is_multicast() || address.is_broadcast();
    (number == 0 && bound) || (last != 0 && (own || !bound))
}

/// Does an operation exchange bytes?
pub(super) fn exchanges(local: &Local, expr: Expr) -> bool {
    match local.exprs.node(expr) {
        Node::Unary(Unary::ByteSwap, ..) => true,
        Node::Unary(_, _, inner) => exchanges(local, inner),
        Node::Binary(Binary::Or, _, a, b) => {
            let by_eight = |op: Binary, expr: Expr| shifts(local, expr, op);
            [(a, b), (b, a)].into_iter().any(|(up, down)| by_eight(Binary::Shl, up) && by_eight(Binary::ShrU, down))
                || exchanges(local, a)
                || exchanges(local, b)
        }
        Node::Binary(Binary::And | Binary::ShrU | Binary::Ror, _, a, _) => exchanges(local, a),
        _ => false,
    }
}

/// Is there a shift by a byte in this direction?
fn shifts(local: &Local, expr: Expr, direction: Binary) -> bool {
    match local.exprs.node(expr) {
        Node::Unary(_, _, inner) => shifts(local, inner, direction),
        Node::Binary(op, _, inner, by) => (op == direction && local.exprs.value(by) == Some(8)) || shifts(local, inner, direction),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn counts_and_instructions_are_no_addresses() {
        let number = |octets: [u8; 4]| u32::from_le_bytes(octets);
        assert!(is_address(number([0, 0, 0, 0]), true));
        assert!(is_address(number([127, 0, 0, 1]), true));
        assert!(is_address(number([192, 168, 0, 1]), true));
        assert!(!is_address(number([105, 0, 0, 0]), true));
        assert!(!is_address(number([124, 32, 157, 229]), true), "an instruction");
        assert!(is_address(number([8, 8, 8, 8]), false));
        assert!(!is_address(number([17, 1, 0, 0]), false));
        assert!(!is_address(number([160, 174, 11, 0]), false), "an address of the program");
    }
}
