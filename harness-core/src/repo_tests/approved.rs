//! The list of recipes whose own scripts are run. Main type: [`Approved`].

use thiserror::Error;

use crate::name::RecipeName;

/// The recipes whose own scripts are run: one a line, `#` begins a comment. Nobody, unless named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approved {
    recipes: Vec<RecipeName>,
}

/// A line that names no recipe.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{file}:{line}: `{seen}` is no recipe's name: expected one recipe a line, each named by itself (`*` is no wildcard here)"
)]
pub struct InvalidApproved {
    /// The list.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub seen: String,
}

impl Approved {
    /// Reads the list.
    ///
    /// # Errors
    /// A line names no recipe.
    pub fn parse(file: &str, text: &str) -> Result<Self, InvalidApproved> {
        let mut recipes = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let name = line.split('#').next().unwrap_or_default().trim();
            if name.is_empty() {
                continue;
            }
            let recipe = RecipeName::try_from(name.to_owned()).map_err(|_| InvalidApproved {
                file: file.to_owned(),
                line: index + 1,
                seen: crate::hurl::shown(name),
            })?;
            recipes.push(recipe);
        }
        Ok(Self { recipes })
    }

    /// Returns whether a recipe's own scripts are run.
    pub fn has(&self, recipe: &RecipeName) -> bool {
        self.recipes.contains(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, recipe: &str) -> bool {
        let recipe = RecipeName::try_from(recipe.to_owned()).unwrap();
        Approved::parse("a.txt", text).unwrap().has(&recipe)
    }

    #[test]
    fn only_who_is_named_is_approved() {
        assert!(has("# reviewed\n ghost # by two\n\nmumble\n", "mumble"));
        assert!(!has("ghost\n", "mumble") && !has("", "ghost") && !has("# ghost\n", "ghost"));
        assert!(!has("ghost-admin\n", "ghost"));
    }

    #[test]
    fn an_asterisk_is_no_wildcard() {
        for (text, line) in [("*\n", 1), ("ghost\ngh*st\n", 2), ("a b\n", 1), ("../ghost\n", 1)] {
            let error = Approved::parse("a.txt", text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.to_string().contains("`*` is no wildcard"), "{error}");
        }
    }
}
