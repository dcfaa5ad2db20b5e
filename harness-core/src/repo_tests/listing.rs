//! What git says is in a folder of a commit.

/// What git says of one thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) kind: Kind,
    /// Its size in bytes; none for a folder.
    pub(super) size: Option<u64>,
    pub(super) path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    SymbolicLink,
    Submodule,
}

/// Reads `git ls-tree -z --long`: mode, type, id and size, a tab, the path, a null byte. Nothing if it is cut or
/// otherwise not of that shape.
pub(super) fn parse(output: &str) -> Option<Vec<Listed>> {
    if output.is_empty() {
        return Some(Vec::new());
    }
    output.strip_suffix('\0')?.split('\0').map(entry).collect()
}

fn entry(text: &str) -> Option<Listed> {
    let (facts, path) = text.split_once('\t')?;
    let mut words = facts.split_ascii_whitespace();
    let (mode, _, _, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = match mode {
        "100644" | "100755" | "100664" => Kind::File,
        "040000" => Kind::Folder,
        "120000" => Kind::SymbolicLink,
        "160000" => Kind::Submodule,
        _ => return None,
    };
    Some(Listed { kind, size: size.parse().ok(), path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_apart() {
        let id = "eb96de94c0ffee00112233445566778899aabbcc";
        let output = format!(
            "100644 blob {id}      12\ttests/a.hurl\0120000 blob {id}      11\ttests/l.hurl\0040000 tree {id}       -\ttests/in\0160000 commit {id}       -\ttests/sub\0"
        );
        let kinds: Vec<_> = parse(&output).unwrap().iter().map(|l| (l.kind, l.size)).collect();
        let expected = [
            (Kind::File, Some(12)),
            (Kind::SymbolicLink, Some(11)),
            (Kind::Folder, None),
            (Kind::Submodule, None),
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_listing_that_was_cut_is_none() {
        assert_eq!(parse(""), Some(Vec::new()));
        assert_eq!(parse("100644 blob ab 1\ttests/a"), None);
        assert_eq!(parse("\n… 99 bytes left out …\n\0"), None);
    }
}
