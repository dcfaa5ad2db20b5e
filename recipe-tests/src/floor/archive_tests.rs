use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::floor::sample::stack;

pub(in crate::floor) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Packs files, each a path below the volumes' folder and its content, as a backup does.
pub(in crate::floor) fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let path = format!("var/lib/docker/volumes/{}_{path}", stack());
        builder.append_data(&mut header, path, *content).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

/// Reads what [`pack`] packed, every `.gz` in it looked into.
pub(in crate::floor) fn read_all(bytes: &[u8]) -> Archive {
    read(bytes, |_| true)
}

// Noise, so that compression leaves something to cut off.
fn noise() -> Vec<u8> {
    let step = |n: &mut u32| {
        *n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*n >> 24) as u8)
    };
    std::iter::repeat(()).scan(7, |n, ()| step(n)).take(40_000).collect()
}

#[test]
fn markers_and_dumps_are_looked_into() {
    let dump = gzip(b"INSERT INTO t VALUES (1);");
    let bytes = pack(&[
        ("data/_data/.ccci-marker-r1-backup", b"original-1"),
        ("db/_data/backup.sql.gz", &dump),
        ("data/_data/sub/page.txt", b"hi"),
    ]);
    let entries = read_all(&bytes).unwrap();
    let inside: Vec<_> = entries.iter().map(|e| e.inside.clone()).collect();
    assert_eq!(inside, [Inside::Marker(b"original-1".to_vec()), Inside::Gzip(25), Inside::Unread]);
    assert_eq!(entries[2].within(&stack(), "data"), Some("sub/page.txt"));
    assert_eq!(entries[2].within(&stack(), "db"), None);
    assert_eq!(entries[2].size, 2);
}

#[test]
fn only_what_is_asked_for_is_decompressed() {
    let bytes = pack(&[("data/_data/a.gz", &gzip(b"a")), ("db/_data/b.gz", &gzip(b"b"))]);
    let entries = read(bytes.as_slice(), |path| path.ends_with("b.gz")).unwrap();
    assert_eq!(entries[0].inside, Inside::Unread);
    assert_eq!(entries[1].inside, Inside::Gzip(1));
}

#[test]
fn a_volume_whose_name_ends_alike_is_another() {
    let entry = Entry {
        path: format!("volumes/other-{}_data/_data/x", stack()),
        size: 1,
        inside: Inside::Unread,
    };
    assert_eq!(entry.within(&stack(), "data"), None);
}

#[test]
fn an_archive_that_is_cut_short_is_broken_wherever_it_is_cut() {
    let content = noise();
    let bytes = pack(&[("data/_data/a", &content), ("data/_data/b", &content)]);
    for cut in [1, 8, bytes.len() / 2, bytes.len() - 10] {
        let short = &bytes[..bytes.len() - cut];
        assert!(matches!(read_all(short), Err(ArchiveError::Broken { .. })), "{cut} bytes cut");
    }
    assert_eq!(read_all(&bytes).unwrap().len(), 2);
}

#[test]
fn a_dump_that_is_cut_short_does_not_break_the_archive() {
    let dump = gzip(&noise());
    let bytes =
        pack(&[("db/_data/backup.sql.gz", &dump[..dump.len() / 2]), ("db/_data/after", b"x")]);
    let entries = read_all(&bytes).unwrap();
    assert!(matches!(entries[0].inside, Inside::BrokenGzip(_)));
    assert_eq!(entries.len(), 2);
}

#[test]
fn what_is_no_archive_is_broken() {
    assert!(matches!(read_all(b""), Err(ArchiveError::Broken { files: 0, .. })));
    assert!(matches!(read_all(b"not found"), Err(ArchiveError::Broken { files: 0, .. })));
}
