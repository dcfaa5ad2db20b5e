//! The programs that recipes' scripts, hooks and health checks use. Main type: [`Machine`].

use super::{curl, db, files, find, shell, streams};
use crate::world::{EngineCall, Image, Inside, Io, Ran};

/// A container with its image: where programs run.
pub(super) struct Machine<'a, 'b> {
    pub(super) image: &'a dyn Image,
    pub(super) inside: &'a mut Inside<'b>,
}

/// The programs, but for those that an image brings itself, and for those of databases.
const KNOWN: [&str; 51] = [
    "cat",
    "echo",
    "printf",
    "true",
    "false",
    "test",
    "[",
    "gzip",
    "gunzip",
    "zcat",
    "sleep",
    "rm",
    "ls",
    "find",
    "curl",
    "sh",
    "bash",
    "wget",
    "env",
    "tail",
    "head",
    "grep",
    "egrep",
    "wc",
    "sort",
    "uniq",
    "tr",
    "cut",
    "tee",
    "mkdir",
    "rmdir",
    "mv",
    "cp",
    "touch",
    "chmod",
    "chown",
    "ln",
    "date",
    "id",
    "whoami",
    "hostname",
    "basename",
    "dirname",
    "seq",
    "timeout",
    "stat",
    "sha256sum",
    "gosu",
    "su-exec",
    "setpriv",
    "kill",
];

/// Programs that images do have and that nobody plays: their absence is no fault of a recipe.
const UNPLAYED: [&str; 43] = [
    "awk",
    "sed",
    "python",
    "python3",
    "perl",
    "node",
    "npm",
    "php",
    "ruby",
    "rake",
    "jq",
    "openssl",
    "nc",
    "tar",
    "pg_basebackup",
    "mongodump",
    "mongorestore",
    "mongosh",
    "mongo",
    "rsync",
    "zip",
    "unzip",
    "xargs",
    "base64",
    "md5sum",
    "dd",
    "du",
    "df",
    "ps",
    "pgrep",
    "diff",
    "xz",
    "bzip2",
    "zstd",
    "nginx",
    "apk",
    "apt-get",
    "git",
    "su",
    "runuser",
    "expr",
    "mktemp",
    "clickhouse-client",
];

/// Returns whether a command is a known program or a script.
pub(super) fn is_known(inside: &Inside<'_>, argv: &[String]) -> bool {
    let Some(program) = argv.first() else { return false };
    let name = base_name(program);
    KNOWN.contains(&name)
        || db::CLIENTS.contains(&name)
        || inside.read(program).is_some_and(|b| b.starts_with(b"#!"))
}

/// Returns whether a script would find a command.
pub(super) fn is_there(machine: &Machine<'_, '_>, name: &str) -> bool {
    is_known(machine.inside, &[name.to_owned()]) && !machine.image.lacks(name)
}

pub(super) fn base_name(program: &str) -> &str {
    let name = program.rsplit('/').next().unwrap_or(program);
    let standard = program == name
        || ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"]
            .iter()
            .any(|folder| program.strip_prefix(folder) == Some(name));
    if standard { name } else { program }
}

/// Runs a program that a stand-in does not play itself: a tool, a script, or a client of a database.
pub fn run_program(
    image: &dyn Image,
    inside: &mut Inside<'_>,
    argv: &[String],
    io: &mut Io<'_>,
) -> Ran {
    Machine { image, inside }.run(argv, io)
}

impl Machine<'_, '_> {
    /// Runs a program: one of ours or a script.
    pub(super) fn run(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let before = io.err.len();
        let ran = self.run_known(argv, io);
        self.inside.note_refusal(&io.err[before.min(io.err.len())..]);
        ran
    }

    fn run_known(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let Some(program) = argv.first() else { return Ran::Ended(0) };
        let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        let name = base_name(program);
        if self.image.lacks(name) {
            io.err.extend(format!("{program}: command not found\n").bytes());
            return Ran::Ended(127);
        }
        let done = db::client(self, name, &words, io)
            .or_else(|| files::program(self, name, &words, io))
            .or_else(|| streams::program(self, name, &words, io));
        if let Some(code) = done {
            return Ran::Ended(code);
        }
        let code = match name {
            "true" => 0,
            "false" => 1,
            "test" | "[" => {
                let words = words.strip_suffix(&["]"]).unwrap_or(&words);
                match shell::test(self.inside, words) {
                    Ok(holds) => i64::from(!holds),
                    Err(problem) => {
                        io.err.extend(format!("{problem}\n").bytes());
                        2
                    }
                }
            }
            "kill" => self.kill(&words, io),
            "find" => find::find(self.inside, &words, io),
            "curl" | "wget" => curl::curl(self, &words, io),
            "sleep" if matches!(words.first(), Some(&"infinity")) => return Ran::Idles,
            "tail" if words.contains(&"-f") => return Ran::Idles,
            "sleep" => 0,
            "env" => return self.env(argv, io),
            // Who runs a program makes no difference here.
            "gosu" | "su-exec" if argv.len() > 2 => {
                return self.image.run(self.inside, &argv[2..], io);
            }
            "timeout" | "setpriv" => {
                let flags = words.iter().take_while(|w| w.starts_with('-')).count();
                let skipped = flags + usize::from(name == "timeout");
                return self.image.run(
                    self.inside,
                    argv.get(1 + skipped..).unwrap_or_default(),
                    io,
                );
            }
            "sh" | "bash" | "ash" | "dash" => return self.shell(&words, io),
            _ => return self.script(argv, io),
        };
        Ran::Ended(code)
    }

    /// Only the container's main program can be told to end: nothing else lasts.
    fn kill(&mut self, words: &[&str], io: &mut Io<'_>) -> i64 {
        match words {
            ["1"] | ["-TERM" | "-SIGTERM" | "-15", "1"] | ["-s", "TERM", "1"] => {
                self.inside.call_engine(EngineCall::Terminate);
                0
            }
            _ => {
                let text = format!("kill {}: not played by a stand-in\n", words.join(" "));
                io.err.extend(text.bytes());
                1
            }
        }
    }

    fn shell(&mut self, words: &[&str], io: &mut Io<'_>) -> Ran {
        match words {
            ["-c", text, args @ ..] => {
                // What follows the text is the script's own name, then its arguments.
                let name = args.first().copied().unwrap_or("sh");
                shell::run(self, text, name, args.get(1..).unwrap_or_default(), io)
            }
            // `-e`, `-ec`: as `set -e` in the script.
            [flags, rest @ ..] if flags.starts_with('-') && flags.len() > 1 => {
                self.with_flags(flags, rest, io)
            }
            [file, args @ ..] => {
                let Some(text) = self.inside.read(file) else {
                    io.err.extend(format!("sh: {file}: No such file or directory\n").bytes());
                    return Ran::Ended(127);
                };
                let text = String::from_utf8_lossy(text).into_owned();
                shell::run(self, &text, file, args, io)
            }
            [] => {
                let text = String::from_utf8_lossy(io.stdin).into_owned();
                shell::run(self, &text, "sh", &[], &mut Io { stdin: &[], out: io.out, err: io.err })
            }
        }
    }

    fn with_flags(&mut self, flags: &str, rest: &[&str], io: &mut Io<'_>) -> Ran {
        let letters = flags.trim_start_matches('-');
        let set: String = letters.chars().filter(|c| "eux".contains(*c)).collect();
        let prefix = if set.is_empty() { String::new() } else { format!("set -{set}; ") };
        match rest {
            ["pipefail", rest @ ..] if letters.ends_with('o') => {
                let Some((text, rest)) = rest.split_first().and_then(|(first, rest)| {
                    if *first == "-c" { rest.split_first() } else { None }
                }) else {
                    io.err.extend(b"sh -o: not played by a stand-in\n");
                    return Ran::Ended(2);
                };
                let text = format!("{prefix}set -o pipefail; {text}");
                shell::run(self, &text, "sh", rest.get(1..).unwrap_or_default(), io)
            }
            [text, args @ ..] if letters.contains('c') => {
                let text = format!("{prefix}{text}");
                let name = args.first().copied().unwrap_or("sh");
                shell::run(self, &text, name, args.get(1..).unwrap_or_default(), io)
            }
            _ if letters.chars().all(|c| "euxls".contains(c)) && !prefix.is_empty() => {
                let Some((file, args)) = rest.split_first() else { return Ran::Ended(2) };
                let text = self.inside.read(file).unwrap_or_default();
                let text = format!("{prefix}{}", String::from_utf8_lossy(text));
                shell::run(self, &text, file, args, io)
            }
            _ if letters.chars().all(|c| "ls".contains(c)) => self.shell(rest, io),
            _ => {
                io.err.extend(format!("sh {flags}: not played by a stand-in\n").bytes());
                Ran::Ended(2)
            }
        }
    }

    fn script(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let text = self.inside.read(&argv[0]).filter(|b| b.starts_with(b"#!"));
        let Some(text) = text.map(|b| String::from_utf8_lossy(b).into_owned()) else {
            let name = base_name(&argv[0]);
            let problem = if UNPLAYED.contains(&name) {
                format!("{name} is not played by a stand-in\n")
            } else if argv[0].starts_with('/') {
                format!("{}: No such file or directory\n", argv[0])
            } else {
                format!("{}: command not found\n", argv[0])
            };
            io.err.extend(problem.bytes());
            return Ran::Ended(127);
        };
        let first = text.lines().next().unwrap_or_default();
        if !["sh", "bash", "ash", "dash"].iter().any(|s| first.split(['/', ' ']).any(|w| w == *s)) {
            io.err.extend(format!("{first}: not played by a stand-in\n").bytes());
            return Ran::Ended(127);
        }
        let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        let flags =
            first.split(' ').skip(1).filter(|w| w.starts_with('-') && w.contains(['e', 'u']));
        let prefix: String = flags.map(|f| format!("set {f}; ")).collect();
        shell::run(self, &format!("{prefix}{text}"), &argv[0], &args, io)
    }

    fn env(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let pairs = argv[1..].iter().take_while(|w| w.contains('=')).count();
        let mut env = self.inside.env.clone();
        let given = argv[1..=pairs].iter().filter_map(|w| w.split_once('='));
        env.extend(given.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let rest = &argv[1 + pairs..];
        let image = self.image;
        if !rest.is_empty() {
            return self.inside.with_env(&env, |inside| image.run(inside, rest, io));
        }
        for (name, value) in env {
            io.out.extend(format!("{name}={value}\n").bytes());
        }
        Ran::Ended(0)
    }
}
