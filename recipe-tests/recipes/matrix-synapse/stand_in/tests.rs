//! The stand-in as its clients see it.

use serde_json::{Value, json};

use super::accounts::is_right;
use super::api::decoded;
use crate::app::play::Play;

const CONFIG: &str = "server_name: x.example\ndatabase:\n  name: psycopg2\n  args: {host: db, user: synapse, password: pw, dbname: synapse}\nsigning_key_path: /data/x.signing.key\nmedia_store_path: /data/media_store\nregistration_shared_secret: k1\n";

const DB: [(&str, &str); 3] =
    [("POSTGRES_USER", "synapse"), ("POSTGRES_PASSWORD", "pw"), ("POSTGRES_DB", "synapse")];

fn homeserver(version: &str) -> Play {
    let start = format!(
        "until (: < /dev/tcp/db/5432) 2> /dev/null; do sleep 0.5; done; printf '%s' '{CONFIG}' > /data/homeserver.yaml; exec /start.py"
    );
    let image = format!("matrixdotorg/synapse:v{version}");
    let mut play = Play::new()
        .service("db", "postgres:15.18", &DB, &["/var/lib/postgresql/data"])
        .service("app", &image, &[], &["/data"])
        .entrypoint(&["bash", "-c", &start]);
    play.up(30);
    play
}

/// Asks from inside; returns the status and the body.
fn ask(play: &mut Play, token: &str, words: &str) -> (u16, Value) {
    let (_, out, err) = play.run(
        "app",
        &format!("curl -s -H 'Authorization: Bearer {token}' -w '\\n%{{http_code}}' {words}"),
    );
    let (body, status) = out.rsplit_once('\n').unwrap_or_else(|| panic!("{words}: {out}{err}"));
    (status.parse().unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

const ADMIN: &str = "http://127.0.0.1:8008/_synapse/admin/v1/register";
const CLIENT: &str = "http://127.0.0.1:8008/_matrix/client/v3";

fn register(play: &mut Play, user: &str, mac: impl Fn(&str) -> String) -> (u16, Value) {
    let nonce = ask(play, "", ADMIN).1["nonce"].as_str().unwrap_or_default().to_owned();
    let body = json!({"nonce": nonce, "username": user, "password": "pw", "mac": mac(&nonce)});
    ask(play, "", &format!("{ADMIN} -d '{body}'"))
}

/// Makes an account; the stand-in's own test of the code says what is right.
fn token_of(play: &mut Play, user: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let (status, body) = register(play, user, |nonce| {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"k1").expect("any length will do");
        mac.update([nonce, user, "pw", "notadmin"].join("\0").as_bytes());
        mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect()
    });
    assert_eq!(status, 200, "{body}");
    body["access_token"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn only_who_knows_the_secret_registers() {
    let mac = "9b15f863caf29efe303a8b824493b4354a3b1750";
    assert!(is_right("k1", &["n1", "alice", "pw", "notadmin"], mac));
    assert!(!is_right("k1", &["n1", "alice", "pw", "admin"], mac));
    let mut play = homeserver("1.149.1");
    let (status, body) = register(&mut play, "alice", |_| mac.to_owned());
    assert_eq!((status, body["error"].as_str()), (403, Some("HMAC incorrect")));
    token_of(&mut play, "alice");
    let login = |password: &str| {
        let body = json!({"type": "m.login.password", "password": password, "identifier": {"type": "m.id.user", "user": "alice"}});
        format!("{CLIENT}/login -d '{body}'")
    };
    assert_eq!(ask(&mut play, "", &login("no")).0, 403);
    let (status, body) = ask(&mut play, "", &login("pw"));
    assert_eq!((status, body["user_id"].as_str()), (200, Some("@alice:x.example")));
    for _ in 0..3 {
        ask(&mut play, "", &login("pw"));
    }
    let (status, body) = ask(&mut play, "", &login("pw"));
    assert_eq!((status, body["errcode"].as_str()), (429, Some("M_LIMIT_EXCEEDED")));
}

#[test]
fn a_nonce_is_good_once_and_for_a_minute() {
    let mut play = homeserver("1.149.1");
    let nonce = ask(&mut play, "", ADMIN).1["nonce"].as_str().unwrap_or_default().to_owned();
    let body = json!({"nonce": nonce, "username": "a", "password": "b", "mac": "c"});
    let words = format!("{ADMIN} -d '{body}'");
    assert_eq!(ask(&mut play, "", &words).0, 403);
    let (status, body) = ask(&mut play, "", &words);
    assert_eq!((status, body["error"].as_str()), (400, Some("unrecognised nonce")));
    let nonce = ask(&mut play, "", ADMIN).1["nonce"].as_str().unwrap_or_default().to_owned();
    play.wait(61);
    let body = json!({"nonce": nonce, "username": "a", "password": "b", "mac": "c"});
    assert_eq!(ask(&mut play, "", &format!("{ADMIN} -d '{body}'")).0, 400);
}

#[test]
fn a_message_is_read_by_who_was_invited_and_by_nobody_else() {
    let mut play = homeserver("1.163.2");
    let (alice, bob) = (token_of(&mut play, "alice"), token_of(&mut play, "bob"));
    let (_, made) = ask(&mut play, &alice, &format!("{CLIENT}/createRoom -d '{{}}'"));
    let room = made["room_id"].as_str().unwrap_or_default().to_owned();
    assert!(room.starts_with('!') && !room.contains(':'), "{room}");
    let at = format!("{CLIENT}/rooms/{}", room.replace('!', "%21"));
    let read = format!("{at}/messages?dir=b");
    assert_eq!(ask(&mut play, &bob, &read).0, 403);
    assert_eq!(ask(&mut play, &bob, &format!("{at}/join -d '{{}}'")).0, 403);
    let invite = format!("{at}/invite -d '{{\"user_id\": \"@bob:x.example\"}}'");
    assert_eq!(ask(&mut play, &alice, &invite).0, 200);
    assert_eq!(ask(&mut play, &bob, &format!("{at}/join -d '{{}}'")).0, 200);
    let send = format!("{at}/send/m.room.message/1 -X PUT -d '{{\"body\": \"it is here\"}}'");
    let (first, again) = (ask(&mut play, &alice, &send), ask(&mut play, &alice, &send));
    assert_eq!(first, again);
    assert_eq!(ask(&mut play, &bob, &read).1["chunk"][0]["content"]["body"], "it is here");
    let hide = "psql -U synapse -c 'UPDATE events SET outlier = true'";
    assert_eq!(play.run("db", hide).0, 0);
    assert_eq!(ask(&mut play, &bob, &read).1["chunk"], json!([]));
    assert_eq!(ask(&mut play, "none", &read).1["errcode"], "M_UNKNOWN_TOKEN");
}

#[test]
fn without_its_database_it_says_500_and_is_healthy_all_the_same() {
    let mut play = homeserver("1.149.1");
    let alice = token_of(&mut play, "alice");
    let whoami = format!("{CLIENT}/account/whoami");
    assert_eq!(ask(&mut play, &alice, &whoami).0, 200);
    play.scale("db", 0);
    assert_eq!(ask(&mut play, &alice, &whoami).0, 500);
    assert_eq!(play.out("app", "curl -s http://127.0.0.1:8008/health"), "OK");
    play.scale("db", 1);
    assert_eq!(ask(&mut play, &alice, &whoami).0, 200);
}

#[test]
fn words_of_a_path_are_decoded() {
    assert_eq!(decoded("%21a%3Ax%"), "!a:x%");
}
