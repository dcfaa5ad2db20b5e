//! What can be wrong with a compose file, and where.

use thiserror::Error;

/// A compose file that cannot be read. Lines and columns count from 1; 0 stands for the whole file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// It is not YAML, or not YAML that Docker would take (a duplicate key, an endless alias).
    #[error("{file}:{line}:{column}: the file is not valid YAML: {problem}")]
    Yaml {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: u64,
        /// What the parser says.
        problem: String,
    },
    /// A value has another shape than a compose file has there.
    #[error("{file}:{line}:{column}: `{path}` should be {expected}, not {found}")]
    Shape {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: u64,
        /// The keys down to the value.
        path: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A dollar sign that begins no variable, or a variable that must be set and is not.
    #[error(
        "{file}:{line}:{column}: `{path}`: `{text}` is no variable that can be filled in: write `$$` for a dollar sign"
    )]
    Variable {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: u64,
        /// The keys down to the value.
        path: String,
        /// The text from the dollar sign on.
        text: String,
    },
}

impl ComposeError {
    /// Returns line and column, both counted from 1; 0 stands for the whole file.
    pub const fn place(&self) -> (u64, u64) {
        match self {
            Self::Yaml { line, column, .. }
            | Self::Shape { line, column, .. }
            | Self::Variable { line, column, .. } => (*line, *column),
        }
    }

    /// Returns what is wrong, without the place.
    pub fn problem(&self) -> String {
        let text = self.to_string();
        let (file, (line, column)) = (self.file(), self.place());
        let place = format!("{file}:{line}:{column}: ");
        text.strip_prefix(&place).map(str::to_owned).unwrap_or(text)
    }

    fn file(&self) -> &str {
        match self {
            Self::Yaml { file, .. } | Self::Shape { file, .. } | Self::Variable { file, .. } => {
                file
            }
        }
    }
}
