//! Whole numbers: `$((…))`, `((…))`. Main function: [`compute`].

use super::words::is_variable;

/// The variables that an expression reads and writes.
pub(super) trait Numbers {
    fn number(&self, name: &str) -> i64;
    fn set_number(&mut self, name: &str, value: i64);
}

/// Operators from the loosest to the tightest.
const LEVELS: [&[&str]; 7] = [
    &["||"],
    &["&&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**"],
];

/// Computes an expression.
pub(super) fn compute(text: &str, numbers: &mut dyn Numbers) -> Result<i64, String> {
    let text = text.trim();
    let refused = || format!("the arithmetic `{text}` is not played by a stand-in");
    if text.is_empty() {
        return Ok(0);
    }
    for (sign, by) in [("++", 1), ("--", -1)] {
        let name =
            text.strip_suffix(sign).map(|n| (n, 0)).or(text.strip_prefix(sign).map(|n| (n, by)));
        if let Some((name, seen)) = name.filter(|(n, _)| is_variable(n.trim())) {
            let value = numbers.number(name.trim());
            numbers.set_number(name.trim(), value + by);
            return Ok(value + seen);
        }
    }
    if let Some((left, right)) = text.split_once('=').filter(|(_, r)| !r.starts_with('=')) {
        let (name, sign) = match left.trim_end().char_indices().last() {
            Some((at, sign)) if "+-*/%".contains(sign) => (&left[..at], Some(sign)),
            _ => (left, None),
        };
        let name = name.trim();
        if is_variable(name) {
            let right = compute(right, numbers)?;
            let value = match sign {
                Some(sign) => {
                    operate(&sign.to_string(), numbers.number(name), right).ok_or_else(refused)?
                }
                None => right,
            };
            numbers.set_number(name, value);
            return Ok(value);
        }
    }
    let mut reader = Reader { rest: text, numbers };
    let value = reader.level(0).ok_or_else(refused)?;
    if reader.rest.trim().is_empty() { Ok(value) } else { Err(refused()) }
}

fn operate(sign: &str, a: i64, b: i64) -> Option<i64> {
    match sign {
        "||" => Some(i64::from(a != 0 || b != 0)),
        "&&" => Some(i64::from(a != 0 && b != 0)),
        "==" => Some(i64::from(a == b)),
        "!=" => Some(i64::from(a != b)),
        "<=" => Some(i64::from(a <= b)),
        ">=" => Some(i64::from(a >= b)),
        "<" => Some(i64::from(a < b)),
        ">" => Some(i64::from(a > b)),
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        "**" => a.checked_pow(u32::try_from(b).ok()?),
        _ => None,
    }
}

struct Reader<'a> {
    rest: &'a str,
    numbers: &'a dyn Numbers,
}

impl Reader<'_> {
    fn level(&mut self, level: usize) -> Option<i64> {
        let Some(signs) = LEVELS.get(level) else { return self.atom() };
        let mut value = self.level(level + 1)?;
        loop {
            let rest = self.rest.trim_start();
            let found = signs.iter().find(|s| rest.starts_with(**s));
            // `**` is no product of something that begins with a star.
            let found = found.filter(|s| **s != "*" || !rest.starts_with("**"));
            let Some(sign) = found else { return Some(value) };
            self.rest = &rest[sign.len()..];
            let right = self.level(level + 1)?;
            value = operate(sign, value, right)?;
        }
    }

    fn atom(&mut self) -> Option<i64> {
        let rest = self.rest.trim_start();
        if let Some(inner) = rest.strip_prefix('(') {
            self.rest = inner;
            let value = self.level(0)?;
            self.rest = self.rest.trim_start().strip_prefix(')')?;
            return Some(value);
        }
        if let Some(inner) = rest.strip_prefix(['-', '!', '+']) {
            self.rest = inner;
            let value = self.atom()?;
            return match rest.as_bytes()[0] {
                b'-' => value.checked_neg(),
                b'!' => Some(i64::from(value == 0)),
                _ => Some(value),
            };
        }
        let rest = rest.strip_prefix('$').unwrap_or(rest);
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        self.rest = after;
        if is_variable(name) { Some(self.numbers.number(name)) } else { name.parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Numbers for BTreeMap<String, i64> {
        fn number(&self, name: &str) -> i64 {
            self.get(name).copied().unwrap_or(0)
        }

        fn set_number(&mut self, name: &str, value: i64) {
            self.insert(name.to_owned(), value);
        }
    }

    #[test]
    fn expressions_bind_as_in_c() {
        let mut vars = BTreeMap::from([("n".to_owned(), 4)]);
        for (text, value) in [
            ("1 + 2 * 3", 7),
            ("(1+2)*3", 9),
            ("10 - 2 - 3", 5),
            ("2**3 % 5", 3),
            ("n >= 4 && !0", 1),
            ("-n + $n", 0),
            ("n += 2", 6),
            ("n++", 6),
            ("n == 7", 1),
        ] {
            assert_eq!(compute(text, &mut vars), Ok(value), "{text}");
        }
        for text in ["1 +", "1 ? 2 : 3", "1 / 0", "a[1]"] {
            assert!(compute(text, &mut vars).is_err(), "{text}");
        }
    }
}
