//! Decompressors, each with a limit on what may come out.
//!
//! One place for all of them: archives, kernels and filesystems pack with the same dozen algorithms. [`block`] unpacks a block whose
//! packed bytes are known as a whole; the stream formats in `formats/` use [`pour`] to read a stream up to its own end.

use std::io::{self, Read};

use assay_core::Problem;

/// What came out of a stream.
#[derive(Debug, Default)]
pub struct Poured {
    /// The bytes, as far as they could be decoded.
    pub bytes: Vec<u8>,
    /// Why it ended early, if it did.
    pub trouble: Option<Trouble>,
}

/// Why decoding ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// More would come out than may.
    OverLimit,
    /// The packed bytes end too soon.
    Truncated,
    /// They do not decode; the decoder's words.
    Corrupt(String),
    /// Well-formed, but not read by this version.
    Unsupported(String),
}

/// Reads `reader` to its end or until `limit` bytes came out.
pub fn pour(mut reader: impl Read, limit: u64) -> Poured {
    let mut poured = Poured::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return poured,
            Ok(count) => {
                let room = limit.saturating_sub(poured.bytes.len() as u64);
                if count as u64 > room {
                    poured.bytes.extend_from_slice(&buffer[..room as usize]);
                    poured.trouble = Some(Trouble::OverLimit);
                    return poured;
                }
                poured.bytes.extend_from_slice(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                poured.trouble = Some(Trouble::Truncated);
                return poured;
            }
            Err(error) => {
                poured.trouble = Some(Trouble::Corrupt(error.to_string()));
                return poured;
            }
        }
    }
}

/// How a block is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 1951, no header.
    Deflate,
    /// RFC 1950.
    Zlib,
    /// The `.lzma` form: properties, dictionary size, unpacked size, stream.
    LzmaAlone,
    /// An `.xz` stream.
    Xz,
    /// A bare LZ4 block.
    Lz4,
    /// A bare LZO1X stream.
    Lzo,
    /// A zstd frame (RFC 8878).
    Zstd,
    /// A bzip2 stream.
    Bzip2,
}

/// Unpacks one block of which at most `limit` bytes may come out. Whatever could be decoded comes back beside the trouble.
#[must_use]
pub fn block(codec: Codec, packed: &[u8], limit: usize) -> Poured {
    let whole = limit as u64;
    match codec {
        Codec::Deflate => pour(flate2::bufread::DeflateDecoder::new(packed), whole),
        Codec::Zlib => pour(flate2::bufread::ZlibDecoder::new(packed), whole),
        Codec::Bzip2 => pour(bzip2::bufread::BzDecoder::new(packed), whole),
        Codec::Xz => pour(lzma_rust2::XzReader::new_mem_limit(packed, false, LZMA_MEMORY_KIB), whole),
        Codec::LzmaAlone => match lzma_rust2::LzmaReader::new_mem_limit(packed, LZMA_MEMORY_KIB, None) {
            Ok(reader) => pour(reader, whole),
            Err(error) => failed(error.to_string()),
        },
        Codec::Zstd => match ruzstd::decoding::StreamingDecoder::new(packed) {
            Ok(reader) => pour(reader, whole),
            Err(error) => failed(error.to_string()),
        },
        Codec::Lz4 => {
            let mut bytes = vec![0; limit];
            match lz4_flex::block::decompress_into(packed, &mut bytes) {
                Ok(length) => {
                    bytes.truncate(length);
                    Poured { bytes, trouble: None }
                }
                Err(error) => failed(error.to_string()),
            }
        }
        Codec::Lzo => lzo(packed, limit),
    }
}

/// Memory that one LZMA decoder may take for its dictionary, in KiB. Of the other algorithms, zstd's decoder refuses windows above
/// 128 MiB, LZ4 frames have blocks of 4 MiB and bzip2 of 900 kB at most; none of them can be made to ask for more.
pub const LZMA_MEMORY_KIB: u32 = 256 << 10;

fn failed(words: String) -> Poured {
    Poured { bytes: Vec::new(), trouble: Some(Trouble::Corrupt(words)) }
}

fn lzo(packed: &[u8], limit: usize) -> Poured {
    let mut bytes = vec![0; limit];
    match lzo::decompress_into(packed, &mut bytes) {
        Ok(length) => {
            bytes.truncate(length);
            Poured { bytes, trouble: None }
        }
        Err(error) => failed(error.to_string()),
    }
}

impl Trouble {
    /// As a problem at `offset`; `what` names the stream.
    #[must_use]
    pub fn problem(&self, offset: u64, what: &str) -> Problem {
        match self {
            Self::OverLimit => Problem::over_limit(offset, format!("{what}: more would come out than the limit allows")),
            Self::Truncated => Problem::truncated(offset, format!("{what}: the packed bytes end too soon")),
            Self::Corrupt(words) => Problem::corrupt(offset, format!("{what} does not decode: {words}")),
            Self::Unsupported(words) => Problem::unsupported(offset, format!("{what}: {words} is not read")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.xz` of "assay", with the dictionary size that its one filter states.
    fn xz(dictionary: u8) -> Vec<u8> {
        let mut header = vec![2, 0, 0x21, 1, dictionary, 0, 0, 0];
        header.extend(crc32fast::hash(&header).to_le_bytes());
        let flags = [0, 0];
        let mut stream = b"\xFD7zXZ\0".to_vec();
        stream.extend(flags);
        stream.extend(crc32fast::hash(&flags).to_le_bytes());
        stream.extend(&header);
        // One LZMA2 chunk as it is, the end mark, padding.
        stream.extend(b"\x01\x00\x04assay\x00\0\0\0");
        stream
    }

    #[test]
    fn a_lying_dictionary_asks_for_no_gigabytes() {
        let fine = block(Codec::Xz, &xz(16), 5);
        assert_eq!(fine.bytes, b"assay");
        let lying = block(Codec::Xz, &xz(40), 5);
        assert!(lying.bytes.is_empty() && matches!(lying.trouble, Some(Trouble::Corrupt(_))), "{lying:?}");
        let alone = [&[0x5D, 0xFF, 0xFF, 0xFF, 0xFF][..], &5_u64.to_le_bytes(), &[0; 20]].concat();
        assert!(block(Codec::LzmaAlone, &alone, 5).trouble.is_some());
        // A zstd frame that states a window of 2 TiB.
        let window = [0x28, 0xB5, 0x2F, 0xFD, 0, 0xF8, 1, 0, 0];
        assert!(block(Codec::Zstd, &window, 5).trouble.is_some());
    }
}
