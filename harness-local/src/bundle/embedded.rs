//! The files of the bundled recipes, as they were when the program was built.

use harness_core::name::RecipeName;

include!(concat!(env!("OUT_DIR"), "/bundled_recipes.rs"));

/// A file of a bundled recipe. Its path begins with the recipe's name.
pub(super) struct EmbeddedFile {
    pub(super) path: &'static str,
    pub(super) executable: bool,
    pub(super) bytes: &'static [u8],
}

/// Returns the names of all bundled recipes, sorted.
pub fn names() -> Vec<RecipeName> {
    let mut names: Vec<RecipeName> = FILES
        .iter()
        .filter_map(|file| file.path.strip_suffix("/repo.toml"))
        .filter_map(|name| RecipeName::try_from(name.to_owned()).ok())
        .collect();
    names.sort();
    names
}

/// Returns the bytes of a file of a recipe.
pub(super) fn file(recipe: &RecipeName, path: &str) -> Option<&'static [u8]> {
    in_folder(recipe, "").find(|(inside, _)| *inside == path).map(|(_, file)| file.bytes)
}

/// Returns the files below a folder of a recipe, with their paths in that folder.
pub(super) fn in_folder(
    recipe: &RecipeName,
    folder: &str,
) -> impl Iterator<Item = (&'static str, &'static EmbeddedFile)> {
    let prefix =
        if folder.is_empty() { format!("{recipe}/") } else { format!("{recipe}/{folder}/") };
    FILES.iter().filter_map(move |file| Some((file.path.strip_prefix(&prefix)?, file)))
}
