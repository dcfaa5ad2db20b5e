//! Redis databases: an opcode and a checksum end them.

use std::io::{self, Read};

use crate::probe::verdict::Verdict;

/// The opcode behind the last key.
const END: u8 = 0xff;

/// The checksum's polynomial (Jones), reflected.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// What a database says to which the server appends its log of writes.
const APPENDED: [&[u8]; 2] = [b"aof-preamble\xc0\x01", b"aof-base\xc0\x01"];

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// Reads a database to its end and judges it: from version 5 on it ends with [`END`] and a checksum over all before,
/// or zeros where the server was told to leave that out.
pub(super) fn database(source: &mut dyn Read, head: &[u8]) -> io::Result<Verdict> {
    let version = head.get(5..9).unwrap_or_default();
    let version =
        std::str::from_utf8(version).ok().and_then(|v| v.parse::<u32>().ok()).unwrap_or(0);
    let mut checksum = 0_u64;
    // The last eight bytes so far: the checksum does not cover itself.
    let mut last: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        last.extend_from_slice(&buffer[..count]);
        let done = last.len().saturating_sub(8);
        for byte in last.drain(..done) {
            checksum = TABLE[((checksum ^ u64::from(byte)) & 0xff) as usize] ^ (checksum >> 8);
        }
    }
    let verdict = decide(version, checksum, &last);
    if verdict.is_bad() && APPENDED.iter().any(|mark| contains(head, mark)) {
        return Ok(Verdict::Unknown {
            reason: "the server appends its log of writes to it".to_owned(),
        });
    }
    Ok(verdict)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn decide(version: u32, checksum: u64, last: &[u8]) -> Verdict {
    if version < 5 {
        return match last.last() {
            Some(&END) => Verdict::Unknown { reason: "its version has no checksum".to_owned() },
            Some(_) | None => Verdict::cut("its last byte is not the end mark", last),
        };
    }
    let Some(stored) = last.first_chunk::<8>() else {
        return Verdict::cut("its checksum has 8 bytes", last);
    };
    match u64::from_le_bytes(*stored) {
        0 => Verdict::Unknown {
            reason: "the server wrote no checksum (`rdbchecksum no`)".to_owned(),
        },
        stored if stored == checksum => Verdict::Complete,
        _ => Verdict::cut("its last 8 bytes are not the checksum of what is before them", last),
    }
}
