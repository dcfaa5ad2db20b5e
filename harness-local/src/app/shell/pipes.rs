//! Commands with their streams: where output goes, where input comes from.

use super::expand::Stop;
use super::parse::{Command, Redirects};
use super::run::{Flow, Shell};
use super::tokens::Redirect;
use crate::world::Io;

/// Where a stream leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Out,
    Err,
    Nowhere,
    File(String),
}

/// Where the streams of a command lead.
struct Streams {
    stdin: Option<Vec<u8>>,
    /// Standard output and standard error.
    targets: [Target; 2],
}

impl Shell<'_, '_, '_> {
    pub(super) fn command(&mut self, command: &Command, io: &mut Io<'_>) -> Flow {
        if command.redirects.is_empty() {
            return self.what(&command.what, io);
        }
        let streams = match self.streams(&command.redirects, io) {
            Ok(streams) => streams,
            Err((code @ 1, text)) => {
                io.err.extend(format!("{}: {text}\n", self.name).bytes());
                return Flow::On(code);
            }
            Err(stop) => return self.stop(stop, io),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let flow = match &streams.stdin {
            Some(stdin) => {
                let read = std::mem::replace(&mut self.read, 0);
                let mut inner = Io { stdin, out: &mut out, err: &mut err };
                let flow = self.what(&command.what, &mut inner);
                self.read = read;
                flow
            }
            None => {
                let mut inner = Io { stdin: io.stdin, out: &mut out, err: &mut err };
                self.what(&command.what, &mut inner)
            }
        };
        let [first, second] = &streams.targets;
        let written = self.bring(first, out, io) && self.bring(second, err, io);
        if written { flow } else { Flow::On(1) }
    }

    fn streams(&mut self, redirects: &Redirects, io: &mut Io<'_>) -> Result<Streams, Stop> {
        let mut streams = Streams { stdin: None, targets: [Target::Out, Target::Err] };
        for (redirect, word) in redirects {
            let text = self.text(word, io)?;
            let at = |stream: &u32| usize::from(*stream == 2);
            match redirect {
                Redirect::In => streams.stdin = Some(self.opened(&text, io)?),
                Redirect::Text => streams.stdin = Some(format!("{text}\n").into_bytes()),
                Redirect::Here(word) => {
                    streams.stdin = Some(self.text(word, io)?.into_bytes());
                }
                Redirect::Out(stream) => streams.targets[at(stream)] = self.target(&text, false)?,
                Redirect::Append(stream) => {
                    streams.targets[at(stream)] = self.target(&text, true)?;
                }
                Redirect::Both => {
                    let target = self.target(&text, false)?;
                    streams.targets = [target.clone(), target];
                }
                Redirect::Into { from, to } => {
                    streams.targets[at(from)] = streams.targets[at(to)].clone();
                }
            }
        }
        Ok(streams)
    }

    /// Returns what is read from a path.
    fn opened(&mut self, path: &str, io: &Io<'_>) -> Result<Vec<u8>, Stop> {
        if let Some(address) = path.strip_prefix("/dev/tcp/") {
            return self.reached(path, address).map(|()| Vec::new());
        }
        match path {
            "/dev/null" => Ok(Vec::new()),
            "/dev/stdin" | "/proc/self/fd/0" => {
                Ok(io.stdin[self.read.min(io.stdin.len())..].to_vec())
            }
            "/dev/urandom" | "/dev/random" => {
                Err((2, format!("{path} is not played by a stand-in")))
            }
            path => match self.machine.inside.read(path) {
                Some(bytes) => Ok(bytes.to_vec()),
                None => Err((1, format!("{path}: No such file or directory"))),
            },
        }
    }

    fn reached(&mut self, path: &str, address: &str) -> Result<(), Stop> {
        let Some((host, port)) = address.split_once('/') else {
            return Err((1, format!("{path}: No such file or directory")));
        };
        let Ok(port) = port.parse() else { return Err((1, format!("{port}: invalid port"))) };
        let here = ["localhost", "127.0.0.1", "::1"].contains(&host);
        let up = if here {
            self.machine.inside.serves && self.machine.image.listens(self.machine.inside, port)
        } else if self.machine.inside.resolves(host) {
            self.machine.inside.reaches(host, port)
        } else {
            return Err((1, format!("{host}: Name or service not known")));
        };
        if up { Ok(()) } else { Err((1, format!("connect: Connection refused: {path}"))) }
    }

    /// Opens a path for writing; unless it is added to, what was there is gone at once.
    fn target(&mut self, path: &str, adds: bool) -> Result<Target, Stop> {
        if let Some(address) = path.strip_prefix("/dev/tcp/") {
            return self.reached(path, address).map(|()| Target::Nowhere);
        }
        match path {
            "/dev/null" => return Ok(Target::Nowhere),
            "/dev/stdout" | "/proc/1/fd/1" | "/proc/self/fd/1" | "/dev/tty" => {
                return Ok(Target::Out);
            }
            "/dev/stderr" | "/proc/1/fd/2" | "/proc/self/fd/2" => return Ok(Target::Err),
            _ => {}
        }
        let inside = &mut *self.machine.inside;
        let there = adds && inside.read(path).is_some();
        if !there && inside.write(path, Vec::new()).is_err() {
            return Err((1, format!("{path}: cannot create: No such file or directory")));
        }
        Ok(Target::File(path.to_owned()))
    }

    /// Brings what a command wrote to where it leads.
    fn bring(&mut self, target: &Target, mut bytes: Vec<u8>, io: &mut Io<'_>) -> bool {
        match target {
            Target::Out => io.out.append(&mut bytes),
            Target::Err => io.err.append(&mut bytes),
            Target::Nowhere => {}
            Target::File(path) => {
                let mut all = self.machine.inside.read(path).unwrap_or_default().to_vec();
                all.append(&mut bytes);
                if self.machine.inside.write(path, all).is_err() {
                    io.err.extend(format!("{}: {path}: cannot be written\n", self.name).bytes());
                    return false;
                }
            }
        }
        true
    }
}
