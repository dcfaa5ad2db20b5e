//! Which Debian mirror this machine uses.

use anyhow::Context as _;
use camino::Utf8Path;

/// Returns the mirror of this machine's own package sources.
pub(super) fn debian_mirror() -> anyhow::Result<String> {
    let mut texts = vec![std::fs::read_to_string("/etc/apt/sources.list").unwrap_or_default()];
    let parts =
        Utf8Path::new("/etc/apt/sources.list.d").read_dir_utf8().into_iter().flatten().flatten();
    let mut parts: Vec<_> = parts.map(|e| e.path().to_owned()).collect();
    parts.sort();
    texts.extend(parts.iter().map(|p| std::fs::read_to_string(p).unwrap_or_default()));
    let found = texts.iter().find_map(|t| parse_mirror(t));
    found.context("no mirror of Debian is named in /etc/apt/sources.list or sources.list.d: add one whose address ends in `/debian`")
}

/// Expects sources in either form, `deb [options] URI suite …` lines or `URIs:` fields, and returns the first that
/// looks like a mirror of Debian itself.
fn parse_mirror(sources: &str) -> Option<String> {
    let words = sources.lines().filter(|l| {
        let line = l.trim_start();
        line.starts_with("deb ") || line.starts_with("URIs:")
    });
    let uris = words
        .flat_map(str::split_whitespace)
        .filter(|w| w.starts_with("http://") || w.starts_with("https://"));
    uris.map(|uri| uri.trim_end_matches('/'))
        .find(|uri| uri.ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_sources_are_read() {
        let fields = "Types: deb\n# http://snapshot.example/debian\nURIs: http://security.example/debian-security\n\n\
                      Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n";
        assert_eq!(parse_mirror(fields).as_deref(), Some("http://mirror.example/debian"));
        let lines = "#deb http://old.example/debian x\ndeb [signed-by=/k] https://m.example/debian bookworm main\n";
        assert_eq!(parse_mirror(lines).as_deref(), Some("https://m.example/debian"));
        assert_eq!(parse_mirror("deb https://packages.example/apt cloud main"), None);
    }
}
