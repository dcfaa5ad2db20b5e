//! The programs that recipes' scripts, hooks and health checks use. Main type: [`Machine`].

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};

use super::{curl, find, shell};
use crate::world::{FileProblem, Image, Inside, Io, Ran};

/// A container with its image: where programs run.
pub(super) struct Machine<'a, 'b> {
    pub(super) image: &'a dyn Image,
    pub(super) inside: &'a mut Inside<'b>,
}

/// The programs, but for those that an image brings itself.
const KNOWN: [&str; 19] = [
    "cat", "echo", "printf", "true", "false", "test", "[", "gzip", "gunzip", "sleep", "rm", "ls",
    "find", "curl", "sh", "bash", "wget", "env", "tail",
];

/// Returns whether a command is a known program or a script.
pub(super) fn is_known(inside: &Inside<'_>, argv: &[String]) -> bool {
    let Some(program) = argv.first() else { return false };
    KNOWN.contains(&base_name(program))
        || inside.read(program).is_some_and(|b| b.starts_with(b"#!"))
}

pub(super) fn base_name(program: &str) -> &str {
    let name = program.rsplit('/').next().unwrap_or(program);
    let standard = program == name
        || ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"]
            .iter()
            .any(|folder| program.strip_prefix(folder) == Some(name));
    if standard { name } else { program }
}

impl Machine<'_, '_> {
    /// Runs a program: one of ours or a script.
    pub(super) fn run(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let Some(program) = argv.first() else { return Ran::Ended(0) };
        let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        let code = match base_name(program) {
            "true" => 0,
            "false" => 1,
            "echo" => echo(&words, io),
            "printf" => {
                io.out.extend(words.first().unwrap_or(&"").replace("\\n", "\n").bytes());
                0
            }
            "cat" => self.cat(&words, io),
            "test" | "[" => i64::from(!self.test(&words)),
            "gzip" => gzip(io),
            "gunzip" => gunzip(io),
            "rm" => self.rm(&words),
            "ls" => self.ls(&words, io),
            "find" => find::find(self.inside, &words, io),
            "curl" | "wget" => curl::curl(self, &words, io),
            "sleep" if matches!(words.first(), Some(&"infinity")) => return Ran::Idles,
            "tail" if words.contains(&"-f") => return Ran::Idles,
            "sleep" | "tail" => 0,
            "env" => return self.env(argv, io),
            "sh" | "bash" => return self.shell(&words, io),
            _ => return self.script(argv, io),
        };
        Ran::Ended(code)
    }

    fn shell(&mut self, words: &[&str], io: &mut Io<'_>) -> Ran {
        match words {
            ["-c", text, args @ ..] => {
                // What follows the text is the script's own name, then its arguments.
                shell::run(self, text, args.get(1..).unwrap_or_default(), io)
            }
            [file, args @ ..] if !file.starts_with('-') => {
                let Some(text) = self.inside.read(file) else { return Ran::Ended(127) };
                let text = String::from_utf8_lossy(text).into_owned();
                shell::run(self, &text, args, io)
            }
            [_, rest @ ..] => self.shell(rest, io),
            [] => {
                let text = String::from_utf8_lossy(io.stdin).into_owned();
                shell::run(self, &text, &[], io)
            }
        }
    }

    fn script(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let text = self.inside.read(&argv[0]).filter(|b| b.starts_with(b"#!"));
        let Some(text) = text.map(|b| String::from_utf8_lossy(b).into_owned()) else {
            io.err.extend(format!("{}: command not found\n", argv[0]).bytes());
            return Ran::Ended(127);
        };
        let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        shell::run(self, &text, &args, io)
    }

    fn env(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        if argv.len() > 1 {
            return self.image.run(self.inside, &argv[1..], io);
        }
        for (name, value) in self.inside.env {
            io.out.extend(format!("{name}={value}\n").bytes());
        }
        Ran::Ended(0)
    }

    fn cat(&mut self, words: &[&str], io: &mut Io<'_>) -> i64 {
        if words.is_empty() {
            io.out.extend_from_slice(io.stdin);
        }
        let mut code = 0;
        for path in words {
            match self.inside.read(path) {
                Some(bytes) => io.out.extend_from_slice(bytes),
                None => {
                    io.err.extend(format!("cat: {path}: No such file or directory\n").bytes());
                    code = 1;
                }
            }
        }
        code
    }

    fn rm(&mut self, words: &[&str]) -> i64 {
        let force = words.iter().any(|w| w.starts_with('-') && w.contains('f'));
        let recursive = words.iter().any(|w| w.starts_with('-') && w.contains(['r', 'R']));
        let mut code = 0;
        for path in words.iter().filter(|w| !w.starts_with('-')) {
            let below = if recursive { self.inside.below(path) } else { Vec::new() };
            let mut removed = self.inside.remove(path);
            for file in &below {
                removed = self.inside.remove(file);
            }
            let missing = removed == Err(FileProblem::Missing);
            if removed.is_err() && !(missing && (force || !below.is_empty())) {
                code = 1;
            }
        }
        code
    }

    fn ls(&mut self, words: &[&str], io: &mut Io<'_>) -> i64 {
        let folder = words.iter().find(|w| !w.starts_with('-')).unwrap_or(&"/");
        if !self.inside.is_folder(folder) && self.inside.read(folder).is_none() {
            io.err.extend(format!("ls: cannot access '{folder}'\n").bytes());
            return 2;
        }
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let below = self.inside.below(folder);
        let names: std::collections::BTreeSet<&str> =
            below.iter().filter_map(|p| p.strip_prefix(&prefix)?.split('/').next()).collect();
        for name in names {
            io.out.extend(format!("{name}\n").bytes());
        }
        0
    }

    /// Decides a condition as `test` does; what it cannot read is false.
    pub(super) fn test(&self, words: &[&str]) -> bool {
        let words = words.strip_suffix(&["]"]).unwrap_or(words);
        match words {
            ["!", rest @ ..] => !self.test(rest),
            ["-z", text] => text.is_empty(),
            ["-n", text] | [text] => !text.is_empty(),
            ["-f", path] => self.inside.read(path).is_some(),
            ["-s", path] => self.inside.read(path).is_some_and(|b| !b.is_empty()),
            ["-d", path] => self.inside.is_folder(path),
            ["-e", path] => self.inside.read(path).is_some() || self.inside.is_folder(path),
            [a, "=" | "==", b] => a == b,
            [a, "!=", b] => a != b,
            _ => false,
        }
    }
}

fn echo(words: &[&str], io: &mut Io<'_>) -> i64 {
    let (words, end) = match words {
        ["-n", rest @ ..] => (rest, ""),
        all => (all, "\n"),
    };
    io.out.extend(words.join(" ").bytes());
    io.out.extend(end.bytes());
    0
}

fn gzip(io: &mut Io<'_>) -> i64 {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(io.stdin).and_then(|()| encoder.finish()) {
        Ok(bytes) => {
            io.out.extend(bytes);
            0
        }
        Err(_) => 1,
    }
}

fn gunzip(io: &mut Io<'_>) -> i64 {
    let mut decoder = GzDecoder::new(Vec::new());
    match decoder.write_all(io.stdin).and_then(|()| decoder.finish()) {
        Ok(bytes) => {
            io.out.extend(bytes);
            0
        }
        Err(_) => 1,
    }
}
