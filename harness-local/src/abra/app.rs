//! Apps: a file `servers/<server>/<domain>.env`, and the version that is pinned in it.

use std::io;

use camino::Utf8PathBuf;
use harness_core::name::{Domain, RecipeName, StackName};
use harness_core::recipe::EnvFile;
use thiserror::Error;

use super::layout::{AbraDir, LayoutError};

/// An app as its settings file says it is.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Its name: the file's name without `.env`.
    pub domain: Domain,
    /// The server that it is on.
    pub server: String,
    /// The settings file.
    pub path: Utf8PathBuf,
    /// The settings.
    pub env: EnvFile,
    /// The recipe.
    pub recipe: RecipeName,
    /// What stands behind the recipe's name on the `TYPE` line: a tag, a commit or a chaos version.
    pub pinned: Option<String>,
    /// Its Swarm stack.
    pub stack: StackName,
}

/// Why there is no such app.
#[derive(Debug, Error)]
pub enum AppError {
    /// No server has it.
    #[error("cannot find app with name {name}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// Its file says no recipe.
    #[error("{path} has no TYPE or RECIPE line that names a recipe")]
    NoRecipe {
        /// The file.
        path: Utf8PathBuf,
    },
    /// Its file sets a stack name that Swarm would refuse.
    #[error("{path} sets a STACK_NAME that Swarm would refuse")]
    StackName {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: harness_core::name::InvalidSwarmName,
    },
    /// Its file cannot be read or written.
    #[error("unable to access {path}")]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The servers cannot be listed.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl App {
    /// Finds an app by its name on any server.
    ///
    /// # Errors
    /// No server has it, or its file makes no sense.
    pub fn find(dir: &AbraDir, name: &str) -> Result<Self, AppError> {
        let unknown = || AppError::Unknown { name: name.to_owned() };
        let domain = Domain::try_from(name.to_owned()).map_err(|_invalid| unknown())?;
        for server in dir.servers()? {
            let path = dir.server(&server).join(format!("{name}.env"));
            match std::fs::read_to_string(&path) {
                Ok(text) => return Self::read(domain, server, path, &text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(AppError::Io { path, source }),
            }
        }
        Err(unknown())
    }

    fn read(
        domain: Domain,
        server: String,
        path: Utf8PathBuf,
        text: &str,
    ) -> Result<Self, AppError> {
        let env = EnvFile::parse(text);
        let typed = env.recipe_and_version().unwrap_or_default();
        let (recipe, pinned) = split_type(&typed);
        let recipe = RecipeName::try_from(recipe)
            .map_err(|_invalid| AppError::NoRecipe { path: path.clone() })?;
        let stack = match env.get("STACK_NAME").filter(|name| !name.is_empty()) {
            Some(name) => StackName::try_from(name)
                .map_err(|source| AppError::StackName { path: path.clone(), source })?,
            None => StackName::from(&domain),
        };
        Ok(Self { domain, server, path, env, recipe, pinned, stack })
    }

    /// Writes the deployed version back to the `TYPE` or `RECIPE` line, keeping the rest of the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_back(&mut self, version: &str) -> Result<(), AppError> {
        self.env.set_type(&format!("{}:{version}", self.recipe));
        self.pinned = Some(version.to_owned());
        let partial = self.path.with_extension("env.part");
        let written = std::fs::write(&partial, self.env.to_string())
            .and_then(|()| std::fs::rename(&partial, &self.path));
        written.map_err(|source| AppError::Io { path: self.path.clone(), source })
    }

    /// Returns what compose files may interpolate: the settings, then the recipe's exports, then the stack's name.
    pub fn interpolation(&self, exports: &[(String, String)]) -> Vec<(String, String)> {
        let mut vars = self.env.vars();
        vars.extend_from_slice(exports);
        vars.push(("STACK_NAME".to_owned(), self.stack.to_string()));
        vars
    }
}

/// Splits `recipe:version`.
fn split_type(text: &str) -> (String, Option<String>) {
    match text.split_once(':') {
        Some((recipe, version)) if !version.is_empty() => {
            (recipe.to_owned(), Some(version.to_owned()))
        }
        Some((recipe, _)) => (recipe.to_owned(), None),
        None => (text.to_owned(), None),
    }
}

/// Returns the settings of a new app: the sample, with the sample's host name replaced.
pub(crate) fn from_sample(sample: &str, recipe: &RecipeName, domain: &Domain) -> String {
    sample.replace(&format!("{recipe}.example.com"), domain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(text: &str) -> Result<App, AppError> {
        let domain = Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).unwrap();
        App::read(domain, "default".to_owned(), "/x.env".into(), text)
    }

    #[test]
    fn the_version_behind_the_recipe_is_the_pin() {
        assert_eq!(
            app("TYPE=custom-html:1.7.1+1.27.2\n").unwrap().pinned.as_deref(),
            Some("1.7.1+1.27.2")
        );
        assert_eq!(app("RECIPE=custom-html\n").unwrap().pinned, None);
        assert_eq!(
            app("TYPE=custom-html:eb96de94+U\n").unwrap().pinned.as_deref(),
            Some("eb96de94+U")
        );
        assert!(matches!(app("DOMAIN=x\n"), Err(AppError::NoRecipe { .. })));
    }

    #[test]
    fn the_stack_is_the_domain_unless_the_file_says_otherwise() {
        assert_eq!(app("TYPE=a\n").unwrap().stack.as_str(), "cust-1a2b3c_ccci_test");
        assert_eq!(app("TYPE=a\nSTACK_NAME=other\n").unwrap().stack.as_str(), "other");
    }

    #[test]
    fn the_write_back_changes_one_line_and_keeps_the_rest() {
        let temp = tempfile::tempdir().unwrap();
        let mut app = app("# top\nRECIPE=custom-html:1.0.0+1 # pinned\nDOMAIN=a.b\n").unwrap();
        app.path = Utf8PathBuf::try_from(temp.path().join("a.env")).unwrap();
        app.write_back("1.1.0+2").unwrap();
        let text = std::fs::read_to_string(&app.path).unwrap();
        assert_eq!(text, "# top\nRECIPE=custom-html:1.1.0+2 # pinned\nDOMAIN=a.b\n");
    }

    #[test]
    fn only_the_samples_own_host_is_replaced() {
        let recipe = RecipeName::try_from("llamenos".to_owned()).unwrap();
        let domain = Domain::try_from("l.ccci.test".to_owned()).unwrap();
        assert_eq!(
            from_sample("DOMAIN=hotline.example.com\n", &recipe, &domain),
            "DOMAIN=hotline.example.com\n"
        );
        assert_eq!(
            from_sample("DOMAIN=llamenos.example.com\n", &recipe, &domain),
            "DOMAIN=l.ccci.test\n"
        );
    }

    #[test]
    fn the_stack_name_and_exports_come_after_the_settings() {
        let app = app("TYPE=a\nSTACK_NAME=s\nV=1\n").unwrap();
        let vars = app.interpolation(&[("V".to_owned(), "2".to_owned())]);
        assert_eq!(vars.last().unwrap(), &("STACK_NAME".to_owned(), "s".to_owned()));
        assert_eq!(vars.iter().rfind(|(name, _)| name == "V").unwrap().1, "2");
    }
}
