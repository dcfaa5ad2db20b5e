//! Plays Keycloak's admin API: realms, clients, users, groups, roles.

use harness_core::http::{Answer, Asked};
use serde_json::{Map, Value, json};

use super::play::{Given, Play, Refused, digest, empty, nothing_here, query, sent, with_password};
use super::rows::{By, Kind, Row};

/// What a row's data has that nobody is shown.
const HIDDEN: [&str; 6] = ["key", "password", "temporary", "isAdmin", "credentials", "roles"];

impl Play<'_> {
    pub(super) fn server_info(&mut self, asked: &Asked) -> Given {
        self.administrator(asked)?;
        Ok(sent(200, &json!({"systemInfo": {"version": self.version}})))
    }

    /// Answers below `/admin/realms`.
    pub(super) fn admin(&mut self, asked: &Asked, rest: &[&str]) -> Given {
        self.administrator(asked)?;
        let Some((name, rest)) = rest.split_first() else {
            return match asked.method.as_str() {
                "GET" => {
                    let realms = self.rows.list(Kind::Realm, "")?;
                    Ok(list(&realms.iter().map(realm_shown).collect::<Vec<_>>()))
                }
                "POST" => self.create_realm(&body(asked)?),
                _ => Err(nothing_here()),
            };
        };
        let missing = || Refused(404, json!({"error": "Realm not found."}));
        let realm = self.rows.find(Kind::Realm, By::Name("", name))?.ok_or_else(missing)?;
        match (asked.method.as_str(), rest) {
            ("GET", []) => Ok(sent(200, &realm_shown(&realm))),
            ("PUT", []) => self.change(Kind::Realm, realm, &body(asked)?),
            ("DELETE", []) => self.delete_realm(&realm),
            ("POST", ["clear-realm-cache"]) => {
                self.rows.forget_cached(&[Kind::Realm, Kind::Client, Kind::Group, Kind::Role]);
                Ok(empty(204))
            }
            ("POST", ["clear-user-cache"]) => {
                self.rows.forget_cached(&[Kind::User]);
                Ok(empty(204))
            }
            (_, ["clients", rest @ ..]) => self.clients(asked, &realm, rest),
            (_, ["users", rest @ ..]) => self.users(asked, &realm, rest),
            (_, ["groups", rest @ ..]) => self.named(asked, Kind::Group, &realm, rest),
            (_, ["roles", rest @ ..]) => self.named(asked, Kind::Role, &realm, rest),
            _ => Err(nothing_here()),
        }
    }

    fn administrator(&mut self, asked: &Asked) -> Result<(), Refused> {
        let unauthorized = || Refused(401, json!({"error": "HTTP 401 Unauthorized"}));
        let master = self.rows.find(Kind::Realm, By::Name("", "master"))?;
        let master = master.ok_or_else(unauthorized)?;
        let (_, user) = self.bearer_of(asked, &master)?.ok_or_else(unauthorized)?;
        if user.data["isAdmin"] == true {
            return Ok(());
        }
        Err(Refused(403, json!({"error": "HTTP 403 Forbidden"})))
    }

    fn create_realm(&mut self, wanted: &Value) -> Given {
        let name = text(wanted, "realm");
        if name.is_empty() {
            return Err(Refused(400, json!({"error": "Realm name cannot be empty"})));
        }
        if name.contains('/') {
            return Err(Refused(400, json!({"error": "Character '/' not allowed."})));
        }
        if self.rows.find(Kind::Realm, By::Name("", name))?.is_some() {
            return Err(conflict(&format!("Realm {name} already exists")));
        }
        self.add_realm(name, wanted.clone())?;
        Ok(self.created(&format!("/{name}")))
    }

    fn delete_realm(&mut self, realm: &Row) -> Given {
        if realm.name == "master" {
            return Err(Refused(400, json!({"errorMessage": "Can't remove master realm"})));
        }
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Realm) {
            for row in self.rows.list(kind, &realm.id)? {
                self.rows.remove(kind, &row.id)?;
            }
        }
        self.rows.remove(Kind::Realm, &realm.id)?;
        Ok(empty(204))
    }

    fn clients(&mut self, asked: &Asked, realm: &Row, rest: &[&str]) -> Given {
        let missing = || Refused(404, json!({"error": "Could not find client"}));
        let Some((id, rest)) = rest.split_first() else {
            return match asked.method.as_str() {
                "GET" => {
                    let wanted = query(asked).remove("clientId");
                    let is_it = |row: &&Row| wanted.as_ref().is_none_or(|name| row.name == *name);
                    let rows = self.rows.list(Kind::Client, &realm.id)?;
                    Ok(list(&rows.iter().filter(is_it).map(client_shown).collect::<Vec<_>>()))
                }
                "POST" => self.create_client(realm, &body(asked)?),
                _ => Err(nothing_here()),
            };
        };
        let found = self.rows.find(Kind::Client, By::Id(id))?;
        let client = found.filter(|row| row.realm == realm.id).ok_or_else(missing)?;
        match (asked.method.as_str(), rest) {
            ("GET", []) => Ok(sent(200, &client_shown(&client))),
            ("PUT", []) => self.change(Kind::Client, client, &body(asked)?),
            ("DELETE", []) => {
                self.rows.remove(Kind::Client, &client.id)?;
                Ok(empty(204))
            }
            ("GET", ["client-secret"]) => {
                Ok(sent(200, &json!({"type": "secret", "value": client.data["secret"]})))
            }
            _ => Err(nothing_here()),
        }
    }

    fn create_client(&mut self, realm: &Row, wanted: &Value) -> Given {
        let name = text(wanted, "clientId");
        if self.rows.find(Kind::Client, By::Name(&realm.id, name))?.is_some() {
            return Err(conflict(&format!("Client {name} already exists")));
        }
        let mut data = wanted.clone();
        if data["publicClient"] != true && !data["secret"].is_string() {
            data["secret"] = json!(digest(&self.fresh("secret")?)[..32]);
        }
        let row = self.row(Kind::Client, &realm.id, name, data)?;
        self.rows.put(Kind::Client, &row)?;
        Ok(self.created(&format!("/{}/clients/{}", realm.name, row.id)))
    }

    fn users(&mut self, asked: &Asked, realm: &Row, rest: &[&str]) -> Given {
        let missing = || Refused(404, json!({"error": "User not found"}));
        let Some((id, rest)) = rest.split_first() else {
            return match asked.method.as_str() {
                "GET" => {
                    let wanted = query(asked).remove("username");
                    let is_it = |row: &&Row| wanted.as_ref().is_none_or(|name| row.name == *name);
                    let rows = self.rows.list(Kind::User, &realm.id)?;
                    Ok(list(&rows.iter().filter(is_it).map(user_shown).collect::<Vec<_>>()))
                }
                "POST" => self.create_user(realm, &body(asked)?),
                _ => Err(nothing_here()),
            };
        };
        let found = self.rows.find(Kind::User, By::Id(id))?;
        let mut user = found.filter(|row| row.realm == realm.id).ok_or_else(missing)?;
        match (asked.method.as_str(), rest) {
            ("GET", []) => Ok(sent(200, &user_shown(&user))),
            ("PUT", []) => self.change(Kind::User, user, &body(asked)?),
            ("DELETE", []) => {
                self.rows.remove(Kind::User, &user.id)?;
                Ok(empty(204))
            }
            ("PUT", ["reset-password"]) => {
                let wanted = body(asked)?;
                let is_temporary = wanted["temporary"] == true;
                let user = with_password(user, text(&wanted, "value"), is_temporary);
                self.rows.put(Kind::User, &user)?;
                Ok(empty(204))
            }
            ("GET", ["groups"]) => {
                let groups = user.data["groups"].as_array().cloned().unwrap_or_default();
                let shown = |path: &Value| {
                    let path = path.as_str().unwrap_or_default();
                    json!({"name": path.trim_start_matches('/'), "path": path})
                };
                Ok(list(&groups.iter().map(shown).collect::<Vec<_>>()))
            }
            ("POST", ["role-mappings", "realm"]) => {
                let given = body(asked)?;
                let mut roles = user.data["roles"].as_array().cloned().unwrap_or_default();
                let names = given.as_array().into_iter().flatten().map(|role| role["name"].clone());
                roles.extend(names);
                user.data["roles"] = Value::Array(roles);
                self.rows.put(Kind::User, &user)?;
                Ok(empty(204))
            }
            _ => Err(nothing_here()),
        }
    }

    fn create_user(&mut self, realm: &Row, wanted: &Value) -> Given {
        let (name, email) = (text(wanted, "username").to_lowercase(), text(wanted, "email"));
        let users = self.rows.list(Kind::User, &realm.id)?;
        if users.iter().any(|user| user.name == name) {
            return Err(conflict("User exists with same username"));
        }
        if !email.is_empty() && users.iter().any(|user| user.data["email"] == email) {
            return Err(conflict("User exists with same email"));
        }
        for path in wanted["groups"].as_array().into_iter().flatten() {
            let group = path.as_str().unwrap_or_default().trim_start_matches('/');
            if self.rows.find(Kind::Group, By::Name(&realm.id, group))?.is_none() {
                let text = "Unable to find group specified by path";
                return Err(Refused(400, json!({"error": text})));
            }
        }
        let mut row = self.row(Kind::User, &realm.id, &name, wanted.clone())?;
        for credential in wanted["credentials"].as_array().into_iter().flatten() {
            let is_temporary = credential["temporary"] == true;
            row = with_password(row, text(credential, "value"), is_temporary);
        }
        remove(&mut row.data, "credentials");
        self.rows.put(Kind::User, &row)?;
        Ok(self.created(&format!("/{}/users/{}", realm.name, row.id)))
    }

    /// Answers for what has a name and nothing else.
    fn named(&mut self, asked: &Asked, kind: Kind, realm: &Row, rest: &[&str]) -> Given {
        let shown = |row: &Row| json!({"id": row.id, "name": row.name});
        match (asked.method.as_str(), rest) {
            ("GET", []) => {
                let rows = self.rows.list(kind, &realm.id)?;
                Ok(list(&rows.iter().map(shown).collect::<Vec<_>>()))
            }
            ("POST", []) => {
                let wanted = body(asked)?;
                let name = text(&wanted, "name");
                if self.rows.find(kind, By::Name(&realm.id, name))?.is_some() {
                    return Err(conflict(&if kind == Kind::Group {
                        format!("Top level group named '{name}' already exists.")
                    } else {
                        format!("Role with name {name} already exists")
                    }));
                }
                let row = self.row(kind, &realm.id, name, wanted.clone())?;
                self.rows.put(kind, &row)?;
                let what = if kind == Kind::Group { "groups" } else { "roles" };
                let last = if kind == Kind::Group { &row.id } else { &row.name };
                Ok(self.created(&format!("/{}/{what}/{last}", realm.name)))
            }
            ("GET", [name]) => match self.rows.find(kind, By::Name(&realm.id, name))? {
                Some(row) => Ok(sent(200, &shown(&row))),
                None => Err(Refused(404, json!({"error": "Could not find role"}))),
            },
            _ => Err(nothing_here()),
        }
    }

    /// Takes over what is sent; what is not sent stays, and so does what nobody is shown.
    fn change(&mut self, kind: Kind, mut row: Row, wanted: &Value) -> Given {
        let fields = wanted.as_object().cloned().unwrap_or_default();
        for (name, value) in fields.into_iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
        {
            row.data[name] = value;
        }
        self.rows.put(kind, &row)?;
        Ok(empty(204))
    }

    fn created(&self, path: &str) -> Answer {
        let mut answer = empty(201);
        answer.headers.push(("location".to_owned(), format!("{}/admin/realms{path}", self.base)));
        answer
    }
}

fn body(asked: &Asked) -> Result<Value, Refused> {
    serde_json::from_slice(&asked.body)
        .map_err(|_| Refused(400, json!({"error": "HTTP 400 Bad Request"})))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn conflict(message: &str) -> Refused {
    Refused(409, json!({"errorMessage": message}))
}

fn list(values: &[Value]) -> Answer {
    sent(200, &json!(values))
}

fn remove(value: &mut Value, name: &str) {
    if let Value::Object(fields) = value {
        fields.remove(name);
    }
}

/// Returns a row as it is shown: its id, its name under the field that it has there, and all that is not hidden.
fn shown(row: &Row, field: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(row.id));
    fields.insert(field.to_owned(), json!(row.name));
    let data = row.data.as_object().cloned().unwrap_or_default();
    for (name, value) in data {
        if name != "id" && name != field && !HIDDEN.contains(&name.as_str()) {
            fields.insert(name, value);
        }
    }
    Value::Object(fields)
}

fn realm_shown(row: &Row) -> Value {
    shown(row, "realm")
}

fn client_shown(row: &Row) -> Value {
    shown(row, "clientId")
}

fn user_shown(row: &Row) -> Value {
    shown(row, "username")
}
