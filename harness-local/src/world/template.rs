//! Configs that are filled in when a container is made.

use std::collections::BTreeMap;

/// Replaces `{{ env "NAME" }}` and `{{ secret "name" }}`. Anything else between braces stays as it is.
pub(super) fn filled_in(
    data: &[u8],
    env: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> Vec<u8> {
    let text = String::from_utf8_lossy(data);
    let (mut filled, mut rest) = (String::new(), text.as_ref());
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((inner, tail)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        match value(inner.trim_matches(['-', ' ']), env, secrets) {
            Some(value) => filled.push_str(&value),
            None => filled.extend(["{{", inner, "}}"]),
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled.into_bytes()
}

fn value(
    call: &str,
    env: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> Option<String> {
    let (function, argument) = call.split_once(' ')?;
    let argument = argument.trim().strip_prefix('"')?.strip_suffix('"')?;
    match function {
        "env" => Some(env.get(argument).cloned().unwrap_or_default()),
        "secret" => {
            let value = secrets.get(argument).cloned().unwrap_or_default();
            Some(String::from_utf8_lossy(&value).into_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_secrets_are_filled_in_and_the_rest_stays() {
        let env = BTreeMap::from([("CHARSET".to_owned(), "utf-8".to_owned())]);
        let secrets = BTreeMap::from([("pw".to_owned(), b"s3".to_vec())]);
        let text = br#"charset {{ env "CHARSET" }}; {{secret "pw"}} {{ if x }} {{ open"#;
        let filled = filled_in(text, &env, &secrets);
        assert_eq!(String::from_utf8(filled).unwrap(), "charset utf-8; s3 {{ if x }} {{ open");
    }
}
