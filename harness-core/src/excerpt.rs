//! The line of a text that an error is about, with a mark below it. Main type: [`Excerpt`].

use std::fmt;
use std::ops::Range;

/// A place in a file: shown as the line, and below it carets where the trouble is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    text: String,
    width: usize,
}

impl Excerpt {
    /// Finds the place of a range of bytes. Of a range over several lines the first line is marked.
    pub fn of(file: &str, text: &str, range: Range<usize>) -> Self {
        let start = (0..=range.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let start = start.unwrap_or_default();
        let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[begin..];
        let shown = rest.lines().next().unwrap_or_default();
        let until = range.end.clamp(start, begin + shown.len().max(start - begin));
        let marked = text.get(start..until).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[begin..start].chars().count() + 1,
            text: shown.to_owned(),
            width: marked.chars().count().max(1),
        }
    }

    /// Returns file, line and column as `FILE:LINE:COLUMN`.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One column for each character, so that the mark stands below what it marks.
        let shown: String =
            self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let gutter = self.line.to_string().len();
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{} | {}", self.line, shown.trim_end())?;
        write!(
            f,
            "{:gutter$} | {:indent$}{}",
            "",
            "",
            "^".repeat(self.width),
            indent = self.column - 1
        )
    }
}

/// Returns a text with its control characters shown instead of sent to the terminal.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a = 1\nbc = 2\n", 6..8, (2, 1), "  |\n2 | bc = 2\n  | ^^")]
    #[case("é = \"ü\"\n", 5..9, (1, 5), "  |\n1 | é = \"ü\"\n  |     ^^^")]
    #[case("a\tb\n", 2..3, (1, 3), "  |\n1 | a b\n  |   ^")]
    #[case("a = [\n1,\n", 4..8, (1, 5), "  |\n1 | a = [\n  |     ^")]
    #[case("", 0..0, (1, 1), "  |\n1 |\n  | ^")]
    #[case("a\n", 9..12, (2, 1), "  |\n2 |\n  | ^")]
    fn the_place_is_marked(
        #[case] text: &str,
        #[case] range: Range<usize>,
        #[case] place: (usize, usize),
        #[case] shown: &str,
    ) {
        let excerpt = Excerpt::of("f.toml", text, range);
        assert_eq!((excerpt.line, excerpt.column), place);
        let lines: Vec<String> =
            excerpt.to_string().lines().map(|l| l.trim_end().to_owned()).collect();
        assert_eq!(lines.join("\n"), shown);
        assert_eq!(excerpt.place(), format!("f.toml:{}:{}", place.0, place.1));
    }
}
