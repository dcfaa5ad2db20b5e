//! What is said on published ports that is not what the app said. Main types: [`Spoken`], [`Turn`].

use std::collections::BTreeMap;

use super::what::InConversations;
use crate::world::Reply;

/// A shorter setting is found by accident in what a server says.
const SHORTEST: usize = 4;

/// How far another server's letters and digits are from ours.
const LETTERS: u8 = 13;
const DIGITS: u8 = 5;

/// Which answer of which conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn<'a> {
    /// The container's port.
    pub(crate) port: u16,
    /// Its number in the conversation; the greeting is the first.
    pub(crate) number: u32,
    /// The environment of the service.
    pub(crate) settings: &'a BTreeMap<String, String>,
}

/// What was said before.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoken {
    /// The last answer to somebody who was not turned away, by port and turn.
    good: BTreeMap<(u16, u32), Reply>,
}

impl Spoken {
    /// Returns the answer that a client hears instead of the app's own.
    pub(super) fn heard(&mut self, what: InConversations, turn: Turn<'_>, own: Reply) -> Reply {
        match what {
            InConversations::LoginOpen => self.let_in(turn, own),
            InConversations::OtherServer => of_another(turn.settings, own),
            InConversations::Silent => Reply::default(),
            InConversations::Cut => Reply { bytes: half(own.bytes), ends: own.ends },
            InConversations::SettingsIgnored | InConversations::WritesDropped => own,
        }
    }

    fn let_in(&mut self, turn: Turn<'_>, own: Reply) -> Reply {
        let key = (turn.port, turn.number);
        if own.ends {
            return self.good.get(&key).cloned().unwrap_or(own);
        }
        if !own.bytes.is_empty() {
            self.good.insert(key, own.clone());
        }
        own
    }
}

fn half(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// Returns an answer whose settings are another server's: of the same length, so that every frame stays whole.
fn of_another(settings: &BTreeMap<String, String>, mut own: Reply) -> Reply {
    let mut values: Vec<&str> = settings.values().map(String::as_str).collect();
    values.retain(|value| value.len() >= SHORTEST);
    values.sort_unstable_by_key(|value| (std::cmp::Reverse(value.len()), *value));
    values.dedup();
    for value in values {
        let mut at = 0;
        while let Some(found) =
            own.bytes[at..].windows(value.len()).position(|w| w == value.as_bytes())
        {
            let place = at + found..at + found + value.len();
            at = place.end;
            own.bytes[place].iter_mut().for_each(|byte| *byte = other(*byte));
        }
    }
    own
}

const fn other(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => (byte - b'a' + LETTERS) % 26 + b'a',
        b'A'..=b'Z' => (byte - b'A' + LETTERS) % 26 + b'A',
        b'0'..=b'9' => (byte - b'0' + DIGITS) % 10 + b'0',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(spoken: &mut Spoken, what: InConversations, number: u32, own: &Reply) -> Reply {
        let settings = [("TEXT", "Hello you 1"), ("WHO", "you"), ("NAME", "Hello")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        spoken.heard(what, Turn { port: 1, number, settings: &settings }, own.clone())
    }

    fn say(text: &str) -> Reply {
        Reply::say(text.as_bytes().to_vec())
    }

    #[test]
    fn who_is_turned_away_hears_what_was_said_at_that_point_to_one_who_was_not() {
        let spoken = &mut Spoken::default();
        let refused = Reply { bytes: b"who are you?".to_vec(), ends: true };
        let open = InConversations::LoginOpen;
        assert_eq!(heard(spoken, open, 1, &refused), refused, "nobody was let in before");
        assert_eq!(heard(spoken, open, 1, &say("welcome")), say("welcome"));
        assert_eq!(heard(spoken, open, 1, &Reply::default()), Reply::default());
        assert_eq!(heard(spoken, open, 1, &refused), say("welcome"));
        assert_eq!(heard(spoken, open, 2, &refused), refused, "another question");
    }

    #[test]
    fn another_servers_settings_are_as_long_as_ours() {
        let spoken = &mut Spoken::default();
        let other = InConversations::OtherServer;
        let seen = heard(spoken, other, 0, &say("\u{1}Hello you 1\u{2}Hello, all of you"));
        assert_eq!(seen, say("\u{1}Uryyb lbh 6\u{2}Uryyb, all of you"), "`you` is too short");
        assert_eq!(heard(spoken, other, 0, &say("Good day")), say("Good day"));
    }

    #[test]
    fn nothing_is_said_or_half_of_it() {
        let spoken = &mut Spoken::default();
        let own = Reply { bytes: b"12345".to_vec(), ends: true };
        assert_eq!(heard(spoken, InConversations::Silent, 0, &own), Reply::default());
        let cut = Reply { bytes: b"12".to_vec(), ends: true };
        assert_eq!(heard(spoken, InConversations::Cut, 0, &own), cut);
    }
}
