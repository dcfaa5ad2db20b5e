//! The stand-in as its clients see it.

use std::collections::BTreeMap;

use harness_core::name::{ServiceName, StackName};
use serde_json::{Value, json};

use super::git_tests::{Folder, lay};
use crate::app::play::Play;
use crate::world::Io;

const DB: [(&str, &str); 4] = [
    ("MYSQL_DATABASE", "gitea"),
    ("MYSQL_USER", "gitea"),
    ("MYSQL_PASSWORD", "pw"),
    ("MYSQL_ROOT_PASSWORD", "root"),
];

const APP: [(&str, &str); 7] = [
    ("GITEA__server__ROOT_URL", "https://git.example/"),
    ("GITEA__service__DISABLE_REGISTRATION", "true"),
    ("GITEA__database__DB_TYPE", "mysql"),
    ("GITEA__database__HOST", "db:3306"),
    ("GITEA__database__NAME", "gitea"),
    ("GITEA__database__USER", "gitea"),
    ("GITEA__database__PASSWD", "pw"),
];

const REPOSITORIES: &str = "/var/lib/gitea/git/repositories";

pub(super) fn gitea(version: &str) -> Play {
    let image = format!("gitea/gitea:{version}-rootless");
    let mut play = Play::new().service("db", "mariadb:10.11.18", &DB, &["/var/lib/mysql"]).service(
        "app",
        &image,
        &APP,
        &["/var/lib/gitea", "/etc/gitea"],
    );
    play.up(60);
    let create = "gitea admin user create --admin --username root1 --password password1 --email root1@example.org --must-change-password=false";
    assert_eq!(play.out("app", create), "New user 'root1' has been successfully created!\n");
    play
}

fn basic(who: &str) -> String {
    format!("-H 'Authorization: Basic {}'", super::base64::encode(who.as_bytes()))
}

/// Asks from inside; returns the status, 0 where nothing listens, and the body.
fn ask(play: &mut Play, who: &str, words: &str) -> (u16, Value) {
    let at = "http://127.0.0.1:3000";
    let who = if who.is_empty() { String::new() } else { basic(who) };
    let (_, out, _) = play.run("app", &format!("curl -s {who} -w '\\n%{{http_code}}' {at}{words}"));
    let (body, status) = out.rsplit_once('\n').unwrap_or_default();
    (status.parse().unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

const ROOT: &str = "root1:password1";

fn make(play: &mut Play, name: &str, is_private: bool) {
    let body = json!({"name": name, "private": is_private});
    assert_eq!(ask(play, ROOT, &format!("/api/v1/user/repos -d '{body}'")).0, 201);
    let file = json!({"content": "aGVsbG8K", "message": "a file"});
    let path = format!("/api/v1/repos/root1/{name}/contents/marker.txt -d '{file}'");
    assert_eq!(ask(play, ROOT, &path).0, 201);
}

/// Returns the files of a folder in the app, by path below it.
fn files(play: &mut Play, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let paths = play.out("app", &format!("find {folder} -type f"));
    let (stack, app) = ("s".to_owned(), "app".to_owned());
    let (stack, app) = (StackName::try_from(stack).unwrap(), ServiceName::try_from(app).unwrap());
    let mut found = BTreeMap::new();
    for path in paths.lines() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let argv = ["cat", path].map(str::to_owned);
        assert_eq!(play.world.exec(&stack, &app, &argv, &mut io), Ok(0), "{path}");
        found.insert(path.trim_start_matches(folder).trim_start_matches('/').to_owned(), out);
    }
    found
}

#[tokio::test]
async fn a_repository_in_the_volume_is_one_to_git() {
    let mut play = gitea("1.26.0");
    make(&mut play, "one", false);
    let folder = Folder::new();
    lay(&folder.path, &files(&mut play, &format!("{REPOSITORIES}/root1/one.git")));
    folder.git(&["fsck", "--strict", "--full"]).await;
    assert_eq!(folder.git(&["show", "main:marker.txt"]).await.trim_end(), "hello");
    let clone = folder.path.join("cloned");
    folder.git(&["clone", "--quiet", folder.path.as_str(), clone.as_str()]).await;
    assert_eq!(std::fs::read_to_string(clone.join("marker.txt")).unwrap(), "hello\n");
}

#[test]
fn it_says_its_version_and_changes_the_tables_of_an_older_one() {
    for (version, changes) in [("1.25.5", "323"), ("1.26.0", "331")] {
        let mut play = gitea(version);
        assert_eq!(ask(&mut play, "", "/api/v1/version").1["version"], version);
        let count = "mariadb -u gitea -ppw -N gitea -e 'SELECT version FROM version'";
        assert_eq!(play.out("db", count).trim(), changes);
    }
}

#[test]
fn the_tables_of_a_newer_one_are_refused() {
    let mut play = gitea("1.25.5");
    play.out("db", "mariadb -u gitea -ppw gitea -e 'UPDATE version SET version = 331'");
    play.scale("app", 0);
    play.scale("app", 1);
    let logs = play.logs("app");
    assert!(logs.contains("(migration version: 331) is for a newer Gitea"), "{logs}");
}

#[test]
fn without_its_database_it_is_not_well_and_with_postgres_it_is_not_played() {
    let mut play = gitea("1.26.0");
    assert_eq!(ask(&mut play, "", "/api/healthz").1["status"], "pass");
    play.scale("db", 0);
    assert_eq!(ask(&mut play, "", "/api/healthz").0, 503);
    assert_eq!(ask(&mut play, "", "/api/v1/users/root1").0, 500);
    let env = [("GITEA__database__DB_TYPE", "postgres")];
    let mut alone = Play::new().service("app", "gitea/gitea:1.26.0-rootless", &env, &[]);
    alone.up(10);
    let logs = alone.logs("app");
    assert!(logs.contains("the database postgres is not played by a stand-in"), "{logs}");
}

#[test]
fn a_private_repository_is_seen_by_its_owner_and_by_a_token_that_may() {
    let mut play = gitea("1.26.0");
    make(&mut play, "hidden", true);
    let path = "/api/v1/repos/root1/hidden";
    assert_eq!(ask(&mut play, "", path).0, 404);
    assert_eq!(ask(&mut play, "root1:wrong", path).0, 401);
    assert_eq!(ask(&mut play, ROOT, path).0, 200);
    for (scope, status) in [("read:repository", 200), ("read:issue", 403)] {
        let body = json!({"name": scope, "scopes": [scope]});
        let made = ask(&mut play, ROOT, &format!("/api/v1/users/root1/tokens -d '{body}'"));
        let token = made.1["sha1"].as_str().unwrap_or_default().to_owned();
        assert_eq!(ask(&mut play, &format!("root1:{token}"), path).0, status, "{scope}");
    }
    let refs = "/root1/hidden.git/info/refs?service=git-upload-pack";
    assert_eq!(ask(&mut play, "", refs).0, 401);
    assert_eq!(ask(&mut play, ROOT, refs).0, 200);
}

#[test]
fn a_file_does_for_a_database_and_outlives_the_process() {
    let env = [
        ("GITEA__server__ROOT_URL", "https://git.example/"),
        ("GITEA__database__DB_TYPE", "sqlite3"),
        ("GITEA__database__PATH", "/var/lib/gitea/data/gitea.db"),
    ];
    let volumes = ["/var/lib/gitea", "/etc/gitea"];
    let image = "gitea/gitea:1.26.0-rootless";
    let mut play = Play::new().service("app", image, &env, &volumes);
    play.up(20);
    let create = "gitea admin user create --admin --username root1 --password password1 --email root1@example.org";
    play.out("app", create);
    make(&mut play, "one", false);
    let issue = json!({"title": r"a \ b", "body": ""});
    let path = "/api/v1/repos/root1/one/issues";
    assert_eq!(ask(&mut play, ROOT, &format!("{path} -d '{issue}'")).0, 201);
    play.scale("app", 0);
    play.scale("app", 1);
    play.wait(20);
    assert_eq!(ask(&mut play, ROOT, &format!("{path}/1")).1["title"], issue["title"]);
    assert_eq!(ask(&mut play, "", "/api/healthz").1["status"], "pass");
}
