//! `curl` (and `wget` as health checks use it): towards the container itself, and towards the engine's socket.

use serde_json::Value;

use super::programs::Machine;
use crate::world::{EngineCall, Io, Request, Response};

/// What the command line asks for.
#[derive(Debug, Default)]
struct Asked<'a> {
    url: &'a str,
    method: Option<&'a str>,
    data: Option<&'a str>,
    output: Option<&'a str>,
    socket: Option<&'a str>,
    report: Option<&'a str>,
    headers: Vec<(String, String)>,
    fails: bool,
    includes: bool,
}

/// Options that take a value and change nothing here.
const WITH_VALUE: [&str; 8] = [
    "--max-time",
    "-m",
    "--retry",
    "--connect-timeout",
    "--user-agent",
    "-A",
    "--tries",
    "--timeout",
];

pub(super) fn curl(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let asked = read(words);
    if asked.socket.is_some() {
        return engine(machine, &asked);
    }
    let Some((host, port, path)) = address(asked.url) else {
        io.err.extend(format!("curl: (6) Could not resolve host: {}\n", asked.url).bytes());
        return 6;
    };
    let is_here = ["127.0.0.1", "localhost", "0.0.0.0"].contains(&host);
    if !is_here && !machine.inside.resolves(host) {
        io.err.extend(format!("curl: (6) Could not resolve host: {host}\n").bytes());
        return 6;
    }
    let method = asked.method.unwrap_or(if asked.data.is_some() { "POST" } else { "GET" });
    let request = Request {
        method: method.to_owned(),
        body: asked.data.unwrap_or_default().as_bytes().to_vec(),
        headers: asked.headers.clone(),
        ..Request::get(path)
    };
    let answer: Option<Response> = if !is_here {
        machine.inside.ask(host, port, &request)
    } else if machine.inside.serves {
        machine.image.answer(machine.inside, port, &request)
    } else {
        None
    };
    let Some(answer) = answer else {
        let text = format!("curl: (7) Failed to connect to {host} port {port}\n");
        io.err.extend(text.bytes());
        return 7;
    };
    if asked.fails && answer.status >= 400 {
        let text = format!("curl: (22) The requested URL returned error: {}\n", answer.status);
        io.err.extend(text.bytes());
        return 22;
    }
    if asked.includes {
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!("HTTP/1.1 {}\r\n{}\r\n", answer.status, headers.collect::<String>());
        io.out.extend(head.bytes());
    }
    match asked.output {
        Some("-") | None => io.out.extend(answer.body),
        Some(path) => {
            if machine.inside.write(path, answer.body).is_err() {
                return 23;
            }
        }
    }
    let report = asked.report.unwrap_or_default().replace("\\n", "\n");
    io.out.extend(report.replace("%{http_code}", &answer.status.to_string()).bytes());
    0
}

fn read<'a>(words: &[&'a str]) -> Asked<'a> {
    let mut asked = Asked::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "--fail" => asked.fails = true,
            "--include" => asked.includes = true,
            "--request" | "-X" => asked.method = words.next(),
            "--data" | "-d" | "--data-raw" => asked.data = words.next(),
            "--output" | "-o" | "-O" => asked.output = words.next(),
            "--header" | "-H" => {
                let header = words.next().and_then(|h| h.split_once(':'));
                asked
                    .headers
                    .extend(header.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())));
            }
            "--write-out" | "-w" => asked.report = words.next(),
            "--unix-socket" => asked.socket = words.next(),
            word if WITH_VALUE.contains(&word) => drop(words.next()),
            word if word.starts_with("--") => {}
            word if word.starts_with('-') => {
                asked.fails |= word.contains('f');
                asked.includes |= word.contains('i');
            }
            word => asked.url = word,
        }
    }
    asked
}

/// Returns the host, port and path of a URL.
fn address(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    Some((host, port.parse().ok()?, path)).filter(|_| !host.is_empty())
}

/// Makes and starts containers through the engine's socket.
fn engine(machine: &mut Machine<'_, '_>, asked: &Asked<'_>) -> i64 {
    if !machine.inside.has_engine() {
        return 7;
    }
    let path = asked.url.split_once("/containers/").map_or("", |(_, path)| path);
    if let Some(name) = path.strip_prefix("create?name=") {
        let body: Value = serde_json::from_str(asked.data.unwrap_or_default()).unwrap_or_default();
        let binds = body.pointer("/HostConfig/Binds").and_then(Value::as_array);
        let volume = |bind: &Value| Some(bind.as_str()?.split(':').next()?.to_owned());
        let volumes = binds.into_iter().flatten().filter_map(volume);
        let call = EngineCall::Create {
            name: name.to_owned(),
            image: body["Image"].as_str().unwrap_or_default().to_owned(),
            volumes: volumes.filter(|v| !v.starts_with('/')).collect(),
        };
        machine.inside.call_engine(call);
    } else if let Some(name) = path.strip_suffix("/start") {
        machine.inside.call_engine(EngineCall::Start { name: name.to_owned() });
    } else {
        return 22;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_its_parts() {
        assert_eq!(address("http://127.0.0.1:8080/a?b"), Some(("127.0.0.1", 8080, "/a?b")));
        assert_eq!(address("localhost"), Some(("localhost", 80, "/")));
        assert_eq!(address("http://"), None);
    }

    #[test]
    fn short_options_may_be_joined() {
        let asked = read(&["-fsS", "-o", "/dev/null", "http://localhost"]);
        assert!(asked.fails && !asked.includes && asked.output == Some("/dev/null"));
        assert!(read(&["-si", "http://localhost"]).includes);
    }
}
