//! Which bytes belong to which function.

use std::collections::BTreeMap;

use super::walk::Walked;

/// A stretch of bytes that functions have.
#[derive(Debug, Clone, Copy)]
struct Piece {
    end: u64,
    /// Entry of a function that has it; the first one that took it.
    owner: u64,
    /// How many have it.
    holders: u32,
    code: bool,
}

/// Bytes that belong to functions.
#[derive(Debug, Default)]
pub struct Claims {
    pieces: BTreeMap<u64, Piece>,
    /// Bytes of the longest piece: no piece that starts further back reaches here.
    longest: u64,
}

impl Claims {
    fn ranges(walked: &Walked) -> impl Iterator<Item = (u64, u64, bool)> + '_ {
        let code = walked.instructions.values().map(|instruction| (instruction.address, u64::from(instruction.lifted.len), true));
        code.chain(walked.data.iter().map(|(start, (len, _))| (*start, *len, false)))
    }

    /// A stretch is the function's at `entry`.
    pub fn add(&mut self, entry: u64, start: u64, len: u64, code: bool) {
        let end = start.saturating_add(len);
        let piece = self.pieces.entry(start).or_insert(Piece { end, owner: entry, holders: 0, code });
        piece.end = piece.end.max(end);
        piece.code |= code;
        piece.holders += 1;
        self.longest = self.longest.max(len);
    }

    /// They are free again.
    pub fn remove(&mut self, walked: &Walked) {
        for (start, ..) in Self::ranges(walked) {
            if let Some(piece) = self.pieces.get_mut(&start) {
                piece.holders -= 1;
                if piece.holders == 0 {
                    self.pieces.remove(&start);
                }
            }
        }
    }

    fn piece(&self, address: u64) -> Option<(u64, &Piece)> {
        let near = self.pieces.range(address.saturating_sub(self.longest)..=address).rev();
        near.map(|(start, piece)| (*start, piece)).find(|(_, piece)| address < piece.end)
    }

    /// Where the piece that holds `address` ends.
    pub fn end_of(&self, address: u64) -> Option<u64> {
        self.piece(address).map(|(_, piece)| piece.end)
    }

    /// Does `address` belong to nobody?
    pub fn free(&self, address: u64) -> bool {
        self.piece(address).is_none()
    }

    /// The function that has an instruction at `address`.
    pub fn code_at(&self, address: u64) -> Option<u64> {
        self.pieces.get(&address).filter(|piece| piece.code).map(|piece| piece.owner)
    }

    /// The start of the first piece from `address` on.
    pub fn next(&self, address: u64) -> Option<u64> {
        self.pieces.range(address..).next().map(|(start, _)| *start)
    }

    /// The last piece in front of `address`: where it ends, and whose it is.
    pub fn before(&self, address: u64) -> Option<(u64, u64)> {
        self.pieces.range(..address).next_back().map(|(_, piece)| (piece.end, piece.owner))
    }

    /// Are all instructions of `walked` nobody's?
    pub fn all_free(&self, walked: &Walked) -> bool {
        walked.instructions.values().all(|code| self.free(code.address) && self.free(code.address + u64::from(code.lifted.len) - 1))
    }
}
