//! Doing what a script says.

use std::collections::BTreeMap;

use super::parse::{Command, Joined, List, When, Word, parse};
use super::words::{Part, Redirect};
use crate::app::programs::Machine;
use crate::world::{Io, Ran};

/// Runs a script with arguments.
pub(in crate::app) fn run(
    machine: &mut Machine<'_, '_>,
    text: &str,
    args: &[&str],
    io: &mut Io<'_>,
) -> Ran {
    let list = match parse(text) {
        Ok(list) => list,
        Err(problem) => {
            io.err.extend(format!("sh: {problem}\n").bytes());
            return Ran::Ended(2);
        }
    };
    let vars = machine.inside.env.clone();
    let mut shell = Shell {
        machine,
        vars,
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        functions: BTreeMap::new(),
        ends_on_error: false,
        pipes_fail: false,
        last: 0,
    };
    match shell.list(&list, io, true) {
        Flow::On(code) | Flow::Exit(code) => Ran::Ended(code),
        Flow::Stays(ran) => ran,
    }
}

/// How a script goes on.
enum Flow {
    On(i64),
    Exit(i64),
    Stays(Ran),
}

struct Shell<'a, 'b, 'c> {
    machine: &'a mut Machine<'b, 'c>,
    vars: BTreeMap<String, String>,
    args: Vec<String>,
    functions: BTreeMap<String, List>,
    ends_on_error: bool,
    pipes_fail: bool,
    last: i64,
}

impl Shell<'_, '_, '_> {
    fn list(&mut self, list: &List, io: &mut Io<'_>, guarded: bool) -> Flow {
        for (at, one) in list.iter().enumerate() {
            let runs = match one.when {
                When::Always => true,
                When::AfterSuccess => self.last == 0,
                When::AfterFailure => self.last != 0,
            };
            if !runs {
                continue;
            }
            let code = match self.joined(one, io) {
                Flow::On(code) => code,
                other @ (Flow::Exit(_) | Flow::Stays(_)) => return other,
            };
            self.last = if one.negated { i64::from(code == 0) } else { code };
            // A failure that the next command judges does not end the script.
            let judged = list.get(at + 1).is_some_and(|next| next.when != When::Always);
            if self.last != 0 && self.ends_on_error && guarded && !judged && !one.negated {
                return Flow::Exit(self.last);
            }
        }
        Flow::On(self.last)
    }

    fn joined(&mut self, joined: &Joined, io: &mut Io<'_>) -> Flow {
        let Some((last, first)) = joined.pipeline.split_last() else { return Flow::On(0) };
        let (mut piped, mut failed) = (None::<Vec<u8>>, 0);
        for command in first {
            let mut out = Vec::new();
            let stdin = piped.take().unwrap_or_else(|| io.stdin.to_vec());
            let mut inner = Io { stdin: &stdin, out: &mut out, err: io.err };
            match self.command(command, &mut inner) {
                Flow::On(0) | Flow::Exit(0) | Flow::Stays(_) => {}
                Flow::On(code) | Flow::Exit(code) => failed = code,
            }
            piped = Some(out);
        }
        let flow = match piped {
            None => self.command(last, io),
            Some(stdin) => self.command(last, &mut Io { stdin: &stdin, out: io.out, err: io.err }),
        };
        match flow {
            Flow::On(0) if self.pipes_fail => Flow::On(failed),
            other @ (Flow::On(_) | Flow::Exit(_) | Flow::Stays(_)) => other,
        }
    }

    fn command(&mut self, command: &Command, io: &mut Io<'_>) -> Flow {
        match command {
            Command::Simple { words, redirects } => self.simple(words, redirects, io),
            Command::Group(list) => self.list(list, io, true),
            Command::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                Flow::On(0)
            }
            Command::If { branches, otherwise } => {
                for (test, then) in branches {
                    match self.list(test, io, false) {
                        Flow::On(0) => return self.list(then, io, true),
                        Flow::On(_) => self.last = 0,
                        other @ (Flow::Exit(_) | Flow::Stays(_)) => return other,
                    }
                }
                self.list(otherwise, io, true)
            }
        }
    }

    fn simple(
        &mut self,
        words: &[Word],
        redirects: &[(Redirect, Option<Word>)],
        io: &mut Io<'_>,
    ) -> Flow {
        let (assignments, words) =
            words.split_at(words.iter().take_while(|word| is_assignment(word)).count());
        let assigned: Vec<(String, String)> =
            assignments.iter().filter_map(|word| self.assignment(word, io)).collect();
        let argv: Vec<String> = words.iter().flat_map(|word| self.fill_in(word, io)).collect();
        if argv.is_empty() {
            self.vars.extend(assigned);
            // An assignment ends as the command in it did.
            let is_command = |part: &Part| matches!(part, Part::Command { .. });
            let has_command = assignments.iter().flatten().any(is_command);
            return Flow::On(if has_command { self.last } else { 0 });
        }
        let targets: Vec<(Redirect, String)> = redirects
            .iter()
            .map(|(redirect, word)| {
                let target = word.as_ref().map(|w| self.fill_in(w, io).concat());
                (*redirect, target.unwrap_or_default())
            })
            .collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut stdin = io.stdin.to_vec();
        for (redirect, target) in &targets {
            if *redirect == Redirect::In {
                let Some(bytes) = self.machine.inside.read(target) else {
                    io.err.extend(format!("sh: {target}: No such file\n").bytes());
                    return Flow::On(1);
                };
                stdin = bytes.to_vec();
            }
        }
        let saved = self.vars.clone();
        self.vars.extend(assigned.clone());
        let mut inner = Io { stdin: &stdin, out: &mut out, err: &mut err };
        let flow = self.dispatch(&argv, &mut inner);
        for (name, _) in assigned {
            match saved.get(&name) {
                Some(old) => drop(self.vars.insert(name, old.clone())),
                None => drop(self.vars.remove(&name)),
            }
        }
        if self.deliver(&targets, out, err, io) { flow } else { Flow::On(1) }
    }

    /// Brings what a command wrote to where it was sent.
    fn deliver(
        &mut self,
        targets: &[(Redirect, String)],
        mut out: Vec<u8>,
        mut err: Vec<u8>,
        io: &mut Io<'_>,
    ) -> bool {
        for (redirect, target) in targets {
            let written = match redirect {
                Redirect::In => Ok(()),
                Redirect::Out => self.machine.inside.write(target, std::mem::take(&mut out)),
                Redirect::Append => {
                    let mut all = self.machine.inside.read(target).unwrap_or_default().to_vec();
                    all.append(&mut out);
                    self.machine.inside.write(target, all)
                }
                Redirect::Err => self.machine.inside.write(target, std::mem::take(&mut err)),
                Redirect::Both => {
                    out.append(&mut err);
                    self.machine.inside.write(target, std::mem::take(&mut out))
                }
                Redirect::OutToErr => {
                    err.append(&mut out);
                    Ok(())
                }
                Redirect::ErrToOut => {
                    out.append(&mut err);
                    Ok(())
                }
            };
            if written.is_err() {
                io.err.extend(format!("sh: {target}: cannot be written\n").bytes());
                return false;
            }
        }
        io.out.append(&mut out);
        io.err.append(&mut err);
        true
    }

    fn dispatch(&mut self, argv: &[String], io: &mut Io<'_>) -> Flow {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        match words.as_slice() {
            [":" | "cd" | "umask" | "trap", ..] => Flow::On(0),
            ["exit" | "return"] => Flow::Exit(self.last),
            ["exit" | "return", code, ..] => Flow::Exit(code.parse().unwrap_or(2)),
            ["set", options @ ..] => {
                self.set(options);
                Flow::On(0)
            }
            ["export" | "local" | "readonly", pairs @ ..] => {
                let pairs = pairs.iter().filter_map(|p| p.split_once('='));
                self.vars.extend(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())));
                Flow::On(0)
            }
            ["shift", ..] => {
                if !self.args.is_empty() {
                    self.args.remove(0);
                }
                Flow::On(0)
            }
            ["exec", rest @ ..] => {
                let argv: Vec<String> = rest.iter().map(|w| (*w).to_owned()).collect();
                match self.machine.image.run(self.machine.inside, &argv, io) {
                    Ran::Ended(code) => Flow::Exit(code),
                    stays @ (Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => {
                        Flow::Stays(stays)
                    }
                }
            }
            [name, ..] if self.functions.contains_key(*name) => self.call(argv, io),
            _ => match self.machine.image.run(self.machine.inside, argv, io) {
                Ran::Ended(code) => Flow::On(code),
                // In the foreground: the script goes no further.
                stays @ (Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => Flow::Stays(stays),
            },
        }
    }

    fn call(&mut self, argv: &[String], io: &mut Io<'_>) -> Flow {
        let Some(body) = self.functions.get(&argv[0]).cloned() else { return Flow::On(127) };
        let args = std::mem::replace(&mut self.args, argv[1..].to_vec());
        let flow = self.list(&body, io, true);
        self.args = args;
        flow
    }

    fn set(&mut self, options: &[&str]) {
        for (at, option) in options.iter().enumerate() {
            if option.starts_with('-') && !option.starts_with("--") {
                self.ends_on_error |= option.contains('e');
            }
            let names_pipefail = options.get(at + 1) == Some(&"pipefail");
            if option.starts_with('-') && option.ends_with('o') && names_pipefail {
                self.pipes_fail = true;
            }
        }
    }

    /// Fills in an assignment, which is one word whatever its value holds.
    fn assignment(&mut self, word: &Word, io: &mut Io<'_>) -> Option<(String, String)> {
        let quoted = word.iter().cloned().map(|part| match part {
            Part::Text { text, .. } => Part::Text { text, quoted: true },
            Part::Variable { name, default, .. } => Part::Variable { name, default, quoted: true },
            Part::Command { script, .. } => Part::Command { script, quoted: true },
            Part::Arguments => Part::Variable { name: "@".to_owned(), default: None, quoted: true },
        });
        let text = self.fill_in(&quoted.collect(), io).concat();
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    }

    /// Fills in a word: none, one or several words.
    fn fill_in(&mut self, word: &Word, io: &mut Io<'_>) -> Vec<String> {
        let (mut words, mut current) = (Vec::new(), None::<String>);
        for part in word {
            let (text, quoted) = match part {
                Part::Text { text, quoted } => (text.clone(), *quoted || !text.is_empty()),
                Part::Variable { name, default, quoted } => {
                    (self.variable(name, default.as_deref()), *quoted)
                }
                Part::Command { script, quoted } => (self.printed(script, io), *quoted),
                Part::Arguments => {
                    let args = self.args.clone();
                    words.extend(current.take());
                    words.extend(args);
                    continue;
                }
            };
            if quoted {
                current.get_or_insert_default().push_str(&text);
                continue;
            }
            let mut pieces = text.split_whitespace();
            if let Some(first) = pieces.next() {
                current.get_or_insert_default().push_str(first);
            }
            for piece in pieces {
                words.extend(current.replace(piece.to_owned()));
            }
        }
        words.extend(current);
        words
    }

    fn variable(&self, name: &str, default: Option<&str>) -> String {
        let value = match name.parse::<usize>() {
            Ok(0) => Some("sh".to_owned()),
            Ok(at) => self.args.get(at - 1).cloned(),
            Err(_) => match name {
                "?" => Some(self.last.to_string()),
                "#" => Some(self.args.len().to_string()),
                "@" => Some(self.args.join(" ")),
                name => self.vars.get(name).cloned(),
            },
        };
        match (value.filter(|v| !v.is_empty()), default) {
            (Some(value), _) => value,
            (None, Some(default)) => default.trim_matches('"').to_owned(),
            (None, None) => String::new(),
        }
    }

    /// Returns what a command prints, without the line ends behind it.
    fn printed(&mut self, script: &str, io: &mut Io<'_>) -> String {
        let list = match parse(script) {
            Ok(list) => list,
            Err(problem) => {
                io.err.extend(format!("sh: {problem}\n").bytes());
                self.last = 2;
                return String::new();
            }
        };
        let mut out = Vec::new();
        let (vars, args) = (self.vars.clone(), self.args.clone());
        let mut inner = Io { stdin: io.stdin, out: &mut out, err: io.err };
        self.last = match self.list(&list, &mut inner, true) {
            Flow::On(code) | Flow::Exit(code) => code,
            Flow::Stays(_) => 0,
        };
        (self.vars, self.args) = (vars, args);
        String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned()
    }
}

/// Returns whether a word, as it is written, gives a variable a value.
fn is_assignment(word: &Word) -> bool {
    let mut plain = String::new();
    for part in word {
        match part {
            Part::Text { text, quoted: false } => plain.push_str(text),
            Part::Text { .. } | Part::Variable { .. } | Part::Command { .. } | Part::Arguments => {
                break;
            }
        }
    }
    plain.split_once('=').is_some_and(|(name, _)| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !name.is_empty() && name.chars().all(word) && !name.starts_with(char::is_numeric)
    })
}
