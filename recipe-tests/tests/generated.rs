//! What `cc-ci new` writes compiles, and is a suite beside the floor: the files below `generated/` are what it writes for
//! the recipes described here, formatted.

#[expect(unreachable_pub, reason = "a suite is written as it is built in")]
#[path = "generated/everything.rs"]
mod everything;
#[expect(unreachable_pub, reason = "a suite is written as it is built in")]
#[path = "generated/nothing.rs"]
mod nothing;

use std::time::Duration;

use harness_core::name::{Commit, RecipeName, Version};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::store::Product;
use runner::scaffold::{Database, Port, Proposal, Volume, files};

fn nothing_of(recipe: &str) -> Proposal {
    Proposal {
        recipe: RecipeName::try_from(recipe.to_owned()).expect("it is a recipe's name"),
        commit: Commit::try_from("2".repeat(40)).expect("forty digits are a commit"),
        version: None,
        routed: None,
        health: None,
        timeout: None,
        volumes: Vec::new(),
        databases: Vec::new(),
        ports: Vec::new(),
        unset: Vec::new(),
        optional: Vec::new(),
        has_backups: false,
    }
}

fn everything_of(recipe: &str) -> Proposal {
    let volume = |key: &str, backed_up: bool| Volume {
        key: key.to_owned(),
        name: key.replace('-', "_"),
        service: "app".to_owned(),
        path: format!("/srv/{key}"),
        backed_up,
    };
    let database = |product: Product, service: &str| Database {
        product,
        service: service.to_owned(),
        name: service.to_owned(),
        backed_up: true,
    };
    Proposal {
        version: Version::try_from("1.0.0+2".to_owned()).ok(),
        routed: Some("app".to_owned()),
        health: Some("/api/health".to_owned()),
        timeout: Some(Duration::from_secs(900)),
        volumes: vec![
            volume("data", true),
            volume("a-volume-with-a-name-that-is-longer-than-most-of-them-are", false),
        ],
        databases: vec![
            database(Product::MariaDb, "db"),
            database(Product::Postgres, "postgres"),
            database(Product::Redis, "cache"),
        ],
        ports: vec![Port {
            service: "app".to_owned(),
            published: "2222".to_owned(),
            protocol: "tcp".to_owned(),
        }],
        has_backups: true,
        ..nothing_of(recipe)
    }
}

async fn suite_of(proposal: &Proposal) -> String {
    let files = files(proposal);
    let suite = files.into_iter().find(|f| f.name == "suite.rs").expect("there is a suite");
    let rustfmt =
        Cmd::new("rustfmt", &BaseEnv::capture(), Deadline::after(Duration::from_secs(20)))
            .args(["--edition", "2024"])
            .cwd(env!("CARGO_MANIFEST_DIR"));
    rustfmt.stdin(suite.text.into_bytes()).run().await.expect("it is Rust").stdout
}

/// A difference is written beside the file, to be looked at and moved over it.
fn is_as_written(file: &str, expected: &str, written: &str) {
    if expected != written {
        let path = format!("{}/tests/generated/{file}.new", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(&path, written).expect("it can be written");
        panic!("`cc-ci new` writes something else than {file} now: look at {path}");
    }
}

#[tokio::test]
async fn the_suites_that_are_compiled_here_are_what_is_written() {
    let everything = suite_of(&everything_of("everything")).await;
    is_as_written("everything.rs", include_str!("generated/everything.rs"), &everything);
    let nothing = suite_of(&nothing_of("nothing")).await;
    is_as_written("nothing.rs", include_str!("generated/nothing.rs"), &nothing);
}

#[test]
fn a_written_suite_can_be_made() {
    let suites = [everything::suite(), nothing::suite()].map(|suite| format!("{suite:?}"));
    assert!(suites[0].contains("Check upgrade::volume_data_survives"), "{}", suites[0]);
    assert!(suites[0].contains("Check restore::database_db_is_back"), "{}", suites[0]);
    assert!(!suites[0].contains("custom::"), "{}", suites[0]);
    assert!(!suites[1].contains("::"), "{}", suites[1]);
}
