//! How much of a fault there is. Main types: [`Amount`], [`Parameter`].

use std::fmt;
use std::time::Duration;

/// Which parameter a class takes, and what it is when none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// None.
    Nothing,
    /// A number of times; none: for ever.
    Times,
    /// A number that stands for this when none is given.
    Number(u32),
    /// A time that stands for this when none is given.
    Time(Duration),
    /// A time; none: for ever.
    TimeOrForEver,
    /// A part of the whole, in hundredths.
    Share(u8),
    /// A time forwards or backwards, in milliseconds.
    Jump(i64),
}

impl Parameter {
    /// Returns how help texts show it after the name; empty without one.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Times => "[:times]",
            Self::Number(_) => "[:number]",
            Self::Time(_) | Self::TimeOrForEver => "[:time]",
            Self::Share(_) => "[:share]",
            Self::Jump(_) => "[:±time]",
        }
    }

    /// Reads a parameter of this kind; an error says what was expected.
    pub(super) fn read(self, text: &str) -> Result<Amount, &'static str> {
        match self {
            Self::Nothing => Err("no parameter"),
            Self::Times | Self::Number(_) => {
                let number = text.parse().ok().filter(|n| *n > 0);
                number.map(Amount::Number).ok_or("a number from 1 on, such as 3")
            }
            Self::Time(_) | Self::TimeOrForEver => {
                time(text).map(Amount::Time).ok_or("a time such as 500ms, 30s, 10m or 2h")
            }
            Self::Share(_) => share(text).map(Amount::Share).ok_or("a share such as 0.5"),
            Self::Jump(_) => jump(text).map(Amount::Jump).ok_or("a time such as +1h or -30s"),
        }
    }
}

/// How much of a fault there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Amount {
    /// So many times, or so many times as slow.
    Number(u32),
    /// So long, to the millisecond.
    Time(Duration),
    /// So many hundredths, at most 100.
    Share(u8),
    /// So many milliseconds forwards, or backwards.
    Jump(i64),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Time(time) => write_ms(f, millis(*time)),
            Self::Share(100) => f.write_str("1"),
            Self::Share(0) => f.write_str("0"),
            Self::Share(part) if part % 10 == 0 => write!(f, "0.{}", part / 10),
            Self::Share(part) => write!(f, "0.{part:02}"),
            Self::Jump(ms) => {
                f.write_str(if *ms < 0 { "-" } else { "+" })?;
                write_ms(f, ms.unsigned_abs())
            }
        }
    }
}

/// The units of times, largest first, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

fn write_ms(f: &mut fmt::Formatter<'_>, ms: u64) -> fmt::Result {
    let whole = |(_, unit): &&(&str, u64)| ms >= *unit && ms.is_multiple_of(*unit);
    match UNITS.iter().find(whole) {
        Some((word, unit)) => write!(f, "{}{word}", ms / unit),
        None => write!(f, "{ms}ms"),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn time(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, word) = text.split_at(digits);
    let (_, unit) = UNITS.iter().find(|(known, _)| *known == word)?;
    number.parse::<u64>().ok()?.checked_mul(*unit).map(Duration::from_millis)
}

fn jump(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("-", rest) => (-1, rest),
        ("+", rest) => (1, rest),
        _ => (1, text),
    };
    i64::try_from(millis(time(rest)?)).ok().map(|ms| sign * ms)
}

fn share(text: &str) -> Option<u8> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: u8 = format!("{part:0<2}").parse().ok()?;
    let share = whole.parse::<u8>().ok()? * 100 + part;
    (share <= 100).then_some(share)
}
