use super::*;
use crate::floor::markers::Planting;
use crate::floor::sample::{contents, gzip, marker, stack};

fn archive(files: &[(&str, &[u8])]) -> Contents {
    contents(files, &["original-1", "o"])
}

fn whole(volumes: &[&str]) -> Claims {
    Claims { volumes: volumes.iter().map(|v| (*v).to_owned()).collect(), ..Claims::default() }
}

fn path(volume: &str, path: &str) -> Claims {
    Claims { paths: vec![(volume.to_owned(), path.to_owned())], ..Claims::default() }
}

fn seen(finding: Finding) -> String {
    match finding {
        Finding::Wrong { seen, .. } => seen,
        Finding::Right | Finding::Partly(_) | Finding::Nothing(_) => {
            panic!("it is not wrong: {finding:?}")
        }
    }
}

const MARKER: &str = "data/_data/.ccci-marker-r1-test";

#[test]
fn a_covered_volume_is_proven_by_its_marker() {
    let markers = [marker("data", "app", "/data", "original-1")];
    let right = archive(&[(MARKER, b"original-1")]);
    assert_eq!(volumes(&stack(), &whole(&["data"]), &markers, &right), Finding::Right);
    let stale = archive(&[(MARKER, b"original-0"), ("data/_data/x", b"x")]);
    let said = seen(volumes(&stack(), &whole(&["data"]), &markers, &stale));
    assert!(said.contains("`data`: 2 files") && said.contains("original-0"), "{said}");
}

#[test]
fn other_files_do_not_stand_in_for_a_marker() {
    let markers = [marker("data", "app", "/data", "original-1")];
    let without =
        archive(&[("data/_data/x", b"x"), ("other/_data/.ccci-marker-r1-test", b"original-1")]);
    let said = seen(volumes(&stack(), &whole(&["data"]), &markers, &without));
    assert!(said.contains("it is not there"), "{said}");
}

#[test]
fn one_marker_does_not_prove_two_volumes() {
    let markers = [marker("data", "app", "/data", "o"), marker("mail", "app", "/mail", "o")];
    let one = archive(&[(MARKER, b"o")]);
    let said = seen(volumes(&stack(), &whole(&["data", "mail"]), &markers, &one));
    assert!(said.starts_with("`mail`"), "{said}");
}

#[test]
fn a_volume_without_a_marker_needs_a_file_with_content() {
    let mut marker = marker("data", "app", "/data", "o");
    marker.planting = Planting::NotPlanted { reason: "read-only".to_owned() };
    let claims = whole(&["data"]);
    let markers = [marker];
    let full = archive(&[("data/_data/x", b"x")]);
    assert_eq!(volumes(&stack(), &claims, &markers, &full), Finding::Right);
    let hollow = archive(&[("data/_data/x", b"")]);
    assert!(seen(volumes(&stack(), &claims, &markers, &hollow)).contains("no file with content"));
}

#[test]
fn labels_that_cover_nothing_are_wrong() {
    let nothing = Claims { excluded: vec!["data".to_owned()], ..Claims::default() };
    let said = seen(volumes(&stack(), &nothing, &[], &archive(&[])));
    assert_eq!(said, "the backup labels cover nothing: data left out");
    assert!(
        seen(volumes(&stack(), &Claims::default(), &[], &archive(&[]))).contains("cover nothing")
    );
}

#[test]
fn labels_that_name_only_paths_leave_whole_volumes_out_and_the_other_way_round() {
    let finding = volumes(&stack(), &path("db", "backup.sql"), &[], &archive(&[]));
    assert!(matches!(finding, Finding::Nothing(_)));
    assert!(matches!(paths(&stack(), &whole(&["data"]), &archive(&[])), Finding::Nothing(_)));
}

#[test]
fn a_dump_is_there_with_content_to_its_end() {
    let dump = gzip(b"INSERT INTO t VALUES (1);");
    let claims = path("db", "/backup.sql.gz");
    let right = archive(&[("db/_data/backup.sql.gz", &dump)]);
    assert_eq!(paths(&stack(), &claims, &right), Finding::Right);
    let missing = archive(&[("db/_data/backup.sql.gz.tmp", &dump)]);
    assert!(seen(paths(&stack(), &claims, &missing)).contains("not there"));
    let cut = archive(&[("db/_data/backup.sql.gz", &dump[..dump.len() - 4])]);
    assert!(seen(paths(&stack(), &claims, &cut)).contains("to its end"));
    let empty = archive(&[("db/_data/backup.sql.gz", &gzip(b""))]);
    assert!(seen(paths(&stack(), &claims, &empty)).contains("to nothing"));
    let hollow = archive(&[("db/_data/backup.sql.gz", b"")]);
    assert!(matches!(paths(&stack(), &claims, &hollow), Finding::Wrong { .. }));
}

#[test]
fn a_plain_dump_must_not_be_empty() {
    let claims = path("db", "backup.sql");
    assert!(
        seen(paths(&stack(), &claims, &archive(&[("db/_data/backup.sql", b"")]))).contains("empty")
    );
    assert_eq!(
        paths(&stack(), &claims, &archive(&[("db/_data/backup.sql", b"x")])),
        Finding::Right
    );
}

#[test]
fn a_folder_is_there_by_what_lies_in_it() {
    let claims = path("data", "uploads/");
    let right = archive(&[("data/_data/uploads/2026/a.png", b"x"), ("data/_data/uploads/b", b"")]);
    assert_eq!(paths(&stack(), &claims, &right), Finding::Right);
    let beside = archive(&[("data/_data/uploads2/a.png", b"x")]);
    assert!(seen(paths(&stack(), &claims, &beside)).contains("not there"));
}

#[test]
fn only_what_the_labels_name_is_decompressed() {
    let claims = path("db", "dumps");
    let at = |rest: &str| format!("var/lib/docker/volumes/{}_{rest}", stack());
    assert!(names(&stack(), &claims, &at("db/_data/dumps/a.sql.gz")));
    assert!(!names(&stack(), &claims, &at("db/_data/dumps2/a.sql.gz")));
    assert!(!names(&stack(), &claims, &at("data/_data/dumps/a.sql.gz")));
}

const DUMP: &str = "-- MariaDB dump 10.19\n--\nINSERT INTO t VALUES (1);\n";

const CLOSING: &str = "-- Dump completed on 2026-11-21 22:45:50\n";

#[test]
fn a_dump_that_stops_before_its_tools_closing_line_is_named_with_its_end() {
    let whole = format!("{DUMP}{CLOSING}");
    let finding = |bytes: &[u8]| dumps(&archive(&[("db/_data/backup.sql.gz", &gzip(bytes))]));
    assert_eq!(finding(whole.as_bytes()), Finding::Right);
    let said = seen(finding(DUMP.as_bytes()));
    assert!(said.contains("backup.sql.gz") && said.contains("VALUES (1);"), "{said}");
    assert!(matches!(finding(b"x"), Finding::Nothing(_)));
    let bare = b"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=1 */;\n";
    assert!(matches!(finding(bare), Finding::Nothing(reason) if reason.contains("comments")));
}

#[test]
fn a_bad_dump_beside_a_good_one_is_an_older_one() {
    let whole = format!("{DUMP}{CLOSING}");
    let good = ("db/_data/backup.sql", whole.as_bytes());
    let old = ("db/_data/backup.sql.tmp", DUMP.as_bytes());
    let elsewhere = ("db/_data/sub/backup.sql", DUMP.as_bytes());
    assert_eq!(dumps(&archive(&[good, old])), Finding::Right);
    assert!(matches!(dumps(&archive(&[good, elsewhere])), Finding::Wrong { .. }));
}
