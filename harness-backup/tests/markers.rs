//! Markers in the stores of a simulated server: each product, restarts, and every way of losing them.

#[path = "markers/played.rs"]
mod played;

use std::time::Duration;

use harness_backup::marker::{BROKEN, break_all, break_it, plant, plant_all, read, read_all};
use harness_backup::{Age, Fate, Marker, MarkerError, Product};
use harness_core::name::RunId;
use played::{Played, Way};

const PATIENCE: Duration = Duration::from_secs(30);

/// The products of which a server is played, and how.
const WAYS: [Way; 5] = [Way::Postgres, Way::MariaDb, Way::Sqlite, Way::Redis, Way::Files];

fn markers(way: Way, bulk: usize) -> Vec<Marker> {
    let run = RunId::try_from("r1".to_owned()).expect("a run's name");
    let of = |age: Age| {
        let value = format!("original-{}-it's", age.word());
        Marker::new(&run, &way.store(), age, value, bulk)
    };
    Age::ALL.map(of).to_vec()
}

fn words(fates: &[Result<Fate, MarkerError>]) -> Vec<&'static str> {
    fates.iter().map(|f| f.as_ref().map_or("error", Fate::word)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_planted_is_there_and_what_was_broken_is_not() {
    for way in WAYS {
        let (played, markers) = (Played::of(way), markers(way, 3000));
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        let fates = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&fates), ["survived"; 3], "{way:?} {fates:?}");
        assert_eq!(break_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        let fates = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&fates), ["altered", "altered", "lost"], "{way:?} {fates:?}");
        // All of it can be done again.
        assert_eq!(break_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        let fates = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&fates), ["survived"; 3], "{way:?} {fates:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ages_are_planted_one_after_the_other_and_do_not_meet() {
    for way in WAYS {
        let (played, markers) = (Played::of(way), markers(way, 0));
        plant(&played, &markers[0]).await.unwrap();
        let seen = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&seen), ["survived", "lost", "lost"], "{way:?}");
        plant(&played, &markers[2]).await.unwrap();
        break_it(&played, &markers[2]).await.unwrap();
        let seen = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&seen), ["survived", "lost", "lost"], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_again_is_waited_for() {
    for way in WAYS {
        let (played, markers) = (Played::of(way), markers(way, 600));
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        played.restart();
        let gone = read(&played, &markers[0], Duration::ZERO).await;
        assert!(matches!(gone, Err(MarkerError::Unreached { .. })), "{way:?} {gone:?}");
        let fate = read(&played, &markers[0], PATIENCE).await;
        // What Redis did not write to its volume is gone with the container.
        let expected = if way == Way::Redis { "lost" } else { "survived" };
        assert_eq!(words(&[fate]), [expected], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_table_and_an_empty_database_are_lost_markers() {
    let drops = [
        (
            Way::Postgres,
            "psql -U me app -c 'DROP TABLE zz_ccci_marker'",
            "relation \\\"zz_ccci_marker\\\" does not exist",
        ),
        (
            Way::Postgres,
            "psql -U me -d postgres -c 'DROP DATABASE app' -c 'CREATE DATABASE app'",
            "does not exist",
        ),
        (
            Way::Postgres,
            "psql -U me -d postgres -c 'DROP DATABASE app'",
            "database \\\"app\\\" does not exist",
        ),
        (Way::MariaDb, "mariadb -pr00t app -e 'DROP TABLE zz_ccci_marker'", "ERROR 1146"),
        (Way::MariaDb, "mariadb -pr00t -e 'DROP DATABASE app; CREATE DATABASE app'", "ERROR 1146"),
        (Way::MariaDb, "mariadb -pr00t -e 'DROP DATABASE app'", "ERROR 1049"),
        (
            Way::Sqlite,
            "rm /data/app.sqlite; sqlite3 /data/app.sqlite 'CREATE TABLE t (x text)'",
            "no such table",
        ),
        (Way::Sqlite, "rm /data/app.sqlite", "there is no database /data/app.sqlite"),
        (Way::Redis, "REDISCLI_AUTH=s3cret redis-cli FLUSHALL", "it is not there"),
        (Way::Files, "rm /data/.ccci-marker-r1-after-upgrade", "it is not there"),
    ];
    for (way, script, seen) in drops {
        let (played, markers) = (Played::of(way), markers(way, 0));
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{script}");
        played.ran(script);
        let fate = read(&played, &markers[1], PATIENCE).await.unwrap();
        assert!(fate.word() == "lost" && format!("{fate:?}").contains(seen), "{script}: {fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_of_yesterday_and_a_cut_bulk_are_altered() {
    let changes = [
        (Way::Postgres, "psql -U me app -c \"UPDATE zz_ccci_marker SET value = 'yesterday'\""),
        (Way::Postgres, "psql -U me app -c 'DELETE FROM zz_ccci_bulk WHERE part > 2'"),
        (Way::MariaDb, "mariadb -pr00t app -e \"UPDATE zz_ccci_marker SET value = 'yesterday'\""),
        (Way::MariaDb, "mariadb -pr00t app -e 'DELETE FROM zz_ccci_bulk WHERE part > 2'"),
        (Way::Sqlite, "sqlite3 /data/app.sqlite 'DELETE FROM zz_ccci_bulk WHERE part > 2'"),
        (Way::Redis, "REDISCLI_AUTH=s3cret redis-cli SET ccci-marker-r1-after-upgrade:bulk cut"),
        (Way::Files, "echo yesterday > /data/.ccci-marker-r1-after-upgrade"),
    ];
    for (way, script) in changes {
        let (played, markers) = (Played::of(way), markers(way, 3000));
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{script}");
        played.ran(script);
        let fate = read(&played, &markers[1], PATIENCE).await.unwrap();
        assert_eq!(fate.word(), "altered", "{script}: {fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dump_brings_back_what_was_broken() {
    let dumps = [
        (
            Way::Postgres,
            "pg_dump --clean --if-exists -U me app > /tmp/dump.sql",
            "psql -q -U me app -f /tmp/dump.sql",
        ),
        (
            Way::MariaDb,
            "mariadb-dump -pr00t app > /tmp/dump.sql",
            "mariadb -pr00t app < /tmp/dump.sql",
        ),
        (
            Way::Sqlite,
            "sqlite3 /data/app.sqlite .dump > /tmp/dump.sql",
            "rm /data/app.sqlite; sqlite3 /data/app.sqlite < /tmp/dump.sql",
        ),
    ];
    for (way, dump, restore) in dumps {
        let (played, markers) = (Played::of(way), markers(way, 3000));
        assert_eq!(plant_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        played.ran(dump);
        assert_eq!(break_all(&played, &markers).await, [Ok(()), Ok(()), Ok(())], "{way:?}");
        let fates = read_all(&played, &markers, PATIENCE).await;
        assert!(fates.iter().all(|f| f != &Ok(Fate::Survived)), "{way:?} {fates:?}");
        played.ran(restore);
        let fates = read_all(&played, &markers, PATIENCE).await;
        assert_eq!(words(&fates), ["survived"; 3], "{way:?} {fates:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_after_the_backup_is_told_from_other_text() {
    let (played, markers) = (Played::of(Way::Files), markers(Way::Files, 0));
    plant(&played, &markers[0]).await.unwrap();
    break_it(&played, &markers[0]).await.unwrap();
    assert_eq!(played.file(&markers[0].path()), Some(BROKEN.to_owned()));
    let fate = read(&played, &markers[0], PATIENCE).await.unwrap();
    assert!(format!("{fate:?}").contains("did not touch it"), "{fate:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_asked_is_nobodys_loss() {
    let postgres = Played::of(Way::Postgres);
    let mut markers = markers(Way::MariaDb, 0);
    // The container has no such server.
    let refused = read(&postgres, &markers[0], Duration::from_secs(1)).await;
    assert!(matches!(refused, Err(MarkerError::Unreached { .. })), "{refused:?}");
    markers[0].store.product = Product::MongoDb;
    let unknown = plant(&postgres, &markers[0]).await;
    assert_eq!(unknown, Err(MarkerError::Unsupported { product: Product::MongoDb }));
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_not_there_is_not_made_by_planting() {
    let (played, markers) = (Played::of(Way::Sqlite), markers(Way::Sqlite, 0));
    played.ran("rm /data/app.sqlite");
    let refused = plant(&played, &markers[0]).await;
    assert!(matches!(refused, Err(MarkerError::Refused { .. })), "{refused:?}");
    assert_eq!(played.file("/data/app.sqlite"), None);
}
