use harness_core::name::ServiceName;

use super::super::archive::{gzip, pack, read, stack};
use super::*;

const NAME: &str = "ccci_marker_r1";
const VALUE: &str = "original-7f3a91c2d4";

fn store(product: Product, at: &str, coverage: Coverage) -> Store {
    Store {
        product,
        service: ServiceName::try_from("db".to_owned()).expect("a service's name"),
        at: at.to_owned(),
        volume: Some("db".to_owned()),
        coverage,
    }
}

fn paths(path: &str) -> Coverage {
    Coverage::Paths { paths: vec![path.to_owned()] }
}

fn asked(store: &Store, files: &[(&str, &[u8])]) -> Fate {
    let needles = [NAME.to_owned(), VALUE.to_owned()];
    let contents = read(pack(files).as_slice(), &needles, |_| false).expect("an archive");
    fate(&contents, &stack(), &Sought { store, name: NAME, value: VALUE, size: None })
}

fn pg_dump(rows: &str) -> Vec<u8> {
    format!("--\n-- PostgreSQL database dump\n--\n\n{rows}\n--\n-- PostgreSQL database dump complete\n--\n\n").into_bytes()
}

#[test]
fn a_file_survives_by_its_content_in_its_volume() {
    let whole = store(Product::Files, "/data", Coverage::Whole);
    let at = "db/_data/ccci_marker_r1";
    assert_eq!(asked(&whole, &[(at, VALUE.as_bytes())]), Fate::Survived);
    let altered = asked(&whole, &[(at, b"mutated")]);
    assert!(matches!(altered, Fate::Altered { seen } if seen.contains("`mutated`")));
    let other =
        asked(&whole, &[("other/_data/ccci_marker_r1", VALUE.as_bytes()), ("db/_data/x", b"x")]);
    assert!(matches!(other, Fate::Lost { seen } if seen.contains("1 files")));
    let uncovered = store(Product::Files, "/data", paths("sub"));
    assert!(matches!(asked(&uncovered, &[(at, VALUE.as_bytes())]), Fate::Lost { .. }));
}

#[test]
fn a_file_that_lost_its_end_is_altered() {
    let files = store(Product::Files, "/data", Coverage::Whole);
    let bytes = pack(&[("db/_data/.ccci_marker_r1", VALUE.as_bytes())]);
    let needles = [NAME.to_owned(), VALUE.to_owned()];
    let contents = read(bytes.as_slice(), &needles, |_| false).expect("an archive");
    let asked = |size| {
        let sought = Sought { store: &files, name: NAME, value: VALUE, size: Some(size) };
        fate(&contents, &stack(), &sought)
    };
    assert_eq!(asked(VALUE.len() as u64), Fate::Survived);
    assert!(matches!(asked(4096), Fate::Altered { seen } if seen.contains("of 4096")));
}

#[test]
fn a_row_survives_in_a_whole_dump_also_in_another_volume() {
    let db = store(Product::Postgres, "/var/lib/postgresql/data", paths("backup.sql"));
    let dump = pg_dump(&format!("COPY {NAME} FROM stdin;\n{VALUE}\n\\."));
    assert_eq!(asked(&db, &[("db/_data/backup.sql", &dump)]), Fate::Survived);
    assert_eq!(asked(&db, &[("dumps/_data/x.gz", &gzip(&dump))]), Fate::Survived);
}

#[test]
fn a_row_in_a_dump_that_is_cut_is_lost() {
    let db = store(Product::Postgres, "", paths("backup.sql"));
    let dump = pg_dump(VALUE);
    let cut = &dump[..dump.len() - 20];
    let fate = asked(&db, &[("db/_data/backup.sql", cut)]);
    assert!(matches!(fate, Fate::Lost { seen } if seen.contains("cut short")));
}

#[test]
fn a_dump_without_the_row_decides_over_raw_files_with_it() {
    let db = store(Product::Postgres, "", Coverage::Whole);
    let stale = pg_dump("nothing");
    let files: &[(&str, &[u8])] =
        &[("db/_data/base/1/2", VALUE.as_bytes()), ("db/_data/backup.sql", &stale)];
    assert!(matches!(asked(&db, files), Fate::Lost { seen } if seen.contains("backup.sql")));
    let named = pg_dump(NAME);
    let fate = asked(&db, &[("db/_data/backup.sql", &named)]);
    assert!(matches!(fate, Fate::Altered { .. }), "{fate:?}");
}

#[test]
fn raw_files_of_a_server_prove_a_value_and_its_absence_proves_nothing() {
    let db = store(Product::MariaDb, "/var/lib/mysql", Coverage::Whole);
    assert_eq!(asked(&db, &[("db/_data/app/t.ibd", VALUE.as_bytes())]), Fate::Survived);
    let fate = asked(&db, &[("db/_data/app/t.ibd", b"pages")]);
    assert!(matches!(fate, Fate::NotChecked { reason } if reason.contains("raw files")));
}

#[test]
fn nothing_of_a_store_in_the_backup_is_a_loss() {
    let db = store(Product::MariaDb, "/var/lib/mysql", paths("dump.sql"));
    assert!(matches!(asked(&db, &[("db/_data/x", b"x")]), Fate::Lost { .. }));
    assert!(matches!(asked(&db, &[("db/_data/dump.sql", b"")]), Fate::Lost { .. }));
    let excluded = store(Product::Redis, "", Coverage::Nothing { reason: "a cache".to_owned() });
    assert!(
        matches!(asked(&excluded, &[]), Fate::NotChecked { reason } if reason.contains("a cache"))
    );
}

#[test]
fn a_database_in_a_file_is_read_as_it_is() {
    let db = store(Product::Sqlite, "/data/app.db", Coverage::Whole);
    let file = include_bytes!("../../fixtures/dumps/app.db");
    let wal = ("db/_data/app.db-wal", VALUE.as_bytes());
    assert_eq!(asked(&db, &[("db/_data/app.db", file), wal]), Fate::Survived);
    let fate = asked(&db, &[("db/_data/app.db", file)]);
    assert!(matches!(fate, Fate::Lost { seen } if seen.contains("app.db")));
}

#[test]
fn what_was_not_searched_for_is_not_checked() {
    let db = store(Product::Files, "/data", Coverage::Whole);
    let contents = read(pack(&[]).as_slice(), &[], |_| false).expect("an archive");
    assert!(matches!(
        fate(&contents, &stack(), &Sought { store: &db, name: NAME, value: VALUE, size: None }),
        Fate::NotChecked { .. }
    ));
}
