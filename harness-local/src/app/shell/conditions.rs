//! `test`, `[` and `[[`. Main type: [`Condition`].

use std::cmp::Ordering;

use super::parse::{Parser, plain};
use super::tokens::{Redirect, Token};
use super::words::{Part, Word};
use crate::world::Inside;

/// What stands between `[[` and `]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Not(Box<Self>),
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    /// Words as `test` takes them; the last is a pattern where the sign is one of comparing.
    Words(Vec<Word>),
}

impl Condition {
    pub(super) fn parse(parser: &mut Parser<'_>) -> Result<Self, String> {
        let found = Self::either(parser)?;
        parser.expect("]]")?;
        Ok(found)
    }

    fn either(parser: &mut Parser<'_>) -> Result<Self, String> {
        let mut left = Self::both(parser)?;
        while parser.operator() == Some("||") {
            parser.next();
            left = Self::Either(Box::new(left), Box::new(Self::both(parser)?));
        }
        Ok(left)
    }

    fn both(parser: &mut Parser<'_>) -> Result<Self, String> {
        let mut left = Self::one(parser)?;
        while parser.operator() == Some("&&") {
            parser.next();
            left = Self::Both(Box::new(left), Box::new(Self::one(parser)?));
        }
        Ok(left)
    }

    fn one(parser: &mut Parser<'_>) -> Result<Self, String> {
        while parser.operator() == Some("\n") {
            parser.next();
        }
        if parser.is("!") {
            parser.next();
            return Ok(Self::Not(Box::new(Self::one(parser)?)));
        }
        if parser.operator() == Some("(") {
            parser.next();
            let inner = Self::either(parser)?;
            parser.expect(")")?;
            return Ok(inner);
        }
        let mut words = Vec::new();
        while !parser.is("]]") {
            let is_regex = words.last().is_some_and(|w: &Word| {
                plain(Some(&Token::Word(w.clone()))).as_deref() == Some("=~")
            });
            match parser.tokens.first() {
                Some(Token::Word(_)) if is_regex => words.push(regex(parser)),
                Some(Token::Word(word)) => {
                    words.push(word.clone());
                    parser.next();
                }
                Some(Token::Operator("(")) if is_regex => words.push(regex(parser)),
                Some(Token::Redirect(sign @ (Redirect::In | Redirect::Out(1)))) => {
                    let text = if *sign == Redirect::In { "<" } else { ">" }.to_owned();
                    words.push(vec![Part::Text { text, quoted: false }]);
                    parser.next();
                }
                Some(Token::Operator("&&" | "||" | ")" | "\n")) => break,
                other => return Err(format!("syntax error in `[[` near {other:?}")),
            }
        }
        if words.is_empty() { Err("an empty `[[`".to_owned()) } else { Ok(Self::Words(words)) }
    }
}

/// Reads a regular expression, which may hold what else would be operators.
fn regex(parser: &mut Parser<'_>) -> Word {
    let mut word = Vec::new();
    while !parser.is("]]") {
        match parser.tokens.first() {
            Some(Token::Word(parts)) => word.extend(parts.clone()),
            Some(Token::Operator(sign @ ("(" | ")" | "|"))) => {
                word.push(Part::Text { text: (*sign).to_owned(), quoted: false });
            }
            Some(
                Token::Operator(_)
                | Token::Redirect(_)
                | Token::Array { .. }
                | Token::Arithmetic(_),
            )
            | None => break,
        }
        parser.next();
    }
    word
}

/// Decides what `test` and `[` ask; a problem is no answer.
pub(in crate::app) fn test(inside: &Inside<'_>, words: &[&str]) -> Result<bool, String> {
    if let Some(at) = words.iter().rposition(|w| *w == "-o").filter(|at| *at > 0) {
        return Ok(test(inside, &words[..at])? || test(inside, &words[at + 1..])?);
    }
    if let Some(at) = words.iter().rposition(|w| *w == "-a").filter(|at| *at > 0) {
        return Ok(test(inside, &words[..at])? && test(inside, &words[at + 1..])?);
    }
    match words {
        [] => Ok(false),
        [text] => Ok(!text.is_empty()),
        ["!", rest @ ..] => test(inside, rest).map(|holds| !holds),
        [sign, text] => unary(inside, sign, text),
        [a, "=" | "==", b] => Ok(a == b),
        [a, "!=", b] => Ok(a != b),
        [a, sign, b] => compared(a, sign, b),
        other => Err(format!("test: `{}` is not played by a stand-in", other.join(" "))),
    }
}

pub(super) fn unary(inside: &Inside<'_>, sign: &str, text: &str) -> Result<bool, String> {
    let bytes = || inside.read(text);
    Ok(match sign {
        "-z" => text.is_empty(),
        "-n" => !text.is_empty(),
        "-f" => bytes().is_some(),
        "-s" => bytes().is_some_and(|b| !b.is_empty()),
        "-d" => inside.is_folder(text),
        "-e" | "-r" | "-w" => bytes().is_some() || inside.is_folder(text),
        "-x" => inside.is_folder(text) || bytes().is_some_and(|b| b.starts_with(b"#!")),
        "-L" | "-h" | "-p" | "-b" | "-c" | "-t" => false,
        "-S" => false,
        other => return Err(format!("test: `{other}` is not played by a stand-in")),
    })
}

pub(super) fn compared(a: &str, sign: &str, b: &str) -> Result<bool, String> {
    let number = |text: &str| {
        let value = text.trim().parse::<i64>();
        value.map_err(|_| format!("test: {text}: integer expression expected"))
    };
    let order = |wanted: &[Ordering]| Ok(wanted.contains(&number(a)?.cmp(&number(b)?)));
    match sign {
        "-eq" => order(&[Ordering::Equal]),
        "-ne" => order(&[Ordering::Less, Ordering::Greater]),
        "-lt" => order(&[Ordering::Less]),
        "-le" => order(&[Ordering::Less, Ordering::Equal]),
        "-gt" => order(&[Ordering::Greater]),
        "-ge" => order(&[Ordering::Greater, Ordering::Equal]),
        "<" => Ok(a < b),
        ">" => Ok(a > b),
        other => Err(format!("test: `{other}` is not played by a stand-in")),
    }
}
