//! The stand-in as its clients see it.

use harness_core::name::{Domain, StackName};
use harness_core::secret::Secret;
use harness_sso::{KeySet, RealmName, verify};
use serde_json::{Value, json};

use super::database::changes_of;
use crate::app::play::Play;
use crate::world::{Blow, Mishap};

const DB: [(&str, &str); 4] = [
    ("MYSQL_DATABASE", "keycloak"),
    ("MYSQL_USER", "keycloak"),
    ("MYSQL_PASSWORD", "pw"),
    ("MYSQL_ROOT_PASSWORD", "root"),
];

const APP: [(&str, &str); 8] = [
    ("KC_HOSTNAME", "https://kc.example"),
    ("KC_DB", "mariadb"),
    ("KC_DB_URL_HOST", "db"),
    ("KC_DB_USERNAME", "keycloak"),
    ("KC_DB_PASSWORD", "pw"),
    ("KC_BOOTSTRAP_ADMIN_USERNAME", "admin"),
    ("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin-pw"),
    ("KC_HTTP_ENABLED", "true"),
];

fn keycloak(version: &str, seconds: u64) -> Play {
    let start = "until (: < /dev/tcp/db/3306) 2> /dev/null; do sleep 0.5; done; exec /opt/keycloak/bin/kc.sh start";
    let image = format!("keycloak/keycloak:{version}");
    let mut play = Play::new()
        .service("db", "mariadb:10.11.18", &DB, &["/var/lib/mysql"])
        .service("app", &image, &APP, &["/opt/keycloak/providers"])
        .entrypoint(&["bash", "-c", start]);
    play.up(seconds);
    play
}

/// Asks from inside; returns the status, 0 where nothing listens, and the body.
fn ask(play: &mut Play, words: &str) -> (u16, Value) {
    let (_, out, _) = play.run("app", &format!("curl -s -w '\\n%{{http_code}}' {words}"));
    let (body, status) = out.rsplit_once('\n').unwrap_or_default();
    (status.parse().unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

const AT: &str = "http://127.0.0.1:8080";

fn grant(play: &mut Play, password: &str) -> (u16, Value) {
    let form =
        format!("grant_type=password&client_id=admin-cli&username=admin&password={password}");
    ask(play, &format!("{AT}/realms/master/protocol/openid-connect/token -d '{form}'"))
}

fn admin(play: &mut Play, words: &str) -> (u16, Value) {
    let token = grant(play, "admin-pw").1["access_token"].as_str().unwrap_or_default().to_owned();
    ask(
        play,
        &format!("-H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' {words}"),
    )
}

fn realms(play: &mut Play) -> u16 {
    ask(play, &format!("{AT}/realms/team")).0
}

#[test]
fn a_wrong_password_is_another_status_in_each_version() {
    for (version, status) in [("26.5.6", 401), ("26.7.3", 400)] {
        let mut play = keycloak(version, 90);
        assert_eq!(grant(&mut play, "admin-pw").0, 200, "{}", play.logs("app"));
        let (seen, body) = grant(&mut play, "wrong");
        assert_eq!((seen, &body["error"]), (status, &json!("invalid_grant")));
        let (_, info) = admin(&mut play, &format!("{AT}/admin/serverinfo"));
        assert_eq!(info["systemInfo"]["version"], version);
        let (_, discovery) =
            ask(&mut play, &format!("{AT}/realms/master/.well-known/openid-configuration"));
        assert_eq!(discovery["issuer"], "https://kc.example/realms/master");
    }
}

#[test]
fn the_newer_version_listens_before_it_serves_and_the_older_does_not() {
    let ready = |play: &mut Play| ask(play, "http://127.0.0.1:9000/health/ready").0;
    let mut newer = keycloak("26.7.3", 40);
    assert_eq!((ready(&mut newer), realms(&mut newer)), (503, 503));
    newer.wait(40);
    assert_eq!((ready(&mut newer), realms(&mut newer)), (200, 404));
    let mut older = keycloak("26.5.6", 40);
    assert_eq!(ready(&mut older), 0, "nothing listens yet");
    older.wait(40);
    assert_eq!(ready(&mut older), 200);
}

#[test]
fn what_is_made_outlives_the_process_and_an_upgrade_changes_the_tables() {
    let mut play = keycloak("26.7.3", 90);
    assert_eq!(admin(&mut play, &format!("{AT}/admin/realms -d '{{\"realm\":\"team\"}}'")).0, 201);
    let count = "mariadb -u keycloak -ppw -N keycloak -e 'SELECT COUNT(*) FROM DATABASECHANGELOG'";
    assert_eq!(play.out("db", count).trim(), changes_of("26.7.3").to_string());
    assert!(changes_of("26.5.6") < changes_of("26.7.3"));
    play.scale("app", 0);
    play.scale("app", 1);
    play.wait(60);
    assert_eq!(realms(&mut play), 200, "{}", play.logs("app"));
}

#[test]
fn rows_that_change_behind_its_back_are_seen_once_it_forgets() {
    let mut play = keycloak("26.7.3", 90);
    let made = format!("{AT}/admin/realms -d '{{\"realm\":\"team\",\"displayName\":\"A\"}}'");
    assert_eq!(admin(&mut play, &made).0, 201);
    let name =
        |play: &mut Play| admin(play, &format!("{AT}/admin/realms/team")).1["displayName"].clone();
    let sql = |play: &mut Play, text: &str| {
        play.out("db", &format!("mariadb -u keycloak -ppw -N keycloak -e \"{text}\""))
    };
    let dump = "mariadb-dump -u keycloak -ppw --no-tablespaces keycloak > /tmp/dump.sql";
    play.out("db", dump);
    let change = format!("{AT}/admin/realms/team -X PUT -d '{{\"displayName\":\"B\"}}'");
    assert_eq!(admin(&mut play, &change).0, 204);
    play.out("db", "mariadb -u keycloak -ppw keycloak < /tmp/dump.sql");
    assert_eq!(name(&mut play), "B", "as it was before the restore");
    sql(&mut play, "DELETE FROM REALM WHERE NAME = 'team'");
    assert_eq!(realms(&mut play), 200, "a ghost");
    let clear = format!("{AT}/admin/realms/master/clear-realm-cache -X POST");
    assert_eq!(admin(&mut play, &clear).0, 204);
    assert_eq!(realms(&mut play), 404);
    play.out("db", "mariadb -u keycloak -ppw keycloak < /tmp/dump.sql");
    assert_eq!(
        (realms(&mut play), name(&mut play)),
        (200, json!("A")),
        "what is missing is not remembered"
    );
}

#[test]
fn without_its_database_it_says_500_and_is_not_ready() {
    let mut play = keycloak("26.7.3", 90);
    assert_eq!(grant(&mut play, "admin-pw").0, 200);
    play.scale("db", 0);
    assert_eq!(grant(&mut play, "admin-pw").0, 500);
    assert_eq!(ask(&mut play, "http://127.0.0.1:9000/health/ready").0, 503);
    play.scale("db", 1);
    assert_eq!(grant(&mut play, "admin-pw").0, 200);
}

#[test]
fn what_goes_wrong_from_within_is_suffered_once_it_serves() {
    let app = Domain::try_from("gite-a1b2c3.ccci.test".to_owned()).unwrap();
    let stack = StackName::try_from("s".to_owned()).unwrap();
    let mut play = keycloak("26.7.3", 40);
    play.world.trouble().beside().attend(&stack);
    let left = Blow::Suffers(Mishap::LeftOver(app.clone()));
    assert!(!play.world.strike_first(0, &left), "it does not serve yet");
    play.wait(50);
    assert!(play.world.strike_first(0, &left));
    let realm = RealmName::for_app(&app);
    assert_eq!(ask(&mut play, &format!("{AT}/realms/{realm}")).0, 200);
    let users = admin(&mut play, &format!("{AT}/admin/realms/{realm}/users")).1;
    assert_eq!(users[0]["username"], "left-over");
    let token = grant(&mut play, "admin-pw").1["access_token"].as_str().unwrap().to_owned();
    let listed = format!("-H 'Authorization: Bearer {token}' {AT}/admin/realms");
    assert_eq!(ask(&mut play, &listed).0, 200);
    let ended = Blow::Suffers(Mishap::AdministratorLoggedOut);
    assert!(play.world.strike_first(1, &ended));
    assert_eq!(ask(&mut play, &listed).0, 401);
    assert!(!play.world.strike_first(1, &ended), "nobody is logged in any more");
}

#[test]
fn a_slow_one_takes_so_many_times_as_long_to_boot() {
    let mut play = keycloak("26.7.3", 0);
    play.scale("app", 0);
    let stack = StackName::try_from("s".to_owned()).unwrap();
    play.world.trouble().beside().attend(&stack);
    play.world.trouble().beside().slow_down(0, 6);
    play.scale("app", 1);
    play.wait(90);
    assert_eq!(realms(&mut play), 0, "it listens after two minutes");
    play.wait(60);
    assert_eq!(realms(&mut play), 404);
}

#[test]
fn tokens_are_dated_by_its_own_clock() {
    let mut play = keycloak("26.7.3", 0);
    let stack = StackName::try_from("s".to_owned()).unwrap();
    play.world.trouble().beside().attend(&stack);
    play.world.trouble().beside().set_clock(0, jiff::SignedDuration::from_mins(-5));
    play.scale("app", 0);
    play.scale("app", 1);
    play.wait(90);
    let (status, given) = grant(&mut play, "admin-pw");
    assert_eq!(status, 200, "{}", play.logs("app"));
    let keys = ask(&mut play, &format!("{AT}/realms/master/protocol/openid-connect/certs")).1;
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    let token = Secret::new(given["access_token"].as_str().unwrap());
    let issued = verify(&token, &keys).unwrap().get("iat").and_then(Value::as_i64).unwrap();
    let behind = play.world.now().as_second() - issued;
    assert!((300..310).contains(&behind), "{behind}");
}

#[test]
fn a_start_without_its_password_ends() {
    let mut play = Play::new()
        .service("db", "mariadb:10.11.18", &DB, &["/var/lib/mysql"])
        .service("app", "keycloak/keycloak:26.7.3", &APP[..4], &[])
        .entrypoint(&["bash", "-c", "until (: < /dev/tcp/db/3306) 2> /dev/null; do sleep 0.5; done; exec /opt/keycloak/bin/kc.sh start"]);
    play.up(30);
    let logs = play.logs("app");
    assert!(logs.contains("Failed to start server: Access denied for user 'keycloak'"), "{logs}");
}
