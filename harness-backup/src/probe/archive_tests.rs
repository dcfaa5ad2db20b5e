use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use harness_core::name::{Domain, StackName};

use super::super::look::look_into;
use super::super::{Kind, Packing};
use super::*;

pub(in crate::probe) fn stack() -> StackName {
    let domain = Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).expect("a domain");
    StackName::from(&domain)
}

pub(in crate::probe) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn tape(files: &[(String, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

/// Packs files, each a path below the volumes' folder and its content, as a backup does.
pub(in crate::probe) fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let path = |path: &str| format!("var/lib/docker/volumes/{}_{path}", stack());
    gzip(&tape(&files.iter().map(|(p, content)| (path(p), *content)).collect::<Vec<_>>()))
}

const MARKER: &str = "ccci-marker-7f3a91c2d4";

fn contents(files: &[(&str, &[u8])]) -> Contents {
    read(pack(files).as_slice(), &[MARKER.to_owned()], |_| true).expect("an archive")
}

/// Reads one file.
fn one(content: &[u8]) -> Entry {
    contents(&[("db/_data/dump", content)]).entries()[0].clone()
}

macro_rules! dump {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/dumps/", $name)).as_slice()
    };
}

/// Recorded dumps; the length is the part of each without which it is cut: blank lines at the end are not.
fn recorded() -> Vec<(&'static str, &'static [u8], Kind)> {
    vec![
        ("pg_plain", dump!("pg_plain.sql"), Kind::PgDump),
        ("pg_all", dump!("pg_all.sql"), Kind::PgDumpAll),
        ("pg_custom", dump!("pg_custom.dump"), Kind::PgCustom),
        ("pg_custom0", dump!("pg_custom0.dump"), Kind::PgCustom),
        ("pg_tar", dump!("pg_tar.tar"), Kind::Tar),
        ("mysql", dump!("mysql.sql"), Kind::MySqlDump),
        ("mysql_nodate", dump!("mysql_nodate.sql"), Kind::MySqlDump),
        ("sqlite_dump", dump!("sqlite_dump.sql"), Kind::SqliteDump),
        ("sqlite", dump!("app.db"), Kind::SqliteFile),
        ("redis", dump!("dump.rdb"), Kind::RedisRdb),
    ]
}

#[test]
fn what_real_tools_wrote_is_recognized_whole_and_holds_the_marker() {
    for (name, bytes, kind) in recorded() {
        let contents = contents(&[("db/_data/dump", bytes)]);
        let entry = &contents.entries()[0];
        assert_eq!((entry.kind(), entry.verdict()), (kind, &Verdict::Complete), "{name}");
        assert!(contents.holds(entry, MARKER), "{name} holds the marker");
        assert!(!contents.holds(entry, "something else"));
    }
}

#[test]
fn a_dump_that_is_cut_anywhere_before_its_end_is_never_complete() {
    let needles = Needles::new(&[]);
    let how = How { needles: &needles, is_wanted: true, depth: DEPTH };
    for (name, bytes, _) in recorded() {
        // Blank lines at the end, and what fills up an archive, are no part of the dump.
        let end = match name {
            "mysql_nodate" => bytes.len(),
            "pg_tar" => bytes.len() - 512,
            "sqlite" | "redis" | "pg_custom" | "pg_custom0" => bytes.len(),
            _ => bytes.trim_ascii_end().len(),
        };
        for cut in 0..end {
            let look = look_into(&mut &bytes[..cut], how).unwrap();
            assert_ne!(look.verdict, Verdict::Complete, "{name} cut at {cut} of {}", bytes.len());
        }
    }
}

#[test]
fn a_dump_that_is_cut_half_way_is_known_to_be_bad() {
    for (name, bytes, _) in recorded() {
        let entry = one(&bytes[..bytes.len() / 2]);
        let Verdict::Cut { lacks, last } = entry.verdict() else {
            panic!("{name}: {:?}", entry.verdict());
        };
        assert!(!lacks.is_empty() && !last.is_empty(), "{name}: {lacks}: {last}");
    }
}

#[test]
fn what_a_tool_could_not_dump_is_cut() {
    assert!(matches!(one(dump!("mysql_nosuch.sql")).verdict(), Verdict::Cut { .. }));
    assert_eq!(one(b"").verdict(), &Verdict::Empty);
    assert_eq!(one(&gzip(b"")).verdict(), &Verdict::Empty);
}

#[test]
fn a_dump_without_comments_is_neither_whole_nor_cut() {
    for bytes in [dump!("mysql_nocomments.sql"), dump!("mysql_compact.sql")] {
        let entry = one(bytes);
        assert_eq!(entry.kind(), Kind::MySqlBare);
        assert!(matches!(entry.verdict(), Verdict::Unknown { .. }), "{:?}", entry.verdict());
    }
}

#[test]
fn a_dump_of_the_schema_alone_is_whole() {
    assert_eq!(one(dump!("pg_schema.dump")).verdict(), &Verdict::Complete);
}

fn packed(tool: &str, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match tool {
        "gzip" => out = gzip(content),
        "zstd" => out = zstd::encode_all(content, 3).expect("memory takes it"),
        "bzip2" => {
            let mut encoder = bzip2::write::BzEncoder::new(&mut out, bzip2::Compression::fast());
            encoder.write_all(content).expect("memory takes it");
            encoder.finish().expect("memory takes it");
        }
        "xz" => out = dump!("mysql.sql.xz").to_vec(),
        other => panic!("{other} is not known"),
    }
    out
}

#[test]
fn what_is_compressed_is_opened_by_its_first_bytes_and_judged_by_its_content() {
    let dump = dump!("mysql.sql");
    for tool in ["gzip", "zstd", "bzip2", "xz"] {
        let bytes = packed(tool, dump);
        let contents = contents(&[("db/_data/no-ending", &bytes)]);
        let entry = &contents.entries()[0];
        assert_eq!(
            (entry.kind(), entry.verdict()),
            (Kind::MySqlDump, &Verdict::Complete),
            "{tool}"
        );
        assert!(
            matches!(entry.packing(), Packing::Opened { by, size } if *by == tool && *size == dump.len() as u64)
        );
        assert!(contents.holds(entry, MARKER), "{tool}");
        for cut in [bytes.len() / 4, bytes.len() / 2, bytes.len() - 5, bytes.len() - 1] {
            let entry = one(&bytes[..cut]);
            assert!(entry.verdict().is_bad(), "{tool} cut at {cut}: {:?}", entry.verdict());
            assert!(
                matches!(entry.packing(), Packing::Broken { by, .. } if *by == tool),
                "{tool} cut at {cut}"
            );
        }
    }
}

#[test]
fn a_compression_that_is_not_opened_is_named() {
    let entry = one(b"\x04\x22\x4d\x18rest");
    assert_eq!(entry.packing(), &Packing::Unopened { by: "lz4" });
    assert!(!entry.verdict().is_bad());
}

#[test]
fn a_folder_by_pg_dump_is_whole_with_all_its_files() {
    let toc = dump!("pg_dir/toc.dat");
    let named = one(toc).look.files;
    assert!(named.len() >= 2, "{named:?}");
    let data = gzip(b"1\tx\n");
    let paths: Vec<String> = named.iter().map(|f| format!("db/_data/d/{f}.gz")).collect();
    let mut files: Vec<(&str, &[u8])> =
        paths.iter().map(|p| (p.as_str(), data.as_slice())).collect();
    files.push(("db/_data/d/toc.dat", toc));
    let verdict = |files: &[(&str, &[u8])]| {
        contents(files).entries().last().expect("a file").verdict().clone()
    };
    assert_eq!(verdict(&files), Verdict::Complete);
    assert!(
        matches!(verdict(&files[1..]), Verdict::Cut { lacks, .. } if lacks.contains("not there"))
    );
    files[0].1 = &data[..data.len() - 4];
    assert!(
        matches!(verdict(&files), Verdict::Cut { lacks, .. } if lacks.contains("gzip broke off"))
    );
}

#[test]
fn a_dump_in_an_archive_in_the_backup_is_found() {
    let inner = tape(&[("dumps/app.sql".to_owned(), dump!("pg_plain.sql"))]);
    let contents = contents(&[("db/_data/dumps.tgz", &gzip(&inner))]);
    let entry = &contents.entries()[0];
    assert_eq!((entry.kind(), entry.verdict()), (Kind::Tar, &Verdict::Complete));
    assert_eq!(entry.inner()[0].kind(), Kind::PgDump);
    assert!(contents.holds(entry, MARKER));
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
fn an_archive_that_is_cut_short_is_broken_wherever_it_is_cut() {
    let content = noise();
    let dump = gzip(&content);
    let bytes = pack(&[("data/_data/a", &content), ("data/_data/b.gz", &dump)]);
    for cut in [1, 8, bytes.len() / 4, bytes.len() / 2, bytes.len() - 10] {
        let short = &bytes[..bytes.len() - cut];
        let read = read(short, &[], |_| true);
        assert!(matches!(read, Err(ArchiveError::Broken { .. })), "{cut} bytes cut: {read:?}");
    }
    assert_eq!(read(bytes.as_slice(), &[], |_| true).unwrap().entries().len(), 2);
}

#[test]
fn a_dump_that_is_cut_short_does_not_break_the_archive() {
    let dump = gzip(&noise());
    let contents =
        contents(&[("db/_data/b.sql.gz", &dump[..dump.len() / 2]), ("db/_data/after", b"x")]);
    assert!(matches!(contents.entries()[0].packing(), Packing::Broken { .. }));
    assert_eq!(contents.entries()[1].size(), 1);
}

#[test]
fn what_is_no_archive_is_broken() {
    for bytes in [b"".as_slice(), b"not found"] {
        assert!(matches!(read(bytes, &[], |_| true), Err(ArchiveError::Broken { files: 0, .. })));
    }
}
