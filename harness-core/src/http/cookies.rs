//! The cookies of one client in process: by name, for one host. Main type: [`Cookies`].

use std::collections::BTreeMap;

/// The cookies that a host set.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    by_name: BTreeMap<String, String>,
}

impl Cookies {
    /// Takes a `set-cookie` header. Whatever path it names: a client here talks to one app, and a session is all that
    /// it has to keep.
    pub(super) fn take(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        if parts.any(ends) {
            self.by_name.remove(name.trim());
        } else {
            self.by_name.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }

    /// Returns the `cookie` header; none without cookies.
    pub(super) fn header(&self) -> Option<String> {
        if self.by_name.is_empty() {
            return None;
        }
        let pairs: Vec<_> = self.by_name.iter().map(|(n, v)| format!("{n}={v}")).collect();
        Some(pairs.join("; "))
    }
}

/// Returns whether an attribute takes the cookie away: how apps log out.
fn ends(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else { return false };
    let value = value.trim();
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
        "expires" => value.contains(" 1970 ") || value.contains("-1970 "),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_come_back_by_name_and_the_last_value_counts() {
        let mut cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        cookies.take("session=a=b; Path=/; HttpOnly; Max-Age=3600");
        cookies.take("theme=dark");
        cookies.take("theme=light; Secure");
        assert_eq!(cookies.header().unwrap(), "session=a=b; theme=light");
    }

    #[test]
    fn a_cookie_that_has_ended_is_gone() {
        for end in ["Max-Age=0", "expires=Thu, 01 Jan 1970 00:00:00 GMT", "max-age=-1"] {
            let mut cookies = Cookies::default();
            cookies.take("session=a");
            cookies.take(&format!("session=; Path=/; {end}"));
            assert_eq!(cookies.header(), None, "{end}");
        }
    }
}
