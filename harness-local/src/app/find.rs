//! `find`, as far as recipes use it: names, kinds, and what to do with what was found.

use crate::world::{Inside, Io};

/// Finds files below a folder, by `-name`, `! -name` and `-type f`; prints or deletes them.
pub(super) fn find(inside: &mut Inside<'_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let Some((root, mut rest)) = words.split_first() else { return 1 };
    let (mut conditions, mut delete, mut negated) = (Vec::new(), false, false);
    while let Some((word, tail)) = rest.split_first() {
        rest = tail;
        match (*word, rest.first()) {
            ("!" | "-not", _) => negated = true,
            ("-delete", _) => delete = true,
            ("-name", Some(pattern)) => {
                conditions.push((std::mem::take(&mut negated), *pattern));
                rest = &rest[1..];
            }
            ("-type" | "-mindepth" | "-maxdepth", Some(_)) => rest = &rest[1..],
            ("-print", _) => {}
            (other, _) => {
                io.err.extend(format!("find: unknown predicate `{other}'\n").bytes());
                return 1;
            }
        }
    }
    for path in inside.below(root) {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        if !conditions.iter().all(|(negated, pattern)| is_like(pattern, &name) != *negated) {
            continue;
        }
        if delete {
            if inside.remove(&path).is_err() {
                return 1;
            }
        } else {
            io.out.extend(format!("{path}\n").bytes());
        }
    }
    0
}

/// Returns whether a name fits a pattern with `*` and `?`.
fn is_like(pattern: &str, name: &str) -> bool {
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            is_like(&pattern[1..], name)
                || name.chars().next().is_some_and(|c| is_like(pattern, &name[c.len_utf8()..]))
        }
        (Some(p), Some(n)) if p == '?' || p == n => {
            is_like(&pattern[p.len_utf8()..], &name[n.len_utf8()..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fits) in
            [("*.html", "a.html", true), ("a?c", "abc", true), ("a", "ab", false), ("*", "", true)]
        {
            assert_eq!(is_like(pattern, name), fits, "{pattern} {name}");
        }
    }
}
