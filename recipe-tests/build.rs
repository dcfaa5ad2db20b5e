//! Picks up every folder under `recipes/`: no list is edited to enroll a recipe.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files whose text is built in, with the field that holds it.
const TEXTS: [(&str, &str); 6] = [
    ("settings", "recipe.toml"),
    ("overlay", "compose.ccci.yml"),
    ("install_steps", "install_steps.sh"),
    ("previous_version", "previous/VERSION"),
    ("previous_overlay", "previous/compose.previous.yml"),
    ("parity", "PARITY.md"),
];

/// Files of a folder besides Rust ones; a name that is nearly one of them would be left out without a word.
const FILES: [&str; 4] = ["recipe.toml", "compose.ccci.yml", "install_steps.sh", "PARITY.md"];

/// Files of `previous/`.
const PREVIOUS: [&str; 2] = ["VERSION", "compose.previous.yml"];

#[expect(clippy::disallowed_methods, reason = "cargo talks to a build script through variables")]
fn main() -> Result<(), Box<dyn Error>> {
    let missing = "cargo sets this variable for every build script";
    let root =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or(missing)?).join("recipes");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or(missing)?).join("recipes.rs");
    let names = folders(&root)?;
    let mut modules = String::new();
    let mut entries = String::new();
    for name in &names {
        let module = name.replace('-', "_");
        let folder = root.join(name);
        only_known_files(&folder)?;
        let suite = folder.join("suite.rs");
        let mut fields = String::new();
        if suite.is_file() {
            writeln!(modules, "#[path = {suite:?}]\npub mod r#{module};")?;
            write!(fields, "suite: Some(r#{module}::suite), ")?;
        } else {
            fields.push_str("suite: None, ");
        }
        for (field, file) in TEXTS {
            fields.push_str(&text_field(field, &folder.join(file))?);
        }
        writeln!(entries, "    crate::folder::Folder {{ name: {name:?}, {fields}}},")?;
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    println!("cargo:rerun-if-changed={}", root.display());
    let table = format!(
        "{modules}\npub(crate) static FOLDERS: [crate::folder::Folder; {}] = [\n{entries}];\n",
        names.len()
    );
    std::fs::write(out, table)?;
    Ok(())
}

fn folders(root: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().map_err(|n| format!("{n:?} is not UTF-8"))?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if !name.bytes().all(plain) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(format!(
                "the folder `recipes/{name}` is no recipe's: expected lower-case letters, digits, `-` and `_`, beginning with a letter"
            )
            .into());
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn only_known_files(folder: &Path) -> Result<(), Box<dyn Error>> {
    let is_rust = |file: &str| Path::new(file).extension().is_some_and(|e| e == "rs");
    let top = files(folder)?;
    if let Some(file) = top.iter().find(|f| !is_rust(f) && !FILES.contains(&f.as_str())) {
        return Err(unknown(
            &folder.join(file),
            &[&["suite.rs", "stand_in.rs"], &FILES[..]].concat(),
        ));
    }
    if !top.iter().any(|file| ["suite.rs", "stand_in.rs"].contains(&file.as_str()))
        && let Some(file) = top.iter().find(|file| is_rust(file))
    {
        return Err(unknown(&folder.join(file), &["suite.rs", "stand_in.rs"]));
    }
    let previous = folder.join("previous");
    let inner = if previous.is_dir() { files(&previous)? } else { Vec::new() };
    match inner.iter().find(|file| !PREVIOUS.contains(&file.as_str())) {
        Some(file) => Err(unknown(&previous.join(file), &PREVIOUS)),
        None => Ok(()),
    }
}

fn unknown(file: &Path, known: &[&str]) -> Box<dyn Error> {
    let known = known.join(", ");
    format!("{} is no file of a suite: expected one of {known}", file.display()).into()
}

/// Returns the names of a folder's files, sorted, those that editors leave behind aside.
fn files(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|n| format!("{n:?} is not UTF-8"))?;
        let is_aside = name.starts_with(['.', '#']) || name.ends_with(['~', '#']);
        if !is_aside && !entry.file_type()?.is_dir() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn text_field(field: &str, file: &Path) -> Result<String, Box<dyn Error>> {
    if !file.is_file() {
        return Ok(format!("{field}: None, "));
    }
    let path = file.to_str().ok_or_else(|| format!("{} is not UTF-8", file.display()))?;
    Ok(format!("{field}: Some(include_str!({path:?})), "))
}
