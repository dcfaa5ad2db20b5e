//! The program `gitea` and what its image does before it: settings, the server's start, accounts from the command line.

use super::database::{SQLITE, Unanswered};
use super::people::Wanted;
use super::{AGAIN, CHANGE, FIRST, Gitea, LATER, SETTINGS};
use crate::world::{Inside, Io, Purpose, Ran};

impl Gitea {
    /// Lays the settings down on the first start, and what the environment sets on each.
    pub(super) fn write_settings(&self, inside: &mut Inside<'_>) {
        if inside.read(SETTINGS).is_none_or(<[u8]>::is_empty) {
            let template = inside.read("/etc/templates/app.ini").unwrap_or_default().to_vec();
            let written = inside.write_new(SETTINGS, template);
            debug_assert!(written.is_ok(), "the volume of settings can be written");
        }
        let names = inside.env.keys().filter_map(|name| name.strip_prefix("GITEA__"));
        let set: Vec<(String, String)> = names
            .filter_map(|name| name.trim_end_matches("__FILE").rsplit_once("__"))
            .filter_map(|(section, key)| {
                let value = Self::setting(inside, section, key)?;
                Some((format!("{}.{key}", section.to_lowercase()), value))
            })
            .collect();
        let before = String::from_utf8_lossy(inside.read(SETTINGS).unwrap_or_default());
        let mut text: String = before.lines().fold(String::new(), |text, line| {
            let is_set = set.iter().any(|(key, _)| line.starts_with(&format!("{key} =")));
            if is_set { text } else { text + line + "\n" }
        });
        text.extend(set.iter().map(|(key, value)| format!("{key} = {value}\n")));
        let written = inside.write(SETTINGS, text.into_bytes());
        debug_assert!(written.is_ok(), "the volume of settings can be written");
    }

    /// Runs `gitea` with these words.
    pub(super) fn program(
        &self,
        inside: &mut Inside<'_>,
        words: &[String],
        io: &mut Io<'_>,
    ) -> Ran {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["web", ..] if inside.purpose == Purpose::Main => self.start(inside, io),
            ["--version" | "-v"] => {
                io.out.extend(format!("gitea version {}\n", self.version).bytes());
                Ran::Ended(0)
            }
            ["admin", "user", "create", flags @ ..] => self.create(inside, flags, io),
            ["admin", "auth", "add-oauth", flags @ ..] => self.add_source(inside, flags, io),
            _ => {
                let text = format!("gitea {}: not played by a stand-in\n", words.join(" "));
                io.err.extend(text.bytes());
                inside.note_refusal(text.as_bytes());
                Ran::Ended(1)
            }
        }
    }

    fn start(&self, inside: &mut Inside<'_>, io: &mut Io<'_>) -> Ran {
        let mut fatal = |problem: &str| {
            io.err.extend(format!("[F] {problem}\n").bytes());
            Ran::Ended(1)
        };
        match Self::setting(inside, "database", "DB_TYPE").as_deref() {
            Some("mysql" | SQLITE) => {}
            other => {
                let other = other.unwrap_or("nothing");
                return fatal(&format!("the database {other} is not played by a stand-in"));
            }
        }
        self.forget_sessions(inside);
        match self.done(inside) {
            // It tries again for minutes, and does nothing else.
            Err(Unanswered(_)) => Ran::Waits { again: AGAIN },
            Ok(done) if done > self.changes() => fatal(&format!(
                "Your database (migration version: {done}) is for a newer Gitea, you can not use the newer database for this old Gitea release ({}).",
                self.changes()
            )),
            Ok(0) => Ran::Serves { boot: FIRST },
            Ok(done) => {
                let missing = u32::try_from(self.changes() - done).unwrap_or(u32::MAX);
                Ran::Serves { boot: LATER + CHANGE.saturating_mul(missing) }
            }
        }
    }

    fn create(&self, inside: &mut Inside<'_>, flags: &[&str], io: &mut Io<'_>) -> Ran {
        let of = |name: &str| {
            let at = flags.iter().position(|flag| flag.trim_start_matches('-') == name)?;
            flags.get(at + 1).copied()
        };
        let (Some(name), Some(email), Some(password)) =
            (of("username"), of("email"), of("password"))
        else {
            let text = "gitea admin user create: without a name, an address or a password it is not played by a stand-in\n";
            io.err.extend(text.bytes());
            inside.note_refusal(text.as_bytes());
            return Ran::Ended(1);
        };
        let wanted = Wanted { name, email, password, is_admin: flags.contains(&"--admin") };
        match self.make_person(inside, &wanted) {
            Ok(_) => {
                let text = format!("New user '{name}' has been successfully created!\n");
                io.out.extend(text.bytes());
                Ran::Ended(0)
            }
            Err(refused) => {
                let text = format!("Command error: CreateUser: {}\n", refused.1);
                io.err.extend(text.bytes());
                Ran::Ended(1)
            }
        }
    }
}
