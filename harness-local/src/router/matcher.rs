//! Router rules: ``Host(`a`) || Host(`b`) && PathPrefix(`/c`)``. Main type: [`Matcher`].

use thiserror::Error;

/// A parsed rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The request's host is one of these; compared without case and port.
    Host(Vec<String>),
    /// The path begins with one of these.
    PathPrefix(Vec<String>),
    /// The path is one of these.
    Path(Vec<String>),
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One holds.
    Or(Box<Self>, Box<Self>),
    /// It does not hold.
    Not(Box<Self>),
}

/// Why a rule could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("rule `{rule}`: expected {expected} at byte {at}")]
pub struct InvalidRule {
    /// The rule as it was written.
    pub rule: String,
    /// What should have stood there.
    pub expected: &'static str,
    /// Where.
    pub at: usize,
}

impl Matcher {
    /// Reads a rule.
    ///
    /// # Errors
    /// The rule is not one, or it uses a matcher that is not played.
    pub fn parse(rule: &str) -> Result<Self, InvalidRule> {
        let mut reader = Reader { rule, at: 0 };
        let matcher = reader.any_of()?;
        reader.skip_blanks();
        if reader.at == rule.len() {
            Ok(matcher)
        } else {
            Err(reader.expected("`&&`, `||` or the end"))
        }
    }

    /// Returns whether a request for this host (without port) and path is meant.
    pub fn matches(&self, host: &str, path: &str) -> bool {
        match self {
            Self::Host(hosts) => hosts.iter().any(|h| h.eq_ignore_ascii_case(host)),
            Self::PathPrefix(prefixes) => prefixes.iter().any(|p| path.starts_with(p.as_str())),
            Self::Path(paths) => paths.iter().any(|p| p == path),
            Self::And(a, b) => a.matches(host, path) && b.matches(host, path),
            Self::Or(a, b) => a.matches(host, path) || b.matches(host, path),
            Self::Not(a) => !a.matches(host, path),
        }
    }
}

struct Reader<'a> {
    rule: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn any_of(&mut self) -> Result<Matcher, InvalidRule> {
        let mut left = self.all_of()?;
        while self.take("||") {
            left = Matcher::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Matcher, InvalidRule> {
        let mut left = self.one()?;
        while self.take("&&") {
            left = Matcher::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Matcher, InvalidRule> {
        if self.take("!") {
            return Ok(Matcher::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.any_of()?;
            return if self.take(")") { Ok(inner) } else { Err(self.expected("`)`")) };
        }
        // `PathPrefix` first: `Path` is its beginning.
        if self.take("PathPrefix") {
            Ok(Matcher::PathPrefix(self.arguments()?))
        } else if self.take("Path") {
            Ok(Matcher::Path(self.arguments()?))
        } else if self.take("Host") {
            Ok(Matcher::Host(self.arguments()?))
        } else {
            Err(self.expected("`Host(…)`, `PathPrefix(…)` or `Path(…)`"))
        }
    }

    fn arguments(&mut self) -> Result<Vec<String>, InvalidRule> {
        if !self.take("(") {
            return Err(self.expected("`(`"));
        }
        let mut values = vec![self.quoted()?];
        while self.take(",") {
            values.push(self.quoted()?);
        }
        if self.take(")") { Ok(values) } else { Err(self.expected("`,` or `)`")) }
    }

    fn quoted(&mut self) -> Result<String, InvalidRule> {
        for quote in ["`", "\"", "'"] {
            if self.take(quote) {
                let rest = &self.rule[self.at..];
                let Some((value, _)) = rest.split_once(quote) else {
                    return Err(self.expected("a closing quote"));
                };
                self.at += value.len() + quote.len();
                return Ok(value.to_owned());
            }
        }
        Err(self.expected("a value in backticks"))
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_blanks();
        let found = self.rule[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_blanks(&mut self) {
        let rest = &self.rule[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn expected(&self, expected: &'static str) -> InvalidRule {
        InvalidRule { rule: self.rule.to_owned(), expected, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, host: &str, path: &str, expected: bool) {
        assert_eq!(
            Matcher::parse(rule).unwrap().matches(host, path),
            expected,
            "{rule} on {host}{path}"
        );
    }

    #[test]
    fn hosts_match_in_every_form_that_recipes_use() {
        check("Host(`a.test`)", "a.test", "/", true);
        check("Host(`a.test`)", "A.Test", "/", true);
        check("Host(`a.test`)", "b.a.test", "/", false);
        check("Host(`a.test`) || Host(`b.test`)", "b.test", "/", true);
        check("Host(`a.test`, `b.test`)", "b.test", "/", true);
        check("Host(`a.test`,`www.a.test`)", "www.a.test", "/x", true);
        check("Host(\"a.test\")", "a.test", "/", true);
    }

    #[test]
    fn conjunction_binds_tighter_than_disjunction() {
        let rule = "Host(`a.test`) || Host(`b.test`) && PathPrefix(`/x`)";
        check(rule, "a.test", "/", true);
        check(rule, "b.test", "/", false);
        check(rule, "b.test", "/xy", true);
        check("(Host(`a.test`) || Host(`b.test`)) && Path(`/x`)", "a.test", "/xy", false);
        check("Host(`a.test`) && !PathPrefix(`/x`)", "a.test", "/xy", false);
    }

    #[test]
    fn what_is_not_a_rule_is_refused_with_the_place() {
        for (rule, at) in [
            ("", 0),
            ("Host(a.test)", 5),
            ("Host(`a`", 8),
            ("Host(`a`) Host(`b`)", 10),
            ("HostSNI(`*`)", 4),
        ] {
            assert_eq!(Matcher::parse(rule).unwrap_err().at, at, "{rule}");
        }
    }
}
