//! Mumble's control protocol, as much of it as one needs to come in and make a channel: frames of a type, a length and
//! protobuf fields. The suite's client and the stand-in's server share it. Main types: [`Message`], [`BadFrame`].

use thiserror::Error;

/// The port of Mumble.
pub(super) const PORT: u16 = 64738;

/// Types of messages.
pub(super) const VERSION: u16 = 0;
pub(super) const AUTHENTICATE: u16 = 2;
pub(super) const REJECT: u16 = 4;
pub(super) const SERVER_SYNC: u16 = 5;
pub(super) const CHANNEL_REMOVE: u16 = 6;
pub(super) const CHANNEL_STATE: u16 = 7;
pub(super) const PERMISSION_DENIED: u16 = 12;
pub(super) const SERVER_CONFIG: u16 = 24;

/// The longest payload that either side takes.
const MAX: usize = 8 * 1024 * 1024 - 1;

/// Type and length.
const HEAD: usize = 6;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Its type.
    pub(super) kind: u16,
    fields: Vec<(u64, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

/// What was received is no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum BadFrame {
    /// It says that it is longer than any message may be.
    #[error(
        "expected a message of at most {MAX} bytes; one of type {kind} says that it has {length}"
    )]
    TooLong {
        /// Its type.
        kind: u16,
        /// The length that it says.
        length: usize,
    },
    /// Its payload ends within a field.
    #[error("a message of type {kind} ends within a field")]
    CutShort {
        /// Its type.
        kind: u16,
    },
    /// A field is of a kind that protobuf does not have.
    #[error("a message of type {kind} has a field of wire type {wire}")]
    WireType {
        /// Its type.
        kind: u16,
        /// What the field says.
        wire: u64,
    },
}

impl Message {
    /// Returns a message without fields.
    pub(super) const fn new(kind: u16) -> Self {
        Self { kind, fields: Vec::new() }
    }

    /// Adds a number.
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        self.fields.push((field, Value::Number(value)));
        self
    }

    /// Adds a text.
    pub(super) fn text(mut self, field: u64, value: &str) -> Self {
        self.fields.push((field, Value::Bytes(value.as_bytes().to_vec())));
        self
    }

    /// Returns the number in a field; the last one counts.
    pub(super) fn number_in(&self, field: u64) -> Option<u64> {
        let numbers = self.fields.iter().filter(|(f, _)| *f == field).map(|(_, v)| match v {
            Value::Number(number) => Some(*number),
            Value::Bytes(_) => None,
        });
        numbers.flatten().last()
    }

    /// Returns the text in a field; the last one counts.
    pub(super) fn text_in(&self, field: u64) -> Option<String> {
        let texts = self.fields.iter().filter(|(f, _)| *f == field).map(|(_, v)| match v {
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Value::Number(_) => None,
        });
        texts.flatten().last()
    }

    /// Returns the message as it is sent.
    pub(super) fn framed(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        for (field, value) in &self.fields {
            match value {
                Value::Number(number) => {
                    put_varint(&mut payload, field << 3);
                    put_varint(&mut payload, *number);
                }
                Value::Bytes(bytes) => {
                    put_varint(&mut payload, field << 3 | 2);
                    put_varint(&mut payload, bytes.len() as u64);
                    payload.extend(bytes);
                }
            }
        }
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let mut frame = self.kind.to_be_bytes().to_vec();
        frame.extend(length.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// Takes the first message out of what was received; none while it is not whole.
    pub(super) fn take(received: &mut Vec<u8>) -> Result<Option<Self>, BadFrame> {
        let Some(&[a, b, c, d, e, f]) = received.first_chunk::<HEAD>() else { return Ok(None) };
        let kind = u16::from_be_bytes([a, b]);
        let length = usize::try_from(u32::from_be_bytes([c, d, e, f])).unwrap_or(usize::MAX);
        if length > MAX {
            return Err(BadFrame::TooLong { kind, length });
        }
        if received.len() < HEAD + length {
            return Ok(None);
        }
        let frame: Vec<u8> = received.drain(..HEAD + length).collect();
        Self::parse(kind, &frame[HEAD..]).map(Some)
    }

    fn parse(kind: u16, mut rest: &[u8]) -> Result<Self, BadFrame> {
        let cut = BadFrame::CutShort { kind };
        let mut message = Self::new(kind);
        while !rest.is_empty() {
            let key = varint(&mut rest).ok_or_else(|| cut.clone())?;
            let (field, wire) = (key >> 3, key & 7);
            let value = match wire {
                0 => Value::Number(varint(&mut rest).ok_or_else(|| cut.clone())?),
                1 => Value::Bytes(bytes(&mut rest, 8).ok_or_else(|| cut.clone())?),
                2 => {
                    let length = varint(&mut rest).ok_or_else(|| cut.clone())?;
                    Value::Bytes(bytes(&mut rest, length).ok_or_else(|| cut.clone())?)
                }
                5 => Value::Bytes(bytes(&mut rest, 4).ok_or_else(|| cut.clone())?),
                wire => return Err(BadFrame::WireType { kind, wire }),
            };
            message.fields.push((field, value));
        }
        Ok(message)
    }
}

fn put_varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, others) = rest.split_first()?;
        *rest = others;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn bytes(rest: &mut &[u8], length: u64) -> Option<Vec<u8>> {
    let (first, others) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = others;
    Some(first.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        let pair = |p: &[u8]| u8::from_str_radix(std::str::from_utf8(p).expect("text"), 16);
        digits.chunks(2).map(|p| pair(p).expect("hexadecimal digits")).collect()
    }

    #[test]
    fn messages_are_sent_as_the_protocol_says() {
        let version = Message::new(VERSION).number(1, 1 << 16 | 5 << 8);
        assert_eq!(version.framed(), unhex("0000 00000004 08808a04"));
        let authenticate = Message::new(AUTHENTICATE).text(1, "ci").number(5, 1);
        assert_eq!(authenticate.framed(), unhex("0002 00000006 0a0263692801"));
    }

    #[test]
    fn what_a_server_answered_is_understood_in_whatever_pieces_it_came() {
        // A root channel, a codec whose number is negative, and the limits, as a server of 1.3.4 sends them.
        let recorded = unhex(
            "0007 0000000c 08001a04526f6f7448005800
             0015 00000011 08f5ffffffffffffffff01 1000 1801 2001
             0018 0000000b 1801 208827 2880800830 2a",
        );
        for size in [1, 3, recorded.len()] {
            let (mut received, mut seen) = (Vec::new(), Vec::new());
            for piece in recorded.chunks(size) {
                received.extend(piece);
                while let Some(message) = Message::take(&mut received).unwrap() {
                    seen.push(message);
                }
            }
            assert!(received.is_empty());
            let kinds: Vec<u16> = seen.iter().map(|m| m.kind).collect();
            assert_eq!(kinds, [CHANNEL_STATE, 21, SERVER_CONFIG]);
            assert_eq!(seen[0].number_in(1), Some(0));
            assert_eq!(seen[0].text_in(3).as_deref(), Some("Root"));
            assert_eq!(seen[1].number_in(1), Some((-11_i64).cast_unsigned()));
            assert_eq!((seen[2].number_in(4), seen[2].number_in(6)), (Some(5000), Some(42)));
            assert_eq!((seen[2].text_in(6), seen[0].number_in(3)), (None, None));
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let check = |text: &str, expected| {
            assert_eq!(Message::take(&mut unhex(text)), Err(expected), "{text}");
        };
        check("0005 00800000", BadFrame::TooLong { kind: 5, length: 8 * 1024 * 1024 });
        // What a web server says.
        check("485454502f31", BadFrame::TooLong { kind: 0x4854, length: 0x5450_2f31 });
        check("0005 00000001 08", BadFrame::CutShort { kind: 5 });
        check("0005 00000003 1a0541", BadFrame::CutShort { kind: 5 });
        check("0005 0000000b ffffffffffffffffffffff", BadFrame::CutShort { kind: 5 });
        check("0005 00000002 0b01", BadFrame::WireType { kind: 5, wire: 3 });
        assert_eq!(Message::take(&mut unhex("0005 007fffff 08")), Ok(None));
    }

    #[test]
    fn fields_that_are_not_known_are_passed_over() {
        let mut received = unhex("0005 00000013 0801 2d00000000 31 0000000000000000 1a0141");
        let message = Message::take(&mut received).unwrap().unwrap();
        assert_eq!((message.number_in(1), message.text_in(3).as_deref()), (Some(1), Some("A")));
    }
}
