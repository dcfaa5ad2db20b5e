//! Names that someone may have meant. Main item: [`nearest`].

/// Returns how many characters must be changed, added, taken away or swapped with their neighbor to make one text of
/// the other.
pub fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

/// Returns the name that was most likely meant: the one that differs in the fewest places, if those are at most a
/// third of it. Capitals, `-` and `_` make no difference.
pub fn nearest<'a>(asked: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let asked = plain(asked);
    let scored = names.into_iter().map(|name| (distance(&asked, &plain(name)), name));
    let (apart, name) = scored.min_by_key(|(apart, _)| *apart)?;
    let longest = asked.chars().count().max(name.chars().count());
    (apart <= (longest / 3).max(1)).then_some(name)
}

/// Returns names as a sentence has them: each in backquotes, with commas.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("main", "mian"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("1.0.0", "1.0.1"), 1);
    }

    #[test]
    fn the_nearest_name_is_found_unless_all_are_far() {
        let names = ["path", "ok", "when-compose-file", "timeouts"];
        for (asked, found) in [
            ("paht", Some("path")),
            ("OK", Some("ok")),
            ("when_compose_file", Some("when-compose-file")),
            ("timeout", Some("timeouts")),
            ("volume", None),
            ("x", None),
        ] {
            assert_eq!(nearest(asked, names), found, "{asked}");
        }
        assert_eq!(nearest("path", []), None);
        assert_eq!(listed(names.into_iter().take(2)), "`path`, `ok`");
    }
}
