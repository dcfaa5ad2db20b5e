//! How a file is compressed, by its first bytes and not by its name. Main type: [`Packing`].

use std::io::{BufRead, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

/// How a file is compressed or encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// It is as it is.
    Plain,
    /// By this tool, and it was decompressed to its end.
    Opened {
        /// The tool.
        by: &'static str,
        /// What it decompresses to, in bytes.
        size: u64,
    },
    /// By this tool, and only its beginning was decompressed: nobody asked for the rest.
    Begun {
        /// The tool.
        by: &'static str,
    },
    /// By this tool, and it does not decompress to its end.
    Broken {
        /// The tool.
        by: &'static str,
        /// How many bytes came out before it broke.
        after: u64,
        /// What the decompressor said.
        reason: String,
    },
    /// By this tool, whose files are not opened here.
    Unopened {
        /// The tool.
        by: &'static str,
    },
}

/// A compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Unknown(&'static str),
}

/// What files begin with, and what wrote them.
const MAGIC: &[(&[u8], Codec)] = &[
    (b"\x1f\x8b\x08", Codec::Gzip),
    (b"\x28\xb5\x2f\xfd", Codec::Zstd),
    (b"\xfd7zXZ\0", Codec::Xz),
    (b"\x04\x22\x4d\x18", Codec::Unknown("lz4")),
    (b"\x89LZO\0", Codec::Unknown("lzop")),
    (b"LZIP", Codec::Unknown("lzip")),
    (b"\x1f\x9d", Codec::Unknown("compress")),
    (b"7z\xbc\xaf\x27\x1c", Codec::Unknown("7-Zip")),
    (b"Rar!\x1a\x07", Codec::Unknown("RAR")),
    (b"PK\x03\x04", Codec::Unknown("zip")),
    (b"age-encryption.org/", Codec::Unknown("age (encrypted)")),
    (b"-----BEGIN PGP MESSAGE-----", Codec::Unknown("gpg (encrypted)")),
    (b"Salted__", Codec::Unknown("openssl (encrypted)")),
];

impl Codec {
    /// Returns how something is compressed that begins like this.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        // Digits and two marks follow those three letters, with which a text may begin too.
        let blocks = head.strip_prefix(b"BZh").and_then(|rest| rest.get(1..5));
        if blocks.is_some_and(|mark| mark == b"1AY&" || mark == b"\x17rE8") {
            return Some(Self::Bzip2);
        }
        MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, codec)| *codec)
    }

    /// Returns the tool's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Unknown(name) => name,
        }
    }

    /// Returns what decompresses a stream, all members of it and with their checksums, if it is known here.
    pub(super) fn decoder<'a>(self, source: impl BufRead + 'a) -> Option<Box<dyn Read + 'a>> {
        match self {
            Self::Gzip => Some(Box::new(MultiGzDecoder::new(source))),
            Self::Zstd => {
                // It fails only where memory does.
                let decoder = zstd::Decoder::with_buffer(source).ok()?;
                Some(Box::new(decoder))
            }
            Self::Xz => Some(Box::new(XzReader::new(source, true))),
            Self::Bzip2 => Some(Box::new(MultiBzDecoder::new(source))),
            Self::Unknown(_) => None,
        }
    }
}
