//! Doing what a script says. Main function: [`run`].

use std::collections::BTreeMap;
use std::rc::Rc;

use regex::Regex;

use super::arithmetic::Numbers;
use super::conditions::{Condition, compared, unary};
use super::expand::Stop;
use super::parse::{Command, Joined, List, What, When, parse};
use super::text::{fits, plain};
use super::variables::{Value, Variables};
use super::words::Word;
use crate::app::programs::Machine;
use crate::world::{Io, Ran};

/// So often a loop goes round at most.
const ROUNDS: u32 = 100_000;

/// Runs a script with arguments.
pub(in crate::app) fn run(
    machine: &mut Machine<'_, '_>,
    text: &str,
    name: &str,
    args: &[&str],
    io: &mut Io<'_>,
) -> Ran {
    let list = match parse(text) {
        Ok(list) => list,
        Err(problem) => {
            io.err.extend(format!("{name}: {problem}\n").bytes());
            return Ran::Ended(2);
        }
    };
    let vars = Variables::of(machine.inside.env);
    let mut shell = Shell {
        machine,
        vars,
        name: name.to_owned(),
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        functions: BTreeMap::new(),
        options: Options::default(),
        locals: Vec::new(),
        last: 0,
        tolerant: 0,
        loops: 0,
        read: 0,
    };
    match shell.list(&list, io) {
        Flow::On(code) | Flow::Exit(code) | Flow::Return(code) => Ran::Ended(code),
        Flow::Break(_) | Flow::Continue(_) => Ran::Ended(0),
        Flow::Stays(ran) => ran,
    }
}

/// How a script goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On(i64),
    Exit(i64),
    Return(i64),
    /// Out of so many loops.
    Break(u32),
    Continue(u32),
    Stays(Ran),
}

/// What `set` changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) ends_on_error: bool,
    pub(super) pipes_fail: bool,
    pub(super) refuses_unset: bool,
}

pub(super) struct Shell<'a, 'b, 'c> {
    pub(super) machine: &'a mut Machine<'b, 'c>,
    pub(super) vars: Variables,
    pub(super) name: String,
    pub(super) args: Vec<String>,
    pub(super) functions: BTreeMap<String, Rc<Command>>,
    pub(super) options: Options,
    /// What the functions that are running hide.
    pub(super) locals: Vec<Vec<(String, Option<Value>)>>,
    pub(super) last: i64,
    /// So many conditions are being decided: failures end nothing.
    pub(super) tolerant: u32,
    pub(super) loops: u32,
    /// So much of standard input has been read.
    pub(super) read: usize,
}

impl Numbers for Shell<'_, '_, '_> {
    fn number(&self, name: &str) -> i64 {
        self.vars.text(name).and_then(|t| t.trim().parse().ok()).unwrap_or(0)
    }

    fn set_number(&mut self, name: &str, value: i64) {
        self.vars.set(name, value.to_string());
    }
}

impl Shell<'_, '_, '_> {
    /// Ends a script with a message.
    pub(super) fn stop(&mut self, (code, text): Stop, io: &mut Io<'_>) -> Flow {
        self.machine.inside.note_refusal(text.as_bytes());
        io.err.extend(format!("{}: {text}\n", self.name).bytes());
        Flow::Exit(code)
    }

    pub(super) fn list(&mut self, list: &List, io: &mut Io<'_>) -> Flow {
        for (at, one) in list.iter().enumerate() {
            let runs = match one.when {
                When::Always => true,
                When::AfterSuccess => self.last == 0,
                When::AfterFailure => self.last != 0,
            };
            if !runs {
                continue;
            }
            // A failure that the next command judges does not end the script.
            let judged = list.get(at + 1).is_some_and(|next| next.when != When::Always);
            let tolerant = u32::from(judged || one.negated);
            self.tolerant += tolerant;
            let flow = self.joined(one, io);
            self.tolerant -= tolerant;
            let code = match flow {
                Flow::On(code) => code,
                Flow::Exit(_)
                | Flow::Return(_)
                | Flow::Break(_)
                | Flow::Continue(_)
                | Flow::Stays(_) => return flow,
            };
            self.last = if one.negated { i64::from(code == 0) } else { code };
            let ends = self.options.ends_on_error && self.tolerant == 0;
            if self.last != 0 && ends && !judged && !one.negated {
                return Flow::Exit(self.last);
            }
        }
        Flow::On(self.last)
    }

    fn joined(&mut self, joined: &Joined, io: &mut Io<'_>) -> Flow {
        if let [only] = joined.pipeline.as_slice() {
            return self.command(only, io);
        }
        let (mut piped, mut failed, mut stays) = (None::<Vec<u8>>, 0, None);
        let count = joined.pipeline.len();
        for (at, command) in joined.pipeline.iter().enumerate() {
            let mut out = Vec::new();
            let is_last = at + 1 == count;
            let stdin = piped.take();
            let given = stdin.as_deref().unwrap_or(&io.stdin[self.read.min(io.stdin.len())..]);
            let into = if is_last { &mut *io.out } else { &mut out };
            let mut inner = Io { stdin: given, out: into, err: io.err };
            let read = std::mem::replace(&mut self.read, 0);
            let flow = self.subshell(|shell| shell.command(command, &mut inner));
            self.read = read;
            match flow {
                Flow::Stays(ran) => stays = Some(ran),
                Flow::On(0) => {}
                Flow::On(code) | Flow::Exit(code) | Flow::Return(code) => {
                    if is_last || self.options.pipes_fail {
                        failed = code;
                    }
                }
                Flow::Break(_) | Flow::Continue(_) => {}
            }
            piped = Some(out);
        }
        stays.map_or(Flow::On(failed), Flow::Stays)
    }

    /// Does something in a copy of the shell.
    pub(super) fn subshell(&mut self, work: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let (vars, args, functions) =
            (self.vars.clone(), self.args.clone(), self.functions.clone());
        let (options, cwd) = (self.options, self.machine.inside.cwd.clone());
        let loops = self.loops;
        let flow = work(self);
        (self.vars, self.args, self.functions) = (vars, args, functions);
        (self.options, self.loops) = (options, loops);
        self.machine.inside.cwd = cwd;
        match flow {
            Flow::On(code) | Flow::Exit(code) | Flow::Return(code) => Flow::On(code),
            Flow::Break(_) | Flow::Continue(_) => Flow::On(0),
            Flow::Stays(ran) => Flow::Stays(ran),
        }
    }

    pub(super) fn what(&mut self, what: &What, io: &mut Io<'_>) -> Flow {
        match what {
            What::Simple(items) => self.simple(items, io),
            What::Group(list) => self.list(list, io),
            What::Subshell(list) => self.subshell(|shell| shell.list(list, io)),
            What::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::new((**body).clone()));
                Flow::On(0)
            }
            What::If { branches, otherwise } => self.branches(branches, otherwise, io),
            What::For { name, words, body } => self.each(name, words.as_deref(), body, io),
            What::While { until, test, body } => self.repeat(*until, test, body, io),
            What::Case { word, arms } => self.case(word, arms, io),
            What::Condition(condition) => match self.condition(condition, io) {
                Ok(holds) => Flow::On(i64::from(!holds)),
                Err(stop) => self.stop(stop, io),
            },
            What::Arithmetic(text) => match self.computed(text, io) {
                Ok(value) => Flow::On(i64::from(value == 0)),
                Err(stop) => self.stop(stop, io),
            },
        }
    }

    /// Runs what decides something: its failures end nothing.
    fn judged(&mut self, list: &List, io: &mut Io<'_>) -> Flow {
        self.tolerant += 1;
        let flow = self.list(list, io);
        self.tolerant -= 1;
        flow
    }

    fn branches(&mut self, branches: &[(List, List)], otherwise: &List, io: &mut Io<'_>) -> Flow {
        for (test, then) in branches {
            match self.judged(test, io) {
                Flow::On(0) => return self.list(then, io),
                Flow::On(_) => self.last = 0,
                other @ (Flow::Exit(_)
                | Flow::Return(_)
                | Flow::Break(_)
                | Flow::Continue(_)
                | Flow::Stays(_)) => return other,
            }
        }
        self.last = 0;
        self.list(otherwise, io)
    }

    fn each(&mut self, name: &str, words: Option<&[Word]>, body: &List, io: &mut Io<'_>) -> Flow {
        let values = match words {
            None => self.args.clone(),
            Some(words) => match self.words(words, io) {
                Ok(values) => values,
                Err(stop) => return self.stop(stop, io),
            },
        };
        self.last = 0;
        for value in values {
            self.vars.set(name, value);
            if let Some(flow) = self.round(body, io) {
                return flow;
            }
        }
        Flow::On(self.last)
    }

    fn repeat(&mut self, until: bool, test: &List, body: &List, io: &mut Io<'_>) -> Flow {
        let mut code = 0;
        for _ in 0..ROUNDS {
            self.loops += 1;
            let flow = self.judged(test, io);
            self.loops -= 1;
            match flow {
                Flow::On(failed) if (failed == 0) == until => return Flow::On(code),
                Flow::On(_) => {}
                other @ (Flow::Exit(_)
                | Flow::Return(_)
                | Flow::Break(_)
                | Flow::Continue(_)
                | Flow::Stays(_)) => return other,
            }
            self.last = 0;
            if let Some(flow) = self.round(body, io) {
                return flow;
            }
            code = self.last;
        }
        let text = format!("a loop of more than {ROUNDS} rounds is not played by a stand-in");
        self.stop((2, text), io)
    }

    /// Does a loop's body once; returns how the script goes on when the loop is over.
    fn round(&mut self, body: &List, io: &mut Io<'_>) -> Option<Flow> {
        self.loops += 1;
        let flow = self.list(body, io);
        self.loops -= 1;
        match flow {
            Flow::On(_) | Flow::Continue(1) => None,
            Flow::Break(1) => Some(Flow::On(0)),
            Flow::Break(more) => Some(Flow::Break(more - 1)),
            Flow::Continue(more) => Some(Flow::Continue(more - 1)),
            other @ (Flow::Exit(_) | Flow::Return(_) | Flow::Stays(_)) => Some(other),
        }
    }

    fn case(&mut self, word: &Word, arms: &[(Vec<Word>, List)], io: &mut Io<'_>) -> Flow {
        let value = match self.text(word, io) {
            Ok(value) => value,
            Err(stop) => return self.stop(stop, io),
        };
        for (patterns, body) in arms {
            for pattern in patterns {
                match self.pattern(pattern, io) {
                    Ok(pattern) if fits(&pattern, &value) => {
                        self.last = 0;
                        return self.list(body, io);
                    }
                    Ok(_) => {}
                    Err(stop) => return self.stop(stop, io),
                }
            }
        }
        Flow::On(0)
    }

    fn condition(&mut self, condition: &Condition, io: &mut Io<'_>) -> Result<bool, Stop> {
        let words = match condition {
            Condition::Not(inner) => return self.condition(inner, io).map(|holds| !holds),
            Condition::Both(a, b) => {
                return Ok(self.condition(a, io)? && self.condition(b, io)?);
            }
            Condition::Either(a, b) => {
                return Ok(self.condition(a, io)? || self.condition(b, io)?);
            }
            Condition::Words(words) => words,
        };
        let mut patterns = Vec::new();
        for word in words {
            patterns.push(self.pattern(word, io)?);
        }
        let texts: Vec<String> = patterns.iter().map(|p| plain(p)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let refused = |e: String| (2, e);
        match texts.as_slice() {
            [text] => Ok(!text.is_empty()),
            ["-v", name] => Ok(self.vars.value(name).is_some()),
            [sign, text] => unary(self.machine.inside, sign, text).map_err(refused),
            [a, "=" | "==", _] => Ok(fits(&patterns[2], a)),
            [a, "!=", _] => Ok(!fits(&patterns[2], a)),
            [a, "=~", regex] => {
                let text = format!("the regular expression {regex} is not played by a stand-in");
                let found = Regex::new(regex).map_err(|_| (2, text))?.captures(a);
                let groups = |found: &regex::Captures<'_>| {
                    let text = |m: Option<regex::Match<'_>>| {
                        m.map_or_else(String::new, |m| m.as_str().to_owned())
                    };
                    found.iter().map(text).collect::<Vec<_>>()
                };
                let groups = found.as_ref().map(groups);
                self.vars.set_list("BASH_REMATCH", groups.unwrap_or_default());
                Ok(found.is_some())
            }
            [a, sign @ ("-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"), b] => {
                let (a, b) = (self.computed(a, io)?, self.computed(b, io)?);
                compared(&a.to_string(), sign, &b.to_string()).map_err(refused)
            }
            [a, sign, b] => compared(a, sign, b).map_err(refused),
            other => Err((2, format!("`[[ {} ]]` is not played by a stand-in", other.join(" ")))),
        }
    }

    /// Returns what a script prints, without the line ends behind it.
    pub(super) fn printed(&mut self, script: &str, io: &mut Io<'_>) -> Result<String, Stop> {
        let list = parse(script).map_err(|e| (2, e))?;
        let mut out = Vec::new();
        let mut inner = Io { stdin: io.stdin, out: &mut out, err: io.err };
        self.last = match self.subshell(|shell| shell.list(&list, &mut inner)) {
            Flow::On(code) | Flow::Exit(code) | Flow::Return(code) => code,
            Flow::Break(_) | Flow::Continue(_) | Flow::Stays(_) => 0,
        };
        Ok(String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned())
    }
}
