use super::*;
use crate::floor::sample::{database, defined, files_of, name};

#[test]
fn every_volume_of_a_running_service_is_a_store_whatever_is_known_of_it() {
    let mut job = defined("job", &[("jobs", "/jobs")]);
    job.stays = false;
    let services = [
        defined("app", &[("data", "/data"), ("cache", "/c")]),
        job,
        defined("web", &[("data", "/d")]),
    ];
    let claims = Claims {
        volumes: vec!["data".to_owned()],
        excluded: vec!["cache".to_owned()],
        ..Claims::default()
    };
    let stores = files(&services, &[], &claims);
    let seen: Vec<_> = stores.iter().map(|s| (s.id(), s.service.as_str(), s.at.as_str())).collect();
    let expected = [("data", "app", "/data"), ("data", "web", "/d"), ("cache", "app", "/c")];
    let expected: Vec<_> = expected.iter().map(|(id, s, at)| ((*id).to_owned(), *s, *at)).collect();
    assert_eq!(seen, expected);
    assert_eq!(stores[1].coverage, Coverage::Whole);
    assert!(
        matches!(&stores[2].coverage, Coverage::Nothing { reason } if reason.contains("cache`"))
    );
    let mut known = files_of("cache", "app", "/elsewhere");
    known.coverage = Coverage::Whole;
    assert_eq!(files(&services, &[known], &claims)[2].coverage, Coverage::Whole);
}

#[test]
fn a_database_has_one_row_and_its_data_directory_none() {
    let mut server = database(Product::Postgres, "db");
    server.volume = Some("pg".to_owned());
    let mut file = database(Product::Sqlite, "app");
    file.volume = Some("data".to_owned());
    let stores = [
        files_of("pg", "db", "/pg"),
        files_of("data", "app", "/data"),
        files_of("data", "web", "/d"),
        server,
        file.clone(),
    ];
    assert_eq!(rows(&stores), ["data".to_owned(), "db:postgres".to_owned(), file.id()]);
}

#[test]
fn files_are_looked_for_at_the_same_service_and_path_first() {
    let store = files_of("data", "app", "/data");
    let now = [
        files_of("data", "web", "/srv"),
        files_of("data", "app", "/other"),
        files_of("data", "app", "/data"),
    ];
    assert_eq!(place(&store, &now, &[], &[]), Place::At(now[2].clone()));
    assert_eq!(place(&store, &now[..2], &[], &[]), Place::At(now[1].clone()));
    assert_eq!(place(&store, &now[..1], &[], &[]), Place::At(now[0].clone()));
}

#[test]
fn a_renamed_volume_is_lost_and_so_is_a_dropped_service_unless_announced() {
    let store = files_of("data", "app", "/data");
    let renamed = [defined("app", &[("data2", "/data")])];
    let now = [files_of("data2", "app", "/data")];
    let said = |place| match place {
        Place::Nowhere { instead } => instead,
        Place::At(_) | Place::Announced => panic!("it is somewhere: {place:?}"),
    };
    let instead = said(place(&store, &now, &renamed, &[]));
    assert!(instead.contains("mounts it nowhere") && instead.contains("`data2`"), "{instead}");
    let web = [defined("web", &[])];
    assert!(said(place(&store, &[], &web, &[name("web")])).contains("`app` is gone"));
    assert_eq!(place(&store, &[], &web, &[name("app")]), Place::Announced);
    let without = [defined("app", &[])];
    assert!(said(place(&store, &[], &without, &[])).contains("nothing is at /data"));
}

#[test]
fn a_database_that_became_another_product_is_the_same_store() {
    let store = database(Product::MySql, "db");
    let now = [database(Product::Redis, "db"), database(Product::MariaDb, "db")];
    assert_eq!(place(&store, &now, &[], &[]), Place::At(now[1].clone()));
    let redis = database(Product::Redis, "cache");
    assert!(matches!(
        place(&redis, &now, &[defined("cache", &[])], &[]),
        Place::Nowhere { instead } if instead.contains("no such database")
    ));
}
