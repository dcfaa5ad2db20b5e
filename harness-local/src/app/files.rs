//! Programs that look at files and change them.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::programs::Machine;
use crate::world::{FileProblem, Io};

/// Runs a program; none when it is another.
pub(super) fn program(
    machine: &mut Machine<'_, '_>,
    name: &str,
    words: &[&str],
    io: &mut Io<'_>,
) -> Option<i64> {
    let plain: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with('-')).collect();
    Some(match name {
        "cat" => cat(machine, words, io),
        "rm" => rm(machine, words),
        "ls" => ls(machine, words, io),
        "mkdir" => {
            plain.iter().for_each(|path| machine.inside.make_folder(path));
            0
        }
        "rmdir" => {
            plain.iter().for_each(|path| machine.inside.remove_folder(path));
            0
        }
        "touch" => {
            let absent = plain.iter().filter(|p| machine.inside.read(p).is_none());
            let absent: Vec<&&str> = absent.collect();
            let made = absent.iter().all(|p| machine.inside.write(p, Vec::new()).is_ok());
            i64::from(!made)
        }
        "mv" => copy(machine, name, &plain, true, io),
        "cp" => copy(machine, name, &plain, false, io),
        // Nobody is kept from a file here.
        "chmod" | "chown" => {
            let missing = plain.iter().skip(1).find(|path| {
                machine.inside.read(path).is_none() && !machine.inside.is_folder(path)
            });
            if let Some(path) = missing {
                complain(io, &format!("{name}: cannot access '{path}': No such file or directory"));
            }
            i64::from(missing.is_some())
        }
        "stat" => stat(machine, words, io),
        "sha256sum" => sha256sum(machine, &plain, io),
        _ => return None,
    })
}

pub(super) fn complain(io: &mut Io<'_>, text: &str) {
    io.err.extend(format!("{text}\n").bytes());
}

fn cat(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    if words.is_empty() {
        io.out.extend_from_slice(io.stdin);
    }
    let mut code = 0;
    for path in words {
        match (*path, machine.inside.read(path)) {
            ("-", _) => io.out.extend_from_slice(io.stdin),
            (_, Some(bytes)) => io.out.extend_from_slice(bytes),
            (_, None) => {
                complain(io, &format!("cat: {path}: No such file or directory"));
                code = 1;
            }
        }
    }
    code
}

fn rm(machine: &mut Machine<'_, '_>, words: &[&str]) -> i64 {
    let force = words.iter().any(|w| w.starts_with('-') && w.contains('f'));
    let recursive = words.iter().any(|w| w.starts_with('-') && w.contains(['r', 'R']));
    let mut code = 0;
    for path in words.iter().filter(|w| !w.starts_with('-')) {
        let below = if recursive { machine.inside.below(path) } else { Vec::new() };
        let mut removed = machine.inside.remove(path);
        for file in &below {
            removed = machine.inside.remove(file);
        }
        if recursive && machine.inside.is_folder(path) {
            machine.inside.remove_folder(path);
            removed = removed.or(Ok(()));
        }
        let missing = removed == Err(FileProblem::Missing);
        if removed.is_err() && !(missing && (force || !below.is_empty())) {
            code = 1;
        }
    }
    code
}

fn ls(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let cwd = machine.inside.cwd.clone();
    let mut paths: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with('-')).collect();
    if paths.is_empty() {
        paths.push(&cwd);
    }
    let mut code = 0;
    for path in paths {
        if machine.inside.read(path).is_some() {
            io.out.extend(format!("{path}\n").bytes());
            continue;
        }
        if !machine.inside.is_folder(path) {
            complain(io, &format!("ls: cannot access '{path}': No such file or directory"));
            code = 2;
            continue;
        }
        let all = words.iter().any(|w| w.starts_with('-') && w.contains(['a', 'A']));
        for name in names(machine, path).iter().filter(|n| all || !n.starts_with('.')) {
            io.out.extend(format!("{name}\n").bytes());
        }
    }
    code
}

fn names(machine: &Machine<'_, '_>, folder: &str) -> BTreeSet<String> {
    let below = machine.inside.below(folder);
    let prefix = machine.inside.prefix(folder);
    let name = |path: &String| path.strip_prefix(&prefix)?.split('/').next().map(str::to_owned);
    below.iter().filter_map(name).collect()
}

/// Copies or moves files and folders.
fn copy(
    machine: &mut Machine<'_, '_>,
    program: &str,
    paths: &[&str],
    moves: bool,
    io: &mut Io<'_>,
) -> i64 {
    let Some((to, from)) = paths.split_last() else { return 1 };
    for path in from {
        let contents = path.ends_with("/.");
        let base = path.trim_end_matches("/.").trim_end_matches('/');
        let name = base.rsplit('/').next().unwrap_or_default();
        let into = match (machine.inside.is_folder(to), contents) {
            (true, false) => format!("{}/{name}", to.trim_end_matches('/')),
            (true, true) => to.trim_end_matches('/').to_owned(),
            (false, _) => (*to).to_owned(),
        };
        let prefix = machine.inside.prefix(base);
        let mut pairs = Vec::new();
        if machine.inside.read(base).is_some() {
            pairs.push((base.to_owned(), into.clone()));
        }
        for file in machine.inside.below(base) {
            let below = file.strip_prefix(&prefix).unwrap_or_default();
            pairs.push((file.clone(), format!("{into}/{below}")));
        }
        if pairs.is_empty() && !machine.inside.is_folder(base) {
            complain(io, &format!("{program}: cannot stat '{path}': No such file or directory"));
            return 1;
        }
        let is_file = pairs.len() == 1 && pairs[0].0 == base;
        for (old, new) in pairs {
            let bytes = machine.inside.read(&old).unwrap_or_default().to_vec();
            let inside = &mut *machine.inside;
            let written =
                if is_file { inside.write(&new, bytes) } else { inside.write_new(&new, bytes) };
            if written.is_err() {
                complain(
                    io,
                    &format!("{program}: cannot create '{new}': No such file or directory"),
                );
                return 1;
            }
            if moves && machine.inside.remove(&old).is_err() {
                complain(io, &format!("{program}: cannot remove '{old}': Read-only file system"));
                return 1;
            }
        }
    }
    0
}

/// `stat -c %s`: how long files are.
fn stat(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let ["-c" | "--format" | "-f", "%s" | "%z", paths @ ..] = words else {
        complain(io, "stat: only `-c %s` is played; the rest is not played by a stand-in");
        return 2;
    };
    for path in paths {
        let Some(bytes) = machine.inside.read(path) else {
            complain(io, &format!("stat: cannot statx '{path}': No such file or directory"));
            return 1;
        };
        io.out.extend(format!("{}\n", bytes.len()).bytes());
    }
    0
}

fn sha256sum(machine: &Machine<'_, '_>, paths: &[&str], io: &mut Io<'_>) -> i64 {
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
    };
    if paths.is_empty() {
        io.out.extend(format!("{}  -\n", digest(io.stdin)).bytes());
    }
    for path in paths {
        let Some(bytes) = machine.inside.read(path) else {
            complain(io, &format!("sha256sum: {path}: No such file or directory"));
            return 1;
        };
        let text = format!("{}  {path}\n", digest(bytes));
        io.out.extend(text.bytes());
    }
    0
}
