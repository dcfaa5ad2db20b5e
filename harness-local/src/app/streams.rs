//! Programs that read one stream and write another.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};
use regex::RegexBuilder;

use super::files::complain;
use super::programs::Machine;
use super::shell::{formatted, unescaped};
use crate::world::Io;

/// Runs a program; none when it is another.
pub(super) fn program(
    machine: &mut Machine<'_, '_>,
    name: &str,
    words: &[&str],
    io: &mut Io<'_>,
) -> Option<i64> {
    Some(match name {
        "echo" => {
            let (words, end) = match words {
                ["-n", rest @ ..] => (rest, ""),
                all => (all, "\n"),
            };
            io.out.extend(format!("{}{end}", words.join(" ")).bytes());
            0
        }
        "printf" => match words.split_first().map(|(format, rest)| formatted(format, rest)) {
            Some(Ok(text)) => {
                io.out.extend(text.bytes());
                0
            }
            Some(Err(what)) => refuse(io, &what),
            None => 2,
        },
        "gzip" | "gunzip" | "zcat" => zip(machine, name, words, io),
        "head" | "tail" if !words.contains(&"-f") => lines(machine, name, words, io),
        "grep" | "egrep" => grep(machine, words, io),
        "wc" => wc(machine, words, io),
        "sort" | "uniq" => arranged(machine, name, words, io),
        "tr" => tr(words, io),
        "cut" => cut(machine, words, io),
        "tee" => tee(machine, words, io),
        "date" => date(machine, words, io),
        "id" | "whoami" => {
            io.out.extend(if name == "id" && words.contains(&"-u") {
                &b"0\n"[..]
            } else {
                b"root\n"
            });
            0
        }
        "hostname" => {
            io.out.extend(b"stand-in\n");
            0
        }
        "basename" | "dirname" => path_part(name, words, io),
        "seq" => seq(words, io),
        _ => return None,
    })
}

fn refuse(io: &mut Io<'_>, what: &str) -> i64 {
    complain(io, &format!("{what} is not played by a stand-in"));
    2
}

/// Returns what the files hold, or standard input when there are none.
fn input(
    machine: &Machine<'_, '_>,
    program: &str,
    paths: &[&str],
    io: &mut Io<'_>,
) -> Result<Vec<u8>, i64> {
    if paths.is_empty() || paths == ["-"] {
        return Ok(io.stdin.to_vec());
    }
    let mut all = Vec::new();
    for path in paths {
        match machine.inside.read(path) {
            Some(bytes) => all.extend_from_slice(bytes),
            None => {
                complain(io, &format!("{program}: {path}: No such file or directory"));
                return Err(if program == "grep" { 2 } else { 1 });
            }
        }
    }
    Ok(all)
}

/// Packs bytes as gzip does.
pub(in crate::app) fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()
}

/// Unpacks what gzip packed; none when it is damaged or cut short.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.is_empty() {
        return None;
    }
    let mut decoder = GzDecoder::new(Vec::new());
    decoder.write_all(bytes).and_then(|()| decoder.finish()).ok()
}

fn zip(machine: &mut Machine<'_, '_>, name: &str, words: &[&str], io: &mut Io<'_>) -> i64 {
    let (mut unpacks, mut prints, mut tests, mut keeps) =
        (name != "gzip", name == "zcat", false, false);
    let mut paths = Vec::new();
    for word in words {
        match *word {
            "--decompress" | "--uncompress" => unpacks = true,
            "--stdout" | "--to-stdout" => prints = true,
            "--test" => tests = true,
            "--keep" => keeps = true,
            "--force" | "--quiet" | "--best" | "--fast" | "--no-name" => {}
            long if long.starts_with("--") => return refuse(io, &format!("{name} {long}")),
            short if short.starts_with('-') && short.len() > 1 => {
                for letter in short[1..].chars() {
                    match letter {
                        'd' => unpacks = true,
                        'c' => prints = true,
                        't' => tests = true,
                        'k' => keeps = true,
                        'f' | 'q' | 'n' | 'v' | '1'..='9' => {}
                        other => return refuse(io, &format!("{name} -{other}")),
                    }
                }
            }
            path => paths.push(path),
        }
    }
    let given = match input(machine, name, &paths, io) {
        Ok(given) => given,
        Err(code) => return code,
    };
    let made = if unpacks || tests { unpacked(&given) } else { packed(&given) };
    let Some(made) = made else {
        let path = paths.first().unwrap_or(&"stdin");
        complain(io, &format!("{name}: {path}: unexpected end of file or not in gzip format"));
        return 1;
    };
    match paths.as_slice() {
        _ if tests => 0,
        [] => {
            io.out.extend(made);
            0
        }
        _ if prints => {
            io.out.extend(made);
            0
        }
        [path] => {
            let target = match (unpacks, path.strip_suffix(".gz")) {
                (true, Some(plain)) => plain.to_owned(),
                (true, None) => return 2,
                (false, _) => format!("{path}.gz"),
            };
            let written = machine.inside.write(&target, made).is_ok();
            let removed = keeps || machine.inside.remove(path).is_ok();
            i64::from(!(written && removed))
        }
        _ => refuse(io, &format!("{name} of several files")),
    }
}

fn lines(machine: &Machine<'_, '_>, name: &str, words: &[&str], io: &mut Io<'_>) -> i64 {
    let (mut count, mut bytes, mut paths) = (10_usize, false, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = match *word {
            "-n" | "-c" => {
                bytes |= *word == "-c";
                words.next().copied().unwrap_or_default()
            }
            word if word.starts_with("-n") || word.starts_with("-c") => {
                bytes |= word.starts_with("-c");
                &word[2..]
            }
            "-q" => continue,
            word if word.starts_with('-') && word.len() > 1 => &word[1..],
            path => {
                paths.push(path);
                continue;
            }
        };
        match value.parse() {
            Ok(value) => count = value,
            Err(_) => return refuse(io, &format!("{name} {word} {value}")),
        }
    }
    let all = match input(machine, name, &paths, io) {
        Ok(all) => all,
        Err(code) => return code,
    };
    let pieces: Vec<&[u8]> = if bytes {
        all.chunks(1).collect()
    } else {
        all.split_inclusive(|b| *b == b'\n').collect()
    };
    let from = if name == "tail" { pieces.len().saturating_sub(count) } else { 0 };
    io.out.extend(pieces[from..].iter().take(count).flat_map(|p| p.iter().copied()));
    0
}

fn grep(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let (mut flags, mut pattern, mut paths) = (String::new(), None, Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-e" => pattern = words.next(),
            "--quiet" | "--silent" => flags.push('q'),
            "--fixed-strings" => flags.push('F'),
            "--" => {}
            word if word.starts_with('-') && word.len() > 1 => {
                if let Some(letter) = word[1..].chars().find(|c| !"qvicEFxsoahw".contains(*c)) {
                    return refuse(io, &format!("grep -{letter}"));
                }
                flags.push_str(&word[1..]);
            }
            word if pattern.is_none() => pattern = Some(word),
            path => paths.push(path),
        }
    }
    let has = |letter: char| flags.contains(letter);
    let pattern = pattern.unwrap_or_default();
    let mut text = if has('F') { regex::escape(pattern) } else { pattern.to_owned() };
    if has('x') {
        text = format!("^(?:{text})$");
    }
    if has('w') {
        text = format!(r"\b(?:{text})\b");
    }
    let Ok(regex) = RegexBuilder::new(&text).case_insensitive(has('i')).build() else {
        return refuse(io, &format!("grep {pattern}"));
    };
    let all = match input(machine, "grep", &paths, io) {
        Ok(all) => all,
        Err(code) => return code,
    };
    let all = String::from_utf8_lossy(&all);
    let found: Vec<&str> = all.lines().filter(|l| regex.is_match(l) != has('v')).collect();
    if has('c') {
        io.out.extend(format!("{}\n", found.len()).bytes());
    } else if has('o') {
        for hit in found.iter().flat_map(|l| regex.find_iter(l)) {
            io.out.extend(format!("{}\n", hit.as_str()).bytes());
        }
    } else if !has('q') {
        found.iter().for_each(|l| io.out.extend(format!("{l}\n").bytes()));
    }
    i64::from(found.is_empty())
}

fn wc(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let paths: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with('-')).collect();
    let all = match input(machine, "wc", &paths, io) {
        Ok(all) => all,
        Err(code) => return code,
    };
    let text = String::from_utf8_lossy(&all);
    let counts = [
        ('l', text.matches('\n').count()),
        ('w', text.split_whitespace().count()),
        ('c', all.len()),
    ];
    let asked = |letter: char| words.iter().any(|w| w.starts_with('-') && w.contains(letter));
    let any = counts.iter().any(|(letter, _)| asked(*letter));
    let shown = counts.iter().filter(|(letter, _)| !any || asked(*letter));
    let mut shown: Vec<String> = shown.map(|(_, count)| count.to_string()).collect();
    shown.extend(paths.first().map(|p| (*p).to_owned()));
    io.out.extend(format!("{}\n", shown.join(" ")).bytes());
    0
}

fn arranged(machine: &Machine<'_, '_>, name: &str, words: &[&str], io: &mut Io<'_>) -> i64 {
    let flags: String = words.iter().filter_map(|w| w.strip_prefix('-')).collect();
    if let Some(letter) = flags.chars().find(|c| !"urnV".contains(*c)) {
        return refuse(io, &format!("{name} -{letter}"));
    }
    let paths: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with('-')).collect();
    let all = match input(machine, name, &paths, io) {
        Ok(all) => all,
        Err(code) => return code,
    };
    let text = String::from_utf8_lossy(&all).into_owned();
    let mut all: Vec<&str> = text.lines().collect();
    if name == "sort" {
        all.sort_unstable();
        if flags.contains(['n', 'V']) {
            all.sort_by_key(|l| l.trim().parse::<i64>().unwrap_or(0));
        }
        if flags.contains('r') {
            all.reverse();
        }
    }
    if name == "uniq" || flags.contains('u') {
        all.dedup();
    }
    all.iter().for_each(|l| io.out.extend(format!("{l}\n").bytes()));
    0
}

fn tr(words: &[&str], io: &mut Io<'_>) -> i64 {
    let set = |text: &str| -> Option<Vec<char>> {
        let text = match text {
            "[:upper:]" => "A-Z".to_owned(),
            "[:lower:]" => "a-z".to_owned(),
            "[:space:]" => " \t\n\r".to_owned(),
            text if text.starts_with("[:") => return None,
            text => unescaped(text),
        };
        let chars: Vec<char> = text.chars().collect();
        let mut set = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            if chars.get(at + 1) == Some(&'-') && at + 2 < chars.len() {
                set.extend(chars[at]..=chars[at + 2]);
                at += 3;
            } else {
                set.push(chars[at]);
                at += 1;
            }
        }
        Some(set)
    };
    let text = String::from_utf8_lossy(io.stdin).into_owned();
    let done: Option<String> = match words {
        ["-d", gone] => set(gone).map(|gone| text.chars().filter(|c| !gone.contains(c)).collect()),
        [from, to] if !from.starts_with('-') => {
            set(from).zip(set(to).filter(|to| !to.is_empty())).map(|(from, to)| {
                let turned = |c: char| match from.iter().position(|f| *f == c) {
                    Some(at) => to.get(at).or(to.last()).copied().unwrap_or(c),
                    None => c,
                };
                text.chars().map(turned).collect()
            })
        }
        _ => None,
    };
    match done {
        Some(text) => {
            io.out.extend(text.bytes());
            0
        }
        None => refuse(io, &format!("tr {}", words.join(" "))),
    }
}

fn cut(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let (mut delimiter, mut field, mut paths) = ('\t', None, Vec::new());
    let mut all = words.iter().copied();
    while let Some(word) = all.next() {
        let mut value = |letter: &str| -> Option<&str> {
            let rest = word.strip_prefix(letter)?;
            if rest.is_empty() { all.next() } else { Some(rest) }
        };
        if let Some(text) = value("-d") {
            delimiter = text.chars().next().unwrap_or('\t');
        } else if let Some(text) = value("-f") {
            field = text.parse::<usize>().ok();
        } else if word.starts_with('-') {
            return refuse(io, &format!("cut {word}"));
        } else {
            paths.push(word);
        }
    }
    let Some(field) = field.filter(|f| *f > 0) else {
        return refuse(io, &format!("cut {}", words.join(" ")));
    };
    let all = match input(machine, "cut", &paths, io) {
        Ok(all) => all,
        Err(code) => return code,
    };
    for line in String::from_utf8_lossy(&all).lines() {
        let whole = !line.contains(delimiter);
        let piece =
            if whole { line } else { line.split(delimiter).nth(field - 1).unwrap_or_default() };
        io.out.extend(format!("{piece}\n").bytes());
    }
    0
}

fn tee(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let adds = words.contains(&"-a");
    io.out.extend_from_slice(io.stdin);
    let mut code = 0;
    for path in words.iter().filter(|w| !w.starts_with('-')) {
        let mut bytes =
            if adds { machine.inside.read(path).unwrap_or_default().to_vec() } else { Vec::new() };
        bytes.extend_from_slice(io.stdin);
        if !path.starts_with("/dev/") && machine.inside.write(path, bytes).is_err() {
            complain(io, &format!("tee: {path}: No such file or directory"));
            code = 1;
        }
    }
    code
}

fn date(machine: &Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let words: Vec<&str> = words.iter().copied().filter(|w| !["-u", "--utc"].contains(w)).collect();
    let now = machine.inside.now;
    let text = match words.as_slice() {
        [] => now.strftime("%a %b %e %H:%M:%S UTC %Y").to_string(),
        ["-Iseconds" | "--iso-8601=seconds"] => now.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        ["-I" | "--iso-8601"] => now.strftime("%Y-%m-%d").to_string(),
        [format] if format.starts_with('+') => now.strftime(&format[1..]).to_string(),
        _ => return refuse(io, "this `date`"),
    };
    io.out.extend(format!("{text}\n").bytes());
    0
}

fn path_part(name: &str, words: &[&str], io: &mut Io<'_>) -> i64 {
    let path = words.first().unwrap_or(&"").trim_end_matches('/');
    let (folder, file) = path.rsplit_once('/').unwrap_or((".", path));
    let text = match (name, words.get(1)) {
        ("basename", Some(suffix)) => file.strip_suffix(suffix).unwrap_or(file),
        ("basename", None) => file,
        _ if folder.is_empty() => "/",
        _ => folder,
    };
    io.out.extend(format!("{text}\n").bytes());
    0
}

fn seq(words: &[&str], io: &mut Io<'_>) -> i64 {
    let numbers: Option<Vec<i64>> = words.iter().map(|w| w.parse().ok()).collect();
    let (first, last) = match numbers.as_deref() {
        Some([last]) => (1, *last),
        Some([first, last]) => (*first, *last),
        _ => return refuse(io, &format!("seq {}", words.join(" "))),
    };
    for number in (first..=last).take(10_000) {
        io.out.extend(format!("{number}\n").bytes());
    }
    0
}
