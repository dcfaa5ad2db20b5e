//! Rooms and what is said in them.

use serde_json::{Value, json};

use super::api::{Caller, decoded, text};
use super::home::{Home, Refused, Told, Unanswered, quoted};

/// An event before it has a place in its room.
struct Said<'a> {
    kind: &'a str,
    transaction: &'a str,
    content: &'a Value,
}

impl Home<'_, '_> {
    pub(super) fn create_room(&mut self, caller: &Caller, given: &Value) -> Told {
        let letters = self.letters(18);
        // Since rooms of version 12 an id says nothing about a server.
        let room = if self.synapse.minor() < 163 {
            format!("!{letters}:{}", self.config.server_name)
        } else {
            format!("!{letters}")
        };
        let (id, user) = (quoted(&room), quoted(&caller.user));
        self.ask(&format!("INSERT INTO rooms VALUES ({id}, {user})"))?;
        self.event(caller, &room, &Said::of("m.room.create", &json!({})))?;
        self.set_membership(&room, &caller.user, "join")?;
        self.event(caller, &room, &Said::of("m.room.member", &json!({"membership": "join"})))?;
        if let Some(name) = text(given, "/name") {
            self.event(caller, &room, &Said::of("m.room.name", &json!({ "name": name })))?;
        }
        Ok(json!({ "room_id": room }))
    }

    pub(super) fn invite(&mut self, caller: &Caller, room: &str, given: &Value) -> Told {
        self.member(caller, room)?;
        let Some(guest) = text(given, "/user_id").map(str::to_owned) else {
            return Err(Refused::new(400, "M_MISSING_PARAM", "Missing params: ['user_id']"));
        };
        if self.membership(room, &guest)?.as_deref() == Some("join") {
            return Err(Refused::forbidden(&format!("{guest} is already in the room.")));
        }
        self.set_membership(room, &guest, "invite")?;
        self.event(caller, room, &Said::of("m.room.member", &json!({"membership": "invite"})))?;
        Ok(json!({}))
    }

    pub(super) fn join(&mut self, caller: &Caller, room: &str) -> Told {
        match self.membership(room, &caller.user)?.as_deref() {
            Some("join") => {}
            Some("invite") => {
                self.set_membership(room, &caller.user, "join")?;
                let content = json!({"membership": "join"});
                self.event(caller, room, &Said::of("m.room.member", &content))?;
            }
            Some(_) | None => return Err(Refused::forbidden("You are not invited to this room.")),
        }
        Ok(json!({ "room_id": room }))
    }

    /// Takes a message; the same transaction twice is one message.
    pub(super) fn send(
        &mut self,
        caller: &Caller,
        room: &str,
        (kind, transaction): (&str, &str),
        content: &Value,
    ) -> Told {
        self.member(caller, room)?;
        let sql = format!(
            "SELECT event_id FROM events WHERE room_id = {} AND sender = {} AND txn_id = {}",
            quoted(room),
            quoted(&caller.user),
            quoted(transaction)
        );
        let event = match self.value(&sql)? {
            Some(known) => known,
            None => self.event(caller, room, &Said { kind, transaction, content })?,
        };
        Ok(json!({ "event_id": event }))
    }

    /// Returns what was said, newest first.
    pub(super) fn messages(&mut self, caller: &Caller, room: &str, path: &str) -> Told {
        self.member(caller, room)?;
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let of = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(n, _)| *n == name).map(|(_, v)| decoded(v)).next()
        };
        let limit = of("limit").and_then(|l| l.parse::<u32>().ok()).unwrap_or(10);
        let order = if of("dir").as_deref() == Some("f") { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT event_id, sender, type, content FROM events WHERE room_id = {} AND outlier = false ORDER BY stream_ordering {order} LIMIT {limit}",
            quoted(room)
        );
        let event = |row: Vec<String>| {
            let content: Value = serde_json::from_str(&row[3]).unwrap_or_default();
            json!({"event_id": row[0], "sender": row[1], "type": row[2], "content": content, "room_id": room})
        };
        let chunk: Vec<Value> = self.ask(&sql)?.into_iter().map(event).collect();
        Ok(json!({"chunk": chunk, "start": "t1", "end": "t0"}))
    }

    /// Refuses whoever is not in a room.
    fn member(&mut self, caller: &Caller, room: &str) -> Result<(), Refused> {
        match self.membership(room, &caller.user)?.as_deref() {
            Some("join") => Ok(()),
            Some(_) | None => {
                let user = &caller.user;
                Err(Refused::forbidden(&format!("User {user} not in room {room}")))
            }
        }
    }

    fn membership(&mut self, room: &str, user: &str) -> Result<Option<String>, Unanswered> {
        let (room, user) = (quoted(room), quoted(user));
        self.value(&format!(
            "SELECT membership FROM room_memberships WHERE room_id = {room} AND user_id = {user}"
        ))
    }

    fn set_membership(&mut self, room: &str, user: &str, to: &str) -> Result<(), Unanswered> {
        let (room, user) = (quoted(room), quoted(user));
        self.ask(&format!("INSERT INTO room_memberships VALUES ({room}, {user}, '{to}') ON CONFLICT (room_id, user_id) DO UPDATE SET membership = '{to}'"))?;
        Ok(())
    }

    fn event(
        &mut self,
        caller: &Caller,
        room: &str,
        said: &Said<'_>,
    ) -> Result<String, Unanswered> {
        let last = self.value("SELECT MAX(stream_ordering) FROM events")?;
        let next = last.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) + 1;
        let id = format!("${}", self.letters(43));
        let fields =
            [&id, room, &caller.user, said.kind, &said.content.to_string(), said.transaction]
                .map(quoted);
        self.ask(&format!("INSERT INTO events VALUES ({}, {next}, false)", fields.join(", ")))?;
        Ok(id)
    }
}

impl<'a> Said<'a> {
    /// An event that the server makes itself.
    const fn of(kind: &'a str, content: &'a Value) -> Self {
        Said { kind, transaction: "", content }
    }
}
