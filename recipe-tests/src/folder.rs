//! A recipe's folder as it was built in. Main items: [`Folder`], [`find`].

use harness_core::name::RecipeName;

use crate::recipes::FOLDERS;
use crate::suite::Suite;

/// A folder under `recipes/`.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) name: &'static str,
    pub(crate) suite: Option<fn() -> Suite>,
    pub(crate) settings: Option<&'static str>,
    pub(crate) overlay: Option<&'static str>,
    pub(crate) install_steps: Option<&'static str>,
    pub(crate) previous_version: Option<&'static str>,
    pub(crate) previous_overlay: Option<&'static str>,
    pub(crate) parity: Option<&'static str>,
}

/// Returns every folder, sorted by name.
pub(crate) fn all() -> &'static [Folder] {
    &FOLDERS
}

/// Returns the names of all recipes with a folder here, sorted.
pub fn folder_names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|folder| folder.name)
}

/// Returns what the `PARITY.md` of a recipe says, if there is one.
pub fn parity(recipe: &RecipeName) -> Option<&'static str> {
    find(recipe).and_then(|folder| folder.parity)
}

/// Returns the recipe's folder, if there is one.
pub(crate) fn find(recipe: &RecipeName) -> Option<&'static Folder> {
    FOLDERS.iter().find(|f| f.name == recipe.as_str())
}

#[cfg(test)]
mod tests {
    use harness_core::suite::Settings;

    use super::*;

    #[test]
    fn folders_are_sorted_and_custom_html_is_among_them() {
        assert!(all().is_sorted_by_key(|f| f.name));
        assert!(all().iter().any(|f| f.name == "custom-html"));
    }

    #[test]
    fn every_folder_is_named_like_a_recipe_and_its_settings_can_be_read() {
        for folder in all() {
            let recipe = RecipeName::try_from(folder.name.to_owned()).unwrap();
            let settings = Settings::parse(&recipe, folder.settings.unwrap_or_default());
            assert!(settings.is_ok(), "{}", harness_core::chain::Chain(&settings.unwrap_err()));
        }
    }
}
