//! Shows an error with everything below it. Main type: [`Chain`].

use std::error::Error;
use std::fmt;

/// Shows an error and its sources, joined by `: `. Our errors never repeat their source in their own text.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
