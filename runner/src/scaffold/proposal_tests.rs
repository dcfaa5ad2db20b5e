use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::recipe::{EnvFile, Repository};
use harness_core::suite::Settings;
use harness_local::bundle;
use rstest::rstest;

use super::*;
use crate::scaffold::files;

fn at(sample: &str, compose: &str) -> RecipeAt {
    RecipeAt {
        commit: Commit::try_from("2".repeat(40)).unwrap(),
        version: Some(Version::try_from("1.0.0+2".to_owned()).unwrap()),
        env_sample: EnvFile::parse(sample),
        env: EnvFile::parse(sample),
        compose: Compose::parse("compose.yml", compose).unwrap(),
        compose_files: vec!["compose.yml".to_owned()],
        exports: Vec::new(),
        files: ["compose.yml", "compose.smtp.yml", "docs/compose.x.yml"]
            .map(str::to_owned)
            .to_vec(),
    }
}

fn recipe() -> RecipeName {
    RecipeName::try_from("my-wiki".to_owned()).unwrap()
}

const SAMPLE: &str = "TYPE=my-wiki\nDOMAIN=wiki.example.com\nLETS_ENCRYPT_ENV=\nADMIN_EMAIL=\n";

const COMPOSE: &str = r#"
version: "3.8"
services:
  web:
    image: example/my-wiki:2
    volumes: ["wiki-data:/srv/data/", "cache:/tmp/cache:ro", "/etc/localtime:/etc/localtime:ro"]
    ports: ["2222:22", "7000:7000/udp"]
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"]
    deploy:
      labels:
        - "traefik.http.routers.x.rule=Host(`wiki.example.com`)"
        - "coop-cloud.x.timeout=900"
        - "backupbot.backup=true"
        - "backupbot.backup.volumes.uploads=false"
  worker:
    image: example/my-wiki:2
    volumes: ["wiki-data:/srv/data", "uploads:/srv/uploads"]
  setup:
    image: example/my-wiki:2
    volumes: ["once:/once"]
    deploy:
      restart_policy: {condition: none}
  db:
    image: pgautoupgrade/pgautoupgrade:17
    volumes: ["postgres:/var/lib/postgresql/data"]
  cache:
    image: valkey/valkey:8
volumes: {wiki-data: , cache: , uploads: , once: , postgres: }
"#;

#[test]
fn what_the_files_say_is_proposed() {
    let proposal = Proposal::new(&recipe(), &at(SAMPLE, COMPOSE));
    assert_eq!(proposal.routed.as_deref(), Some("web"));
    assert_eq!(proposal.health.as_deref(), Some("/api/health"));
    assert_eq!(proposal.timeout, Some(Duration::from_secs(900)));
    let volumes: Vec<_> = proposal
        .volumes
        .iter()
        .map(|v| (v.name.as_str(), v.service.as_str(), v.path.as_str(), v.backed_up))
        .collect();
    assert_eq!(
        volumes,
        [("wiki_data", "web", "/srv/data", true), ("uploads", "worker", "/srv/uploads", false)]
    );
    let databases: Vec<_> =
        proposal.databases.iter().map(|d| (d.product, d.service.as_str(), d.backed_up)).collect();
    assert_eq!(databases, [(Product::Postgres, "db", true), (Product::Redis, "cache", false)]);
    let ports: Vec<_> = proposal.ports.iter().map(|p| p.published.as_str()).collect();
    assert_eq!(ports, ["2222", "7000"]);
    assert_eq!(proposal.unset, ["ADMIN_EMAIL"]);
    assert_eq!(proposal.optional, ["compose.smtp.yml"]);
    assert!(proposal.has_backups);
}

#[rstest]
#[case("data", "data")]
#[case("wiki-data", "wiki_data")]
#[case("Wiki.Data", "wiki_data")]
#[case("2nd", "n2nd")]
#[case("_x_", "x")]
#[case("--", "n")]
fn a_key_becomes_a_name(#[case] key: &str, #[case] name: &str) {
    assert_eq!(snake(key), name);
}

#[test]
fn names_that_would_be_the_same_are_told_apart() {
    let compose = "version: '3.8'\nservices:\n  a:\n    image: x:1\n    volumes: ['a-b:/1', 'a.b:/2', 'A_b:/3']\nvolumes: {a-b: , a.b: , A_b: }\n";
    let proposal = Proposal::new(&recipe(), &at(SAMPLE, compose));
    let names: Vec<_> = proposal.volumes.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["a_b", "a_b_2", "a_b_3"]);
}

#[test]
fn the_settings_say_what_differs_and_ask_about_the_rest() {
    let files = files(&Proposal::new(&recipe(), &at(SAMPLE, COMPOSE)));
    insta::assert_snapshot!(files[0].text);
    let settings = Settings::parse(&recipe(), &files[0].text).unwrap();
    assert_eq!(settings.health.path, "/api/health");
    assert_eq!(settings.timeouts.deploy.0, Duration::from_secs(900));
}

#[test]
fn what_is_not_covered_is_listed() {
    let files = files(&Proposal::new(&recipe(), &at(SAMPLE, COMPOSE)));
    insta::assert_snapshot!(files[2].text);
}

#[test]
fn a_recipe_of_nothing_is_asked_for_nothing() {
    let compose = "version: '3.8'\nservices:\n  a:\n    image: x:1\n";
    let files = files(&Proposal::new(&recipe(), &at(SAMPLE, compose)));
    assert_eq!(Settings::parse(&recipe(), &files[0].text).unwrap(), Settings::default());
    assert!(files[1].text.contains("use recipe_tests::Suite;"), "{}", files[1].text);
}

/// Returns what rustfmt makes of a text: an error for what is no Rust.
async fn formatted(text: &str) -> String {
    let base = BaseEnv::capture();
    let rustfmt = Cmd::new("rustfmt", &base, Deadline::after(Duration::from_secs(20)));
    let output = rustfmt.args(["--edition", "2024"]).stdin(text.as_bytes()).run().await;
    output.expect("it is Rust").stdout
}

#[tokio::test]
async fn a_suite_is_proposed_for_every_bundled_recipe_that_can_be_read() {
    let guard = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(guard.path()).unwrap();
    let base = BaseEnv::capture();
    let (mut unread, mut suites) = (Vec::new(), String::new());
    for recipe in bundle::names() {
        let path = bundle::build(&recipe, dir, &base).await.unwrap();
        let repository = Repository::at(&path, &base);
        let head = repository.head().await.unwrap();
        let Ok(at) = repository.read_recipe(&head, &[]).await else {
            unread.push(recipe.to_string());
            continue;
        };
        let files = files(&Proposal::new(&recipe, &at));
        let settings = Settings::parse(&recipe, &files[0].text);
        assert!(settings.is_ok(), "{recipe}: {}", files[0].text);
        assert!(files[1].text.contains("pub fn suite() -> Suite {"), "{recipe}");
        // A green check that tests nothing would be worse than none.
        let mut code = files[1].text.lines().filter(|line| !line.trim_start().starts_with("//"));
        assert!(code.all(|line| !line.contains("Tier::Custom")), "{recipe}");
        suites.extend(["mod ", &snake(recipe.as_str()), " {\n", &files[1].text, "}\n"]);
    }
    formatted(&suites).await;
    assert_eq!(unread, ["broken-compose", "no-env-sample"]);
}
