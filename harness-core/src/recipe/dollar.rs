//! `$NAME`, `${NAME}` and `${NAME:-default}`, as `.env` files and as compose files mean them.

/// What a dollar sign means beside a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A dollar sign that begins no known form stays, and so does a doubled one: `pa$$word` is `pa$$word`.
    EnvFile,
    /// A doubled dollar sign is one dollar sign, and one that begins no known form is an error.
    Compose,
}

/// A dollar sign that means nothing, with the text from it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadDollar(pub(super) String);

/// Returns the text with its variables replaced. A variable that is not set is empty.
///
/// # Errors
/// In a compose file, a dollar sign begins none of the known forms, or a `${NAME:?message}` is not set.
pub(super) fn expand(
    text: &str,
    dialect: Dialect,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, BadDollar> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("$$") {
            out.push_str(match dialect {
                Dialect::EnvFile => "$$",
                Dialect::Compose => "$",
            });
            rest = &rest[2..];
        } else if let Some((value, tail)) = form(rest, dialect, lookup)? {
            out.push_str(&value);
            rest = tail;
        } else {
            match dialect {
                Dialect::EnvFile => out.push('$'),
                Dialect::Compose => return Err(BadDollar(rest.chars().take(40).collect())),
            }
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Reads one form at the beginning of the text; `None` when there is none.
fn form<'a>(
    text: &'a str,
    dialect: Dialect,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(String, &'a str)>, BadDollar> {
    let after = &text[1..];
    if !after.starts_with('{') {
        let (name, tail) = name(after);
        return Ok((!name.is_empty()).then(|| (lookup(name).unwrap_or_default(), tail)));
    }
    let Some(end) = closing_brace(after) else { return Ok(None) };
    let (inside, tail) = (&after[1..end], &after[end + 1..]);
    let (name, modifier) = name(inside);
    if name.is_empty() {
        return Ok(None);
    }
    let value = lookup(name);
    let filled = value.clone().filter(|v| !v.is_empty());
    let chosen = if modifier.is_empty() {
        value.unwrap_or_default()
    } else if let Some(default) = modifier.strip_prefix(":-") {
        filled.map_or_else(|| expand(default, dialect, lookup), Ok)?
    } else if let Some(default) = modifier.strip_prefix('-') {
        value.map_or_else(|| expand(default, dialect, lookup), Ok)?
    } else if modifier.starts_with(":?") {
        filled.ok_or_else(|| BadDollar(text[..end + 2].to_owned()))?
    } else if modifier.starts_with('?') {
        value.ok_or_else(|| BadDollar(text[..end + 2].to_owned()))?
    } else {
        return Ok(None);
    };
    Ok(Some((chosen, tail)))
}

/// Splits a variable's name off the beginning of the text.
fn name(text: &str) -> (&str, &str) {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(if begins { end } else { 0 })
}

/// Returns where the brace at the beginning is closed.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[rstest]
    #[case("x$A.y", "x1.y")]
    #[case("${A}2", "12")]
    #[case("$UNSET", "")]
    #[case("${UNSET:-d}", "d")]
    #[case("${EMPTY:-d}", "d")]
    #[case("${EMPTY-d}", "")]
    #[case("${UNSET-d}", "d")]
    #[case("${UNSET:-${A}x}y", "1xy")]
    #[case("Host(`$A`${UNSET})", "Host(`1`)")]
    fn forms_mean_the_same_in_both(#[case] text: &str, #[case] expected: &str) {
        for dialect in [Dialect::EnvFile, Dialect::Compose] {
            assert_eq!(expand(text, dialect, &lookup).unwrap(), expected, "{dialect:?}");
        }
    }

    #[rstest]
    #[case("pa$$word", "pa$$word", Some("pa$word"))]
    #[case("100$", "100$", None)]
    #[case("$1", "$1", None)]
    #[case("${", "${", None)]
    #[case("${A", "${A", None)]
    #[case("${}", "${}", None)]
    #[case("${A!x}", "${A!x}", None)]
    fn other_dollars_stay_in_env_files(
        #[case] text: &str,
        #[case] env: &str,
        #[case] compose: Option<&str>,
    ) {
        assert_eq!(expand(text, Dialect::EnvFile, &lookup).unwrap(), env);
        assert_eq!(expand(text, Dialect::Compose, &lookup).ok().as_deref(), compose);
    }

    #[test]
    fn a_required_variable_that_is_not_set_is_named() {
        let error = expand("a ${UNSET:?set me} b", Dialect::Compose, &lookup).unwrap_err();
        assert_eq!(error, BadDollar("${UNSET:?set me}".to_owned()));
    }
}
