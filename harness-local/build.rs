//! Embeds the bundled recipes: every file below `recipes/` goes into the library, so that an installed program has
//! them too. Picks up the stand-ins that suites bring: no list is edited to add one.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=recipes");
    let here = std::env::current_dir()?;
    let root = here.join("recipes");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut table = String::from("pub(super) static FILES: &[EmbeddedFile] = &[\n");
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).map_err(io::Error::other)?;
        let executable = fs::metadata(file)?.permissions().mode() & 0o100 != 0;
        writeln!(
            table,
            "    EmbeddedFile {{ path: {:?}, executable: {executable}, bytes: include_bytes!({:?}) }},",
            name.display().to_string(),
            file.display().to_string(),
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    let out =
        std::env::vars_os().find(|(name, _)| name == "OUT_DIR").map(|(_, dir)| PathBuf::from(dir));
    let out = out.ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(out.join("bundled_recipes.rs"), table)?;
    let suites = here.join("../recipe-tests/recipes");
    fs::write(out.join("stand_ins.rs"), stand_ins(&suites)?)?;
    let fixture = here.join("src/app/fixture");
    fs::write(out.join("stand_ins_of_fixture.rs"), stand_ins(&fixture)?)
}

/// Returns a module for each `stand_in.rs` below a folder, and a function that calls them all.
fn stand_ins(root: &Path) -> io::Result<String> {
    println!("cargo:rerun-if-changed={}", root.display());
    let mut folders = Vec::new();
    if root.is_dir() {
        for entry in fs::read_dir(root)? {
            let folder = entry?.path();
            println!("cargo:rerun-if-changed={}", folder.display());
            if folder.join("stand_in.rs").is_file() {
                folders.push(folder);
            }
        }
    }
    folders.sort();
    let (mut modules, mut calls) = (String::new(), String::new());
    for folder in &folders {
        let file = folder.join("stand_in.rs").display().to_string();
        let name = folder.file_name().and_then(|n| n.to_str());
        let name = name.ok_or_else(|| io::Error::other(format!("{file}: no UTF-8")))?;
        let module = name.replace('-', "_");
        writeln!(modules, "#[path = {file:?}]\nmod r#{module};").map_err(io::Error::other)?;
        write!(calls, "r#{module}::stand_ins(), ").map_err(io::Error::other)?;
    }
    let all =
        if calls.is_empty() { "Vec::new()".to_owned() } else { format!("[{calls}].concat()") };
    Ok(format!(
        "{modules}\npub(in crate::app) fn all() -> Vec<crate::app::StandIn> {{\n    {all}\n}}\n"
    ))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
