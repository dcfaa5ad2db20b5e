//! Patterns, escapes and formats.

/// Returns whether a text fits a pattern: `*`, `?`, `[…]`, and `\` before what is meant as it is.
pub(in crate::app) fn fits(pattern: &str, text: &str) -> bool {
    let Some(p) = pattern.chars().next() else { return text.is_empty() };
    let tail = &pattern[p.len_utf8()..];
    let next = text.chars().next();
    let after = next.map_or("", |c| &text[c.len_utf8()..]);
    match p {
        '*' => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| fits(tail, &text[at..]))
        }
        '?' => next.is_some() && fits(tail, after),
        '[' => match (bracket(tail), next) {
            (Some((set, rest)), Some(c)) => in_set(set, c) && fits(rest, after),
            (Some(_), None) => false,
            (None, _) => next == Some('[') && fits(tail, after),
        },
        '\\' => {
            let Some(literal) = tail.chars().next() else { return text == "\\" };
            next == Some(literal) && fits(&tail[literal.len_utf8()..], after)
        }
        p => next == Some(p) && fits(tail, after),
    }
}

/// Splits what follows a `[` into the set and the rest of the pattern.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let skip = usize::from(text.starts_with(['!', '^']));
    let first = usize::from(text[skip..].starts_with(']'));
    let mut from = skip + first;
    // `[[:digit:]]`: the inner bracket ends no set.
    while let Some(inner) =
        text[from..].find("[:").filter(|at| text[from..].find(']').is_some_and(|end| *at < end))
    {
        from += inner + text[from + inner..].find(":]")? + 2;
    }
    let end = from + text[from..].find(']')?;
    Some((&text[..end], &text[end + 1..]))
}

fn in_set(set: &str, c: char) -> bool {
    let (negated, mut rest) = match set.strip_prefix(['!', '^']) {
        Some(rest) => (true, rest),
        None => (false, set),
    };
    let mut found = false;
    while let Some(first) = rest.chars().next() {
        if let Some(class) = rest.strip_prefix("[:")
            && let Some((name, after)) = class.split_once(":]")
        {
            found |= match name {
                "digit" => c.is_ascii_digit(),
                "alpha" => c.is_ascii_alphabetic(),
                "alnum" => c.is_ascii_alphanumeric(),
                "space" | "blank" => c.is_whitespace(),
                "upper" => c.is_ascii_uppercase(),
                "lower" => c.is_ascii_lowercase(),
                _ => false,
            };
            rest = after;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        let last = rest.strip_prefix('-').and_then(|r| r.chars().next());
        match last {
            Some(last) => {
                found |= (first..=last).contains(&c);
                rest = &rest[1 + last.len_utf8()..];
            }
            None => found |= first == c,
        }
    }
    found != negated
}

/// Writes a text so that a pattern means it as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "*?[]\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Returns whether a pattern holds something that stands for more than itself.
pub(super) fn is_pattern(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let special = !escaped && "*?[".contains(c);
        escaped = !escaped && c == '\\';
        special
    })
}

/// Takes the escapes of a pattern out again.
pub(super) fn plain(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// Reads the escapes of `$'…'`, `echo -e` and `printf`.
pub(in crate::app) fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(next) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        rest = &rest[next.len_utf8()..];
        match next {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\\' | '\'' | '"' => out.push(next),
            '0'..='7' => {
                let length =
                    rest.find(|c: char| !('0'..='7').contains(&c)).unwrap_or(rest.len()).min(2);
                let digits = format!("{next}{}", &rest[..length]);
                let code = u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32);
                out.extend(code);
                rest = &rest[length..];
            }
            other => out.extend(['\\', other]),
        }
    }
    out
}

/// Fills in a format as `printf` does; a directive that is not played is returned.
pub(in crate::app) fn formatted(format: &str, words: &[&str]) -> Result<String, String> {
    let mut out = String::new();
    let mut words = words.iter();
    loop {
        let before = words.len();
        let mut rest = format;
        while let Some((text, after)) = rest.split_once('%') {
            out.push_str(&unescaped(text));
            let end = after.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(0);
            let (flags, directive) = after.split_at(end);
            let kind = directive.chars().next().unwrap_or(' ');
            rest = directive.get(1..).unwrap_or_default();
            let mut word = || words.next().copied().unwrap_or_default();
            let value = match kind {
                '%' => "%".to_owned(),
                's' => word().to_owned(),
                'b' => unescaped(word()),
                'q' => format!("'{}'", word().replace('\'', "'\\''")),
                'd' | 'i' => word().parse::<i64>().unwrap_or(0).to_string(),
                other => return Err(format!("printf: %{flags}{other}")),
            };
            out.push_str(&padded(&value, flags).ok_or_else(|| format!("printf: %{flags}{kind}"))?);
        }
        out.push_str(&unescaped(rest));
        if words.len() == 0 || words.len() == before {
            return Ok(out);
        }
    }
}

fn padded(value: &str, flags: &str) -> Option<String> {
    if flags.is_empty() {
        return Some(value.to_owned());
    }
    let (left, width) = match flags.strip_prefix('-') {
        Some(width) => (true, width),
        None => (false, flags),
    };
    let zero = width.starts_with('0') && !left;
    let width: usize = width.parse().ok()?;
    Some(match (left, zero) {
        (true, _) => format!("{value:<width$}"),
        (false, true) => format!("{value:0>width$}"),
        (false, false) => format!("{value:>width$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*.sql", "a.sql", true),
            ("[a-c]?", "b1", true),
            ("[!a-c]*", "b", false),
            ("[[:digit:]]x", "7x", true),
            ("a\\*", "ab", false),
            ("a\\*", "a*", true),
            ("", "", true),
            ("-*", "--help", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_format_is_used_again_for_more_words() {
        assert_eq!(formatted("%s=%d\\n", &["a", "1", "b", "2"]), Ok("a=1\nb=2\n".to_owned()));
        assert_eq!(formatted("%-3s|%03d%%", &["x", "7"]), Ok("x  |007%".to_owned()));
        assert!(formatted("%x", &["1"]).is_err());
        assert_eq!(unescaped("a\\tb\\\\n\\041"), "a\tb\\n!");
    }
}
