//! Synapse with PostgreSQL: people, rooms and media go through all tiers, and nobody comes in who should not.

use std::time::Duration;

use recipe_tests::{CauseClass, Check, Ctx, Failure, Method, Sql, Suite, Tier, ensure, ensure_eq};
use serde_json::{Value, json};

mod client;

use client::{
    Room, Session, ask_to_register, code_of, in_room, name_of, refused, register, taken, talk,
};

/// Seeds and checks wait for a server that comes back, some of them more than once.
const LIMIT: Duration = Duration::from_secs(240);

const DUMP: &str = "/var/lib/postgresql/data/backup.sql.gz";
const MEDIA: &str = "/data/media_store/local_content";

/// Returns what is asked of Synapse beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .check(Tier::Install, "is_synapse", is_synapse)
        .seed(Tier::Upgrade, "conversation", plant_conversation)
        .check(Tier::Upgrade, "version_is_head", version_is_head)
        .check(Tier::Upgrade, "conversation_survives", conversation_survives)
        .check(Tier::Upgrade, "media_survive", media_survive)
        .check(Tier::Upgrade, "row_survives", row_survives)
        .check(Tier::Upgrade, "signing_key_survives", signing_key_survives)
        .seed(Tier::Backup, "conversation", plant_original)
        .check(Tier::Backup, "dump_holds_the_conversation", dump_holds_the_conversation)
        .seed(Tier::Restore, "damage", damage)
        .check(Tier::Restore, "conversation_is_back", conversation_is_back)
        .check(Tier::Restore, "older_conversation_is_back", conversation_survives)
        .check(Tier::Restore, "older_session_is_back", older_session_is_back)
        .check(Tier::Restore, "media_are_back", media_are_back)
        .check(Tier::Restore, "signing_key_is_back", signing_key_is_back)
        .check(Tier::Restore, "name_is_original", name_is_original)
        .check(Tier::Restore, "row_is_original", row_is_original)
        .check(Tier::Restore, "late_account_is_gone", late_account_is_gone)
        .seed(Tier::Custom, "talk", plant_talk)
        .check(Tier::Custom, "guest_reads_the_message", guest_reads_the_message)
        .check(Tier::Custom, "stranger_reads_nothing", stranger_reads_nothing)
        .check(Tier::Custom, "password_is_asked_for", password_is_asked_for)
        .check(Tier::Custom, "token_is_asked_for", token_is_asked_for)
        .check(Tier::Custom, "registration_is_closed", registration_is_closed)
        .check(Tier::Custom, "wrong_secret_registers_nobody", wrong_secret_registers_nobody)
        .check(Tier::Custom, "admin_api_is_not_public", admin_api_is_not_public)
        .check(Tier::Custom, "says_where_it_is", says_where_it_is)
}

fn db() -> Sql {
    Sql::postgres("db")
}

async fn version(ctx: &Ctx) -> Result<String, Failure> {
    let answer = ctx.get("/_matrix/federation/v1/version").await?;
    taken(&answer, "/_matrix/federation/v1/version")?;
    let body = answer.json()?;
    let of =
        |field: &str| body.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure_eq!(of("/server/name"), "Synapse", "the server's name");
    Ok(of("/server/version"))
}

async fn is_synapse(ctx: Ctx) -> Check {
    let version = version(&ctx).await?;
    ensure!(!version.is_empty(), expected: "a version", seen: "none");
    let answer = ctx.get("/_matrix/client/versions").await?;
    let body = answer.json()?;
    let versions = body.get("versions").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(versions > 0, expected: "versions of the client API", seen: answer.summary());
    Ok(())
}

/// Returns the keys that other servers are told to know this one by.
async fn keys(ctx: &Ctx) -> Result<Value, Failure> {
    let path = "/_matrix/key/v2/server";
    let answer = ctx.get(path).await?;
    taken(&answer, path)?;
    let keys = answer.json()?["verify_keys"].clone();
    let count = keys.as_object().map_or(0, serde_json::Map::len);
    ensure!(count > 0, expected: "keys of the server", seen: answer.summary());
    Ok(keys)
}

async fn version_is_head(ctx: Ctx) -> Check {
    let Some(head) = &ctx.head().version else {
        return recipe_tests::skip("head names no version");
    };
    let wanted = head.upstream().trim_start_matches('v').to_owned();
    ensure_eq!(version(&ctx).await?, wanted, "the version that answers");
    Ok(())
}

async fn plant_conversation(ctx: Ctx) -> Check {
    let (host, guest) = (register(&ctx, "host").await?, register(&ctx, "guest").await?);
    let room = talk(&ctx, &host, &guest, &ctx.unique("before-the-upgrade")).await?;
    sees(&ctx, &guest, &host, &room).await?;
    let media = host.upload(&ctx, &room.said).await?;
    let row = ctx.unique("row");
    ctx.plant_row(&db(), "upgrade", &row).await?;
    ctx.keep("upgrade.room", &room)?;
    ctx.keep("upgrade.media", &media)?;
    ctx.keep("upgrade.keys", &keys(&ctx).await?)?;
    ctx.keep("upgrade.row", &row)
}

/// Reads with the token from before the upgrade, as somebody else than who wrote.
async fn conversation_survives(ctx: Ctx) -> Check {
    let (host, guest) = (Session::of(&ctx, "host")?, Session::of(&ctx, "guest")?);
    sees(&ctx, &guest, &host, &ctx.fact("upgrade.room")?).await
}

async fn media_survive(ctx: Ctx) -> Check {
    let room: Room = ctx.fact("upgrade.room")?;
    has_media(&ctx, &ctx.fact::<String>("upgrade.media")?, &room.said).await
}

async fn row_survives(ctx: Ctx) -> Check {
    let row: String = ctx.fact("upgrade.row")?;
    ensure_eq!(ctx.planted_row(&db(), "upgrade").await?, Some(row), "the row in the database");
    Ok(())
}

/// With another key no other server would believe that this is the one from before.
async fn signing_key_survives(ctx: Ctx) -> Check {
    let before: Value = ctx.fact("upgrade.keys")?;
    ensure_eq!(keys(&ctx).await?, before, "the keys of the server");
    Ok(())
}

/// Nothing is written into this room afterwards: Synapse remembers the last events of a room, and after a restore those
/// that came after the dump are no longer there.
async fn plant_original(ctx: Ctx) -> Check {
    let (host, guest) = (Session::of(&ctx, "host")?, Session::of(&ctx, "guest")?);
    let room = talk(&ctx, &host, &guest, &ctx.unique("before-the-backup")).await?;
    let media = host.upload(&ctx, &room.said).await?;
    has_media(&ctx, &media, &room.said).await?;
    // Somebody who is in no room: a change of name is no event anywhere.
    let loner = register(&ctx, "loner").await?;
    let name = ctx.unique("original");
    rename(&ctx, &loner, &name).await?;
    let row = ctx.unique("original");
    ctx.plant_row(&db(), "backup", &row).await?;
    ctx.keep("backup.room", &room)?;
    ctx.keep("backup.media", &media)?;
    ctx.keep("backup.name", &name)?;
    ctx.keep("backup.row", &row)
}

async fn dump_holds_the_conversation(ctx: Ctx) -> Check {
    let room: Room = ctx.fact("backup.room")?;
    let script = "gzip -dc \"$1\" | grep -c -F -e \"$2\" || true";
    let found = ctx.exec("db", &["sh", "-c", script, "sh", DUMP, &room.said]).await?;
    let count: u32 = found.stdout.trim().parse().unwrap_or(0);
    if count > 0 {
        return Ok(());
    }
    let seen = format!("{count} lines with it; {}", found.stderr.trim());
    Err(Failure::new("the message in the dump", seen).with_cause(CauseClass::Recipe))
}

/// Each damage is seen to be done, or finding the original afterwards would prove nothing.
async fn damage(ctx: Ctx) -> Check {
    let (host, guest) = (Session::of(&ctx, "host")?, Session::of(&ctx, "guest")?);
    let room: Room = ctx.fact("backup.room")?;
    // The event stays where other tables point to it, and is read by nobody.
    let event = db().text(&room.event_id);
    ctx.sql(&db(), &format!("UPDATE events SET outlier = true WHERE event_id = {event}")).await?;
    let left = guest.read_room(&ctx, &room.room_id).await?;
    ensure!(
        !left.contains(&(host.user_id.clone(), room.said.clone())),
        expected: "the message to be hidden before the restore",
        seen: "it is still read",
    );

    let media: String = ctx.fact("backup.media")?;
    let file = format!("{MEDIA}/{}/{}/{}", &media[..2], &media[2..4], &media[4..]);
    ctx.remove_file("app", &file).await?;
    let answer = guest.download(&ctx, &media).await?;
    ensure!(answer.status != 200, expected: "no media before the restore", seen: answer.summary());

    // The running server has read it, and goes on.
    let key = signing_key(&ctx).await?;
    ctx.keep("backup.signing-key", &key)?;
    ctx.remove_file("app", &signing_key_file(&ctx)).await?;

    let loner = Session::of(&ctx, "loner")?;
    rename(&ctx, &loner, &ctx.unique("changed")).await?;

    let changed = ctx.unique("changed");
    ctx.plant_row(&db(), "backup", &changed).await?;
    ensure_eq!(ctx.planted_row(&db(), "backup").await?, Some(changed), "the changed row");

    let late = register(&ctx, "late").await?;
    ensure_eq!(users(&ctx, &late).await?, "1", "the late account in the database");
    Ok(())
}

async fn conversation_is_back(ctx: Ctx) -> Check {
    let (host, guest) = (Session::of(&ctx, "host")?, Session::of(&ctx, "guest")?);
    sees(&ctx, &guest, &host, &ctx.fact("backup.room")?).await
}

async fn older_session_is_back(ctx: Ctx) -> Check {
    let host = Session::of(&ctx, "host")?;
    let answer = host.whoami(&ctx).await?;
    taken(&answer, "whoami")?;
    ensure_eq!(answer.json()?["user_id"], json!(host.user_id), "whose token it is");
    Ok(())
}

async fn signing_key_is_back(ctx: Ctx) -> Check {
    let before: String = ctx.fact("backup.signing-key")?;
    ctx.secret(before.clone())?;
    let is_same = signing_key(&ctx).await? == before;
    ensure!(is_same, expected: "the signing key from before the backup", seen: "another");
    Ok(())
}

fn signing_key_file(ctx: &Ctx) -> String {
    format!("/data/{}.signing.key", ctx.domain())
}

async fn signing_key(ctx: &Ctx) -> Result<String, Failure> {
    let bytes = ctx.read_file("app", &signing_key_file(ctx)).await?;
    let key = String::from_utf8_lossy(&bytes).trim().to_owned();
    ctx.secret(key.clone())?;
    Ok(key)
}

async fn media_are_back(ctx: Ctx) -> Check {
    let room: Room = ctx.fact("backup.room")?;
    has_media(&ctx, &ctx.fact::<String>("backup.media")?, &room.said).await
}

async fn name_is_original(ctx: Ctx) -> Check {
    is_called(&ctx, &Session::of(&ctx, "loner")?, &ctx.fact::<String>("backup.name")?).await
}

async fn row_is_original(ctx: Ctx) -> Check {
    let row: String = ctx.fact("backup.row")?;
    ensure_eq!(ctx.planted_row(&db(), "backup").await?, Some(row), "the row in the database");
    Ok(())
}

async fn late_account_is_gone(ctx: Ctx) -> Check {
    let late = Session::of(&ctx, "late")?;
    ensure_eq!(users(&ctx, &late).await?, "0", "the late account in the database");
    let answer = late.whoami(&ctx).await?;
    refused(&answer, 401, "M_UNKNOWN_TOKEN", "the token of an account that is gone")
}

/// After the restore new people talk in a new room.
async fn plant_talk(ctx: Ctx) -> Check {
    let (host, guest) = (register(&ctx, "newhost").await?, register(&ctx, "newguest").await?);
    register(&ctx, "stranger").await?;
    let room = talk(&ctx, &host, &guest, &ctx.unique("after-the-restore")).await?;
    ctx.keep("custom.room", &room)
}

async fn guest_reads_the_message(ctx: Ctx) -> Check {
    let (host, guest) = (Session::of(&ctx, "newhost")?, Session::of(&ctx, "newguest")?);
    sees(&ctx, &guest, &host, &ctx.fact("custom.room")?).await
}

async fn stranger_reads_nothing(ctx: Ctx) -> Check {
    let (room, stranger): (Room, _) = (ctx.fact("custom.room")?, Session::of(&ctx, "stranger")?);
    let path = format!("{}/messages?dir=b&limit=20", in_room(&room.room_id));
    refused(&stranger.get(&ctx, &path).await?, 403, "M_FORBIDDEN", "a room of others")
}

/// Logs in twice in all: Synapse counts logins of one address and refuses the sixth.
async fn password_is_asked_for(ctx: Ctx) -> Check {
    let account = ctx.credentials("newhost")?;
    let login = |password: &str| {
        json!({
            "type": "m.login.password", "password": password,
            "identifier": {"type": "m.id.user", "user": account.user},
        })
    };
    let visitor = ctx.visitor()?;
    let path = "/_matrix/client/v3/login";
    let answer = visitor.post(path, &login(&ctx.unique("wrong"))).await?;
    refused(&answer, 403, "M_FORBIDDEN", "a wrong password")?;
    let answer = visitor.post(path, &login(account.password.expose())).await?;
    taken(&answer, path)?;
    let session = Session::read(&ctx, answer.json()?)?;
    let answer = session.whoami(&ctx).await?;
    taken(&answer, "whoami")?;
    let known = Session::of(&ctx, "newhost")?;
    ensure_eq!(answer.json()?["user_id"], json!(known.user_id), "whose token it is");
    Ok(())
}

async fn token_is_asked_for(ctx: Ctx) -> Check {
    let path = "/_matrix/client/v3/account/whoami";
    refused(&ctx.get(path).await?, 401, "M_MISSING_TOKEN", "no token")?;
    let made_up = ctx.visitor()?.with_bearer(&ctx.unique("syt"));
    refused(&made_up.get(path).await?, 401, "M_UNKNOWN_TOKEN", "a made-up token")
}

async fn registration_is_closed(ctx: Ctx) -> Check {
    let asked = json!({"username": ctx.unique("intruder"), "password": ctx.unique("x"), "auth": {"type": "m.login.dummy"}});
    let answer = ctx.visitor()?.post("/_matrix/client/v3/register", &asked).await?;
    refused(&answer, 403, "M_FORBIDDEN", "a registration from outside")
}

async fn wrong_secret_registers_nobody(ctx: Ctx) -> Check {
    let answer = ask_to_register(&ctx, &ctx.credentials("intruder")?, &ctx.unique("guess")).await?;
    ensure!(
        answer.status == 403,
        expected: "status 403 for a wrong shared secret",
        seen: format!("{} {}", answer.status, code_of(&answer.body)),
    );
    Ok(())
}

async fn admin_api_is_not_public(ctx: Ctx) -> Check {
    for path in ["/_synapse/admin/v1/register", "/_synapse/admin/v1/server_version"] {
        let answer = ctx.get(path).await?;
        if answer.status != 404 || answer.json().is_ok() {
            let expected = format!("the site's own 404 for {path}");
            return Err(Failure::new(expected, answer.summary()).with_cause(CauseClass::Recipe));
        }
    }
    Ok(())
}

async fn says_where_it_is(ctx: Ctx) -> Check {
    let of = async |path: &str, pointer: &str| -> Result<String, Failure> {
        let answer = ctx.get(path).await?;
        taken(&answer, path)?;
        let body = answer.json()?;
        Ok(body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned())
    };
    let domain = ctx.domain();
    let server = of("/.well-known/matrix/server", "/m.server").await?;
    ensure_eq!(server, format!("{domain}:443"), "where other servers ask");
    let client = of("/.well-known/matrix/client", "/m.homeserver/base_url").await?;
    ensure_eq!(client, format!("https://{domain}"), "where clients ask");
    Ok(())
}

/// Ends the check unless the reader reads what the writer said.
async fn sees(ctx: &Ctx, reader: &Session, writer: &Session, room: &Room) -> Check {
    let seen = reader.read_room(ctx, &room.room_id).await?;
    let wanted = (writer.user_id.clone(), room.said.clone());
    ensure!(
        seen.contains(&wanted),
        expected: format!("`{}` said by {}", wanted.1, wanted.0),
        seen: format!("{seen:?}"),
    );
    Ok(())
}

/// Ends the check unless the guest gets the file, byte by byte, as what it is.
async fn has_media(ctx: &Ctx, id: &str, content: &str) -> Check {
    let answer = Session::of(ctx, "guest")?.download(ctx, id).await?;
    ensure!(
        answer.status == 200 && answer.text() == content,
        expected: format!("the media `{content}`"),
        seen: answer.summary(),
    );
    ensure_eq!(answer.media_type().unwrap_or_default(), "text/plain", "the media type");
    Ok(())
}

async fn rename(ctx: &Ctx, who: &Session, name: &str) -> Check {
    let path = name_of(&who.user_id);
    who.tell(ctx, (Method::PUT, &path), &json!({ "displayname": name })).await?;
    is_called(ctx, who, name).await
}

async fn is_called(ctx: &Ctx, who: &Session, name: &str) -> Check {
    let path = name_of(&who.user_id);
    let answer = who.get(ctx, &path).await?;
    taken(&answer, &path)?;
    ensure_eq!(answer.json()?["displayname"], json!(name), "the name of {}", who.user_id);
    Ok(())
}

async fn users(ctx: &Ctx, who: &Session) -> Result<String, Failure> {
    let id = db().text(&who.user_id);
    let rows = ctx.sql(&db(), &format!("SELECT count(*) FROM users WHERE name = {id}")).await?;
    Ok(rows.into_iter().flatten().next().unwrap_or_default())
}
