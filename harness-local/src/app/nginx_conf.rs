//! nginx's configuration, as far as sites of recipes use it. Main type: [`Conf`].

/// What a `server` block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conf {
    pub(super) ports: Vec<u16>,
    pub(super) root: String,
    pub(super) index: String,
    pub(super) default_type: String,
    /// Extensions with their media types; none: nginx's own.
    pub(super) types: Option<Vec<(String, String)>>,
    charset: Option<String>,
    charset_types: Vec<String>,
    /// Headers to add, and whether to errors too.
    pub(super) headers: Vec<(String, String, bool)>,
    pub(super) locations: Vec<Location>,
    /// Headers that a server behind it is told, and what `set` says: both with `$` as written.
    pub(super) told: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    /// The file that visits are written to, where the site names one.
    pub(super) access_log: Option<String>,
}

/// A `location` block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) prefix: String,
    /// It is for this path alone.
    exact: bool,
    pub(super) default_type: Option<String>,
    /// What `return` says.
    pub(super) answer: Option<(u16, String)>,
    /// Where `proxy_pass` leads.
    pub(super) upstream: Option<Upstream>,
    /// Whether `proxy_cache` keeps what that answers.
    pub(super) caches: bool,
    /// The header with which a request is answered afresh all the same.
    pub(super) bypass: Option<String>,
}

/// The server behind a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    pub(super) host: String,
    pub(super) port: u16,
}

/// A directive: its words, and what stands in its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Directive {
    words: Vec<String>,
    block: Vec<Self>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
    End,
}

impl Default for Conf {
    fn default() -> Self {
        Self {
            ports: Vec::new(),
            root: "/etc/nginx/html".to_owned(),
            index: "index.html".to_owned(),
            default_type: "application/octet-stream".to_owned(),
            types: None,
            charset: None,
            charset_types: ["text/xml", "text/plain", "application/javascript"]
                .map(str::to_owned)
                .to_vec(),
            headers: Vec::new(),
            locations: Vec::new(),
            told: Vec::new(),
            variables: Vec::new(),
            access_log: None,
        }
    }
}

impl Conf {
    /// Reads every `server` block of a file.
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, String> {
        let tokens = tokens(text)?;
        let (directives, rest) = block(&tokens)?;
        if !rest.is_empty() {
            return Err("unexpected \"}\"".to_owned());
        }
        let servers = directives.iter().filter(|d| d.words[0] == "server");
        servers.map(|server| Self::of(&server.block)).collect()
    }

    fn of(server: &[Directive]) -> Result<Self, String> {
        let mut conf = Self::default();
        for directive in server {
            conf.take(directive)?;
        }
        if conf.ports.is_empty() {
            conf.ports.push(80);
        }
        Ok(conf)
    }

    /// Returns the first server of a file that listens on a port.
    pub(super) fn of_port(text: &str, port: u16) -> Option<Self> {
        let servers = Self::parse(text).ok()?;
        servers.into_iter().find(|conf| conf.ports.contains(&port))
    }

    fn take(&mut self, directive: &Directive) -> Result<(), String> {
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["listen", address, ..] => {
                let port = address.rsplit(':').next().unwrap_or_default();
                let port = port.parse().map_err(|_| format!("invalid port in \"{address}\""))?;
                self.ports.push(port);
            }
            ["root", root] => self.root = root.trim_end_matches('/').to_owned(),
            ["index", first, ..] => self.index = (*first).to_owned(),
            ["default_type", kind] => self.default_type = (*kind).to_owned(),
            ["charset", charset] => {
                self.charset = (*charset != "off").then(|| (*charset).to_owned());
            }
            ["charset"] => return Err("invalid number of arguments in \"charset\"".to_owned()),
            ["charset_types", types @ ..] => {
                self.charset_types = types.iter().map(|t| (*t).to_owned()).collect();
            }
            ["types"] => {
                let pairs = directive.block.iter().flat_map(|d| {
                    d.words[1..].iter().map(|extension| (extension.clone(), d.words[0].clone()))
                });
                self.types = Some(pairs.collect());
            }
            ["add_header", name, value, rest @ ..] => {
                let always = rest.contains(&"always");
                self.headers.push(((*name).to_owned(), (*value).to_owned(), always));
            }
            ["access_log", file, ..] => {
                self.access_log = (*file != "off").then(|| (*file).to_owned());
            }
            ["set", name, value] => self.variables.push(((*name).to_owned(), (*value).to_owned())),
            ["proxy_set_header", name, value] => {
                self.told.push((name.to_ascii_lowercase(), (*value).to_owned()));
            }
            ["location", rest @ .., prefix] => {
                let location = self.location(prefix, rest.contains(&"="), directive)?;
                self.locations.push(location);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the location for a path: the one for it alone, else the one with the longest prefix.
    pub(super) fn location_of(&self, path: &str) -> Option<&Location> {
        let path = path.split('?').next().unwrap_or_default();
        let fits =
            |l: &&Location| if l.exact { path == l.prefix } else { path.starts_with(&l.prefix) };
        self.locations.iter().filter(fits).max_by_key(|l| (l.exact, l.prefix.len()))
    }

    fn location(
        &self,
        prefix: &str,
        exact: bool,
        directive: &Directive,
    ) -> Result<Location, String> {
        let mut location = Location { prefix: prefix.to_owned(), exact, ..Location::default() };
        for inner in &directive.block {
            match inner.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["default_type", kind] => location.default_type = Some((*kind).to_owned()),
                ["return", status, text @ ..] => {
                    let status =
                        status.parse().map_err(|_| format!("invalid return code \"{status}\""))?;
                    location.answer = Some((status, text.join(" ")));
                }
                ["proxy_pass", address] => location.upstream = Some(self.upstream(address)?),
                ["proxy_cache", zone] => location.caches = *zone != "off",
                ["proxy_cache_bypass", variable] => {
                    let name = variable.strip_prefix("$http_").ok_or_else(|| {
                        format!("proxy_cache_bypass {variable} is not played by a stand-in")
                    })?;
                    location.bypass = Some(name.replace('_', "-"));
                }
                _ => {}
            }
        }
        Ok(location)
    }

    /// Reads `http://host:port`, or a variable that says it. A path is not played.
    fn upstream(&self, address: &str) -> Result<Upstream, String> {
        let address = match self.variables.iter().find(|(name, _)| name == address) {
            Some((_, value)) => value,
            None if address.starts_with('$') => {
                return Err(format!("unknown \"{}\" variable", address.trim_start_matches('$')));
            }
            None => address,
        };
        let rest = address.strip_prefix("http://");
        let rest = rest.ok_or_else(|| format!("invalid URL prefix in \"{address}\""))?;
        if rest.contains(['/', '$']) {
            return Err(format!("proxy_pass {address} is not played by a stand-in"));
        }
        let (host, port) = rest.split_once(':').unwrap_or((rest, "80"));
        let port = port.parse().map_err(|_| format!("invalid port in upstream \"{rest}\""))?;
        Ok(Upstream { host: host.to_owned(), port })
    }

    /// Returns a media type with the charset that goes with it.
    pub(super) fn with_charset(&self, kind: &str) -> String {
        let fits = kind == "text/html" || self.charset_types.iter().any(|t| t == kind);
        match &self.charset {
            Some(charset) if fits => format!("{kind}; charset={charset}"),
            Some(_) | None => kind.to_owned(),
        }
    }
}

/// Reads directives until the block's end; what is left begins with its closing brace, if it has one.
fn block(mut tokens: &[Token]) -> Result<(Vec<Directive>, &[Token]), String> {
    let mut directives = Vec::new();
    let mut words: Vec<String> = Vec::new();
    while let Some((token, rest)) = tokens.split_first() {
        match token {
            Token::Word(word) => words.push(word.clone()),
            Token::Close => break,
            Token::End | Token::Open if words.is_empty() => {
                return Err("unexpected \";\" or \"{\"".to_owned());
            }
            Token::End => {
                directives.push(Directive { words: std::mem::take(&mut words), block: Vec::new() });
            }
            Token::Open => {
                let (inner, after) = block(rest)?;
                let Some((Token::Close, after)) = after.split_first() else {
                    return Err("unexpected end of file, expecting \"}\"".to_owned());
                };
                directives.push(Directive { words: std::mem::take(&mut words), block: inner });
                tokens = after;
                continue;
            }
        }
        tokens = rest;
    }
    if words.is_empty() {
        Ok((directives, tokens))
    } else {
        Err(format!("directive \"{}\" is not terminated by \";\"", words[0]))
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '{' => tokens.push(Token::Open),
            '}' => tokens.push(Token::Close),
            ';' => tokens.push(Token::End),
            '\'' | '"' => {
                let mut word = String::new();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') => word.extend(chars.next()),
                        Some(inner) => word.push(inner),
                        None => return Err("unexpected end of file in a quoted text".to_owned()),
                    }
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(c) =
                    chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '{' | '}'))
                {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Conf {
        let mut servers = Conf::parse(text).unwrap();
        assert_eq!(servers.len(), 1);
        servers.remove(0)
    }

    #[test]
    fn a_file_may_have_several_sites_one_in_front_of_the_other() {
        let text = "proxy_cache_path /tmp/x keys_zone=x:1m;
            server { listen 80; access_log /log; location / { proxy_pass http://127.0.0.1:81; proxy_cache x; proxy_cache_bypass $http_cache_control; } }
            server { listen 127.0.0.1:81; root /srv; }";
        let front = Conf::of_port(text, 80).unwrap();
        let location = front.location_of("/a").unwrap();
        assert!(location.caches && front.access_log.as_deref() == Some("/log"));
        assert_eq!(location.bypass.as_deref(), Some("cache-control"));
        assert_eq!(Conf::of_port(text, 81).unwrap().root, "/srv");
        assert_eq!(Conf::of_port(text, 82), None);
        assert!(Conf::parse("server { location / { proxy_cache_bypass $arg_x; } }").is_err());
    }

    #[test]
    fn a_site_is_read() {
        let text = "server {\n listen 8080;\n root /srv/; # here\n charset utf-8;\n charset_types text/css;\n types { text/plain html txt; }\n location / { default_type text/html; return 200 '<p>it''s</p>'; }\n}\n";
        let conf = only(&text.replace("''", ""));
        assert_eq!((conf.ports.as_slice(), conf.root.as_str()), (&[8080][..], "/srv"));
        assert_eq!(conf.with_charset("text/css"), "text/css; charset=utf-8");
        assert_eq!(conf.with_charset("text/plain"), "text/plain");
        assert_eq!(conf.types.unwrap().len(), 2);
        assert_eq!(conf.locations[0].answer, Some((200, "<p>its</p>".to_owned())));
    }

    #[test]
    fn the_location_for_a_path_alone_comes_before_the_longest_prefix() {
        let text = "server { set $up http://s_app:8008; proxy_set_header Host $host;
            location / { return 404; } location /a/ { proxy_pass $up; } location = /a/b { return 200 x; } }";
        let conf = only(text);
        let of = |path: &str| conf.location_of(path).unwrap();
        assert_eq!(of("/other").answer, Some((404, String::new())));
        assert_eq!(of("/a/c?d").upstream, Some(Upstream { host: "s_app".to_owned(), port: 8008 }));
        assert_eq!(of("/a/b?d").answer, Some((200, "x".to_owned())));
        assert_eq!(conf.told, [("host".to_owned(), "$host".to_owned())]);
    }

    #[test]
    fn what_nginx_would_refuse_is_refused() {
        let proxies = ["$up", "https:/x", "http://x:y", "http://x/path"];
        for proxy in proxies.map(|p| format!("server {{ location / {{ proxy_pass {p}; }} }}")) {
            assert!(Conf::parse(&proxy).is_err(), "{proxy}");
        }
        for text in ["server { listen 80 }", "server {", "server { charset ; }", "}"] {
            assert!(Conf::parse(text).is_err(), "{text}");
        }
    }
}
