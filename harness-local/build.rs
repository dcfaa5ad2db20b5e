//! Embeds the bundled recipes: every file below `recipes/` goes into the library, so that an installed program has
//! them too.

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
    fs::write(out.join("bundled_recipes.rs"), table)
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
