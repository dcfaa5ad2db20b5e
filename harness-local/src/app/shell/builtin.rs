//! Simple commands: assignments, what the shell does itself, functions, programs.

use std::rc::Rc;
use std::time::Duration;

use super::conditions::test;
use super::expand::Stop;
use super::parse::{Item, parse};
use super::run::{Flow, Shell};
use super::text::{formatted, unescaped};
use super::words::{Part, Word, is_variable};
use crate::app::programs::is_there;
use crate::world::{Io, Purpose, Ran};

/// What a word that gives a variable a value says.
struct Assignment {
    name: String,
    index: Option<String>,
    adds: bool,
    value: Word,
}

/// Reads a word as an assignment.
fn assignment(word: &Word) -> Option<Assignment> {
    let Some(Part::Text { text, quoted: false }) = word.first() else { return None };
    let (left, right) = text.split_once('=')?;
    let (left, adds) = left.strip_suffix('+').map_or((left, false), |l| (l, true));
    let (name, index) = match left.split_once('[') {
        Some((name, index)) => (name, Some(index.strip_suffix(']')?.to_owned())),
        None => (left, None),
    };
    if !is_variable(name) {
        return None;
    }
    let mut value = vec![Part::Text { text: right.to_owned(), quoted: false }];
    value.extend(word[1..].iter().cloned());
    Some(Assignment { name: name.to_owned(), index, adds, value })
}

impl Shell<'_, '_, '_> {
    pub(super) fn simple(&mut self, items: &[Item], io: &mut Io<'_>) -> Flow {
        match self.attempt(items, io) {
            Ok(flow) => flow,
            Err(stop) => self.stop(stop, io),
        }
    }

    fn attempt(&mut self, items: &[Item], io: &mut Io<'_>) -> Result<Flow, Stop> {
        let is_assignment = |item: &&Item| match item {
            Item::Word(word) => assignment(word).is_some(),
            Item::Array { .. } => true,
        };
        let count = items.iter().take_while(is_assignment).count();
        let (assignments, rest) = items.split_at(count);
        let declares =
            |word: &str| ["export", "local", "readonly", "declare", "typeset"].contains(&word);
        if let Some(Item::Word(first)) = rest.first()
            && let Some(word) =
                super::parse::plain(Some(&super::tokens::Token::Word(first.clone())))
            && declares(&word)
        {
            return self.declare(&word, &rest[1..], io);
        }
        let before = self.last;
        self.last = 0;
        if rest.is_empty() {
            for item in assignments {
                self.assign(item, io)?;
            }
            // An assignment ends as the command in it did.
            return Ok(Flow::On(self.last));
        }
        self.last = before;
        let words: Vec<Word> = rest
            .iter()
            .map(|item| match item {
                Item::Word(word) => Ok(word.clone()),
                Item::Array { name, .. } => Err((2, format!("syntax error near {name}=("))),
            })
            .collect::<Result<_, _>>()?;
        let argv = self.words(&words, io)?;
        let mut saved = Vec::new();
        for item in assignments {
            let Item::Word(word) = item else {
                return Err((
                    2,
                    "an array before a command is not played by a stand-in".to_owned(),
                ));
            };
            let Some(one) = assignment(word) else { continue };
            saved.push((one.name.clone(), self.vars.value(&one.name)));
            self.assign(item, io)?;
        }
        let exported: Vec<bool> = saved.iter().map(|(name, _)| self.vars.export(name)).collect();
        let flow = self.dispatch(&argv, io);
        for ((name, value), exported) in saved.into_iter().zip(exported) {
            self.vars.restore(&name, value);
            if !exported {
                self.vars.keep_to_itself(&name);
            }
        }
        flow
    }

    /// Gives a variable a value.
    fn assign(&mut self, item: &Item, io: &mut Io<'_>) -> Result<String, Stop> {
        match item {
            Item::Array { name, adds, words } => {
                let mut list = if *adds { self.vars.list(name) } else { Vec::new() };
                list.extend(self.words(words, io)?);
                self.vars.set_list(name, list);
                Ok(name.clone())
            }
            Item::Word(word) => {
                let Some(one) = assignment(word) else {
                    let name = self.text(word, io)?;
                    if name.starts_with('-') || is_variable(&name) {
                        return Ok(name);
                    }
                    return Err((1, format!("`{name}': not a valid identifier")));
                };
                let mut value = self.text(&one.value, io)?;
                match &one.index {
                    Some(index) => {
                        let at = self.computed(index, io)?;
                        let refused = (2, format!("{}[{index}]: bad array subscript", one.name));
                        let at = usize::try_from(at).map_err(|_| refused)?;
                        self.vars.set_at(&one.name, at, value);
                    }
                    None => {
                        if one.adds {
                            value = self.vars.text(&one.name).unwrap_or_default() + &value;
                        }
                        self.vars.set(&one.name, value);
                    }
                }
                Ok(one.name)
            }
        }
    }

    /// `export`, `local`, `readonly`, `declare`.
    fn declare(&mut self, word: &str, items: &[Item], io: &mut Io<'_>) -> Result<Flow, Stop> {
        let mut exports = word == "export";
        self.last = 0;
        for item in items {
            let hidden = match item {
                Item::Word(word) => match assignment(word) {
                    Some(one) => one.name,
                    None => self.text(word, io)?,
                },
                Item::Array { name, .. } => name.clone(),
            };
            if let Some(flags) = hidden.strip_prefix('-') {
                exports |= flags.contains('x');
                if let Some(flag) = flags.chars().find(|f| !"xarigp".contains(*f)) {
                    return Err((2, format!("{word} -{flag} is not played by a stand-in")));
                }
                continue;
            }
            let hides = ["local", "declare", "typeset"].contains(&word);
            let value = self.vars.value(&hidden);
            if hides && let Some(frame) = self.locals.last_mut() {
                frame.push((hidden.clone(), value));
                let plain = matches!(item, Item::Word(w) if assignment(w).is_none());
                if plain {
                    self.vars.unset(&hidden);
                }
            }
            let name = self.assign(item, io)?;
            if exports {
                self.vars.export(&name);
            }
        }
        // As in bash, what failed in a value is hidden by the command around it.
        Ok(Flow::On(0))
    }

    fn dispatch(&mut self, argv: &[String], io: &mut Io<'_>) -> Result<Flow, Stop> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let code = |text: &str| text.parse::<i64>().unwrap_or(2);
        let round = |text: Option<&&str>| text.and_then(|t| t.parse().ok()).unwrap_or(1);
        Ok(match words.as_slice() {
            [] => Flow::On(self.last),
            [name, ..] if self.functions.contains_key(*name) => self.call(argv, io),
            [":" | "trap" | "umask" | "wait" | "ulimit" | "hash" | "shopt" | "stty", ..] => {
                Flow::On(0)
            }
            ["exit"] => Flow::Exit(self.last),
            ["exit", text, ..] => Flow::Exit(code(text)),
            ["return"] => Flow::Return(self.last),
            ["return", text, ..] => Flow::Return(code(text)),
            ["break", rest @ ..] => Flow::Break(round(rest.first())),
            ["continue", rest @ ..] => Flow::Continue(round(rest.first())),
            ["set", options @ ..] => self.set(options)?,
            ["unset", names @ ..] => {
                names.iter().filter(|n| !n.starts_with('-')).for_each(|n| self.vars.unset(n));
                Flow::On(0)
            }
            ["shift", rest @ ..] => {
                let count: usize = rest.first().and_then(|t| t.parse().ok()).unwrap_or(1);
                let fits = count <= self.args.len();
                self.args.drain(..count.min(self.args.len()));
                Flow::On(i64::from(!fits))
            }
            ["cd", rest @ ..] => self.change_folder(rest.first().unwrap_or(&"/root"), io),
            ["pwd", ..] => {
                io.out.extend(format!("{}\n", self.machine.inside.cwd).bytes());
                Flow::On(0)
            }
            ["echo", rest @ ..] => {
                echo(rest, io);
                Flow::On(0)
            }
            ["printf", "-v", name, format, rest @ ..] => {
                let text = formatted(format, rest).map_err(|e| unplayed(&e))?;
                self.vars.set(name, text);
                Flow::On(0)
            }
            ["test", rest @ ..] | ["[", rest @ .., "]"] => {
                let holds = test(self.machine.inside, rest).map_err(|e| (2, e))?;
                Flow::On(i64::from(!holds))
            }
            ["eval", rest @ ..] => {
                let list = parse(&rest.join(" ")).map_err(|e| (2, e))?;
                self.list(&list, io)
            }
            ["." | "source", path, ..] => self.source(path, io)?,
            ["read", rest @ ..] => self.read_line(rest, io)?,
            ["let", rest @ ..] => self.compute_all(rest, io)?,
            ["command" | "type", "-v" | "-p" | "-V", name, ..] | ["type" | "which", name] => {
                self.look_for(name, io)
            }
            ["command" | "builtin", ..] => return self.dispatch(&argv[1..], io),
            ["compgen", "-e"] => {
                for name in self.vars.environment().keys() {
                    io.out.extend(format!("{name}\n").bytes());
                }
                Flow::On(0)
            }
            ["getopts" | "mapfile" | "readarray" | "select" | "jobs" | "compgen", ..] => {
                return Err(unplayed(words[0]));
            }
            ["exec"] => Flow::On(0),
            ["exec", ..] => match self.program(&argv[1..], io) {
                Ran::Ended(code) => Flow::Exit(code),
                stays @ (Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => Flow::Stays(stays),
            },
            ["sleep", time] if *time != "infinity" => self.sleep(time)?,
            _ => match self.program(argv, io) {
                Ran::Ended(code) => Flow::On(code),
                // In the foreground: the script goes no further.
                stays @ (Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => Flow::Stays(stays),
            },
        })
    }

    fn compute_all(&mut self, texts: &[&str], io: &mut Io<'_>) -> Result<Flow, Stop> {
        let mut last = 0;
        for text in texts {
            last = self.computed(text, io)?;
        }
        Ok(Flow::On(i64::from(last == 0)))
    }

    fn look_for(&self, name: &str, io: &mut Io<'_>) -> Flow {
        let known = self.functions.contains_key(name) || is_there(self.machine, name);
        if known {
            io.out.extend(format!("{name}\n").bytes());
        }
        Flow::On(i64::from(!known))
    }

    fn program(&mut self, argv: &[String], io: &mut Io<'_>) -> Ran {
        let env = self.vars.environment();
        let from = self.read.min(io.stdin.len());
        // A program reads all that is there.
        self.read = io.stdin.len();
        let mut inner = Io { stdin: &io.stdin[from..], out: io.out, err: io.err };
        let image = self.machine.image;
        self.machine.inside.with_env(&env, |inside| image.run(inside, argv, &mut inner))
    }

    /// Waits: between two looks the engine's time must go on, and it stands still for a script.
    fn sleep(&self, time: &str) -> Result<Flow, Stop> {
        let (number, unit) = match time.strip_suffix(['s', 'm', 'h']) {
            Some(number) => (number, time.chars().last()),
            None => (time, None),
        };
        let factor = match unit {
            Some('m') => 60.0,
            Some('h') => 3600.0,
            _ => 1.0,
        };
        let seconds = number.parse::<f64>().ok().filter(|s| (0.0..1e6).contains(s));
        let seconds =
            seconds.ok_or_else(|| (1, format!("sleep: invalid time interval ‘{time}’")))?;
        if self.loops == 0 {
            return Ok(Flow::On(0));
        }
        match self.machine.inside.purpose {
            Purpose::Main => {
                let again = Duration::from_secs_f64(seconds * factor).max(Duration::from_millis(1));
                Ok(Flow::Stays(Ran::Waits { again }))
            }
            Purpose::Health | Purpose::Exec => {
                Err((2, "waiting in a loop beside the app is not played by a stand-in".to_owned()))
            }
        }
    }

    fn call(&mut self, argv: &[String], io: &mut Io<'_>) -> Flow {
        let Some(body) = self.functions.get(&argv[0]).map(Rc::clone) else { return Flow::On(127) };
        if self.locals.len() > 200 {
            return self.stop((2, "functions inside each other without end".to_owned()), io);
        }
        let args = std::mem::replace(&mut self.args, argv[1..].to_vec());
        let loops = self.loops;
        self.locals.push(Vec::new());
        let flow = self.command(&body, io);
        for (name, value) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            self.vars.restore(&name, value);
        }
        (self.args, self.loops) = (args, loops);
        match flow {
            Flow::Return(code) => Flow::On(code),
            other @ (Flow::On(_)
            | Flow::Exit(_)
            | Flow::Break(_)
            | Flow::Continue(_)
            | Flow::Stays(_)) => other,
        }
    }

    fn set(&mut self, options: &[&str]) -> Result<Flow, Stop> {
        let mut options = options.iter().copied();
        while let Some(option) = options.next() {
            if option == "--" {
                self.args = options.map(str::to_owned).collect();
                break;
            }
            let on = option.starts_with('-');
            let Some(letters) = option.strip_prefix(['-', '+']) else {
                self.args = std::iter::once(option).chain(options).map(str::to_owned).collect();
                break;
            };
            for letter in letters.chars() {
                match letter {
                    'e' => self.options.ends_on_error = on,
                    'u' => self.options.refuses_unset = on,
                    'o' => match options.next() {
                        Some("pipefail") => self.options.pipes_fail = on,
                        Some("errexit") => self.options.ends_on_error = on,
                        Some("nounset") => self.options.refuses_unset = on,
                        Some("errtrace" | "xtrace" | "posix") | None => {}
                        Some(other) => return Err(unplayed(&format!("set -o {other}"))),
                    },
                    'x' | 'E' | 'm' | 'b' | 'h' | 'v' | 'T' => {}
                    'a' => return Err(unplayed("set -a")),
                    other => return Err(unplayed(&format!("set -{other}"))),
                }
            }
        }
        Ok(Flow::On(0))
    }

    fn change_folder(&mut self, path: &str, io: &mut Io<'_>) -> Flow {
        let inside = &mut *self.machine.inside;
        if inside.is_folder(path) {
            inside.enter(path);
            return Flow::On(0);
        }
        io.err.extend(format!("{}: cd: {path}: No such file or directory\n", self.name).bytes());
        Flow::On(1)
    }

    fn source(&mut self, path: &str, io: &mut Io<'_>) -> Result<Flow, Stop> {
        let Some(text) = self.machine.inside.read(path) else {
            return Ok(self.stop((1, format!("{path}: No such file or directory")), io));
        };
        let text = String::from_utf8_lossy(text).into_owned();
        let list = parse(&text).map_err(|e| (2, format!("{path}: {e}")))?;
        Ok(match self.list(&list, io) {
            Flow::Return(code) => Flow::On(code),
            other @ (Flow::On(_)
            | Flow::Exit(_)
            | Flow::Break(_)
            | Flow::Continue(_)
            | Flow::Stays(_)) => other,
        })
    }

    /// Reads a line of standard input into variables.
    fn read_line(&mut self, words: &[&str], io: &Io<'_>) -> Result<Flow, Stop> {
        let mut names = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match *word {
                "-r" | "-s" | "-rs" => {}
                "-p" | "-t" => drop(rest.next()),
                other if other.starts_with('-') => return Err(unplayed(&format!("read {other}"))),
                name => names.push(name),
            }
        }
        if names.is_empty() {
            names.push("REPLY");
        }
        let left = &io.stdin[self.read.min(io.stdin.len())..];
        let end = left.iter().position(|b| *b == b'\n');
        let line = String::from_utf8_lossy(&left[..end.unwrap_or(left.len())]).into_owned();
        self.read += end.map_or(left.len(), |at| at + 1);
        let ifs = self.vars.text("IFS").unwrap_or_else(|| " \t\n".to_owned());
        let mut rest = line.trim_matches(|c: char| ifs.contains(c) && c.is_whitespace());
        let (last, firsts) = names.split_last().expect("there is a name");
        for name in firsts {
            let (piece, after) = rest.split_once(|c| ifs.contains(c)).unwrap_or((rest, ""));
            self.vars.set(name, piece.to_owned());
            rest = after.trim_start_matches(|c: char| ifs.contains(c) && c.is_whitespace());
        }
        self.vars.set(last, rest.to_owned());
        Ok(Flow::On(i64::from(end.is_none())))
    }
}

fn unplayed(what: &str) -> Stop {
    (2, format!("{what} is not played by a stand-in"))
}

fn echo(words: &[&str], io: &mut Io<'_>) {
    let flags = words.iter().take_while(|w| {
        w.len() > 1 && w.starts_with('-') && w[1..].chars().all(|c| "neE".contains(c))
    });
    let flags: Vec<&&str> = flags.collect();
    let has = |letter: char| flags.iter().any(|f| f.contains(letter));
    let mut text = words[flags.len()..].join(" ");
    if has('e') {
        text = unescaped(&text);
    }
    if !has('n') {
        text.push('\n');
    }
    io.out.extend(text.bytes());
}
