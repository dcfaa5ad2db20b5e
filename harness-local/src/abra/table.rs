//! Tables, drawn as abra draws them.

/// Returns a table with a border; cells are padded by characters.
pub(super) fn render(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| columns(cell));
        cells.chain([columns(heads[column])]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let rule = |left: char, middle: &str, right: char| {
        let bars: Vec<String> = widths.iter().map(|w| "━".repeat(w + 2)).collect();
        format!("{left}{}{right}", bars.join(middle))
    };
    let line = |cells: &[String]| {
        let padded = widths.iter().enumerate().map(|(column, width)| {
            let cell = cells.get(column).map_or("", String::as_str);
            format!(" {cell}{} ", " ".repeat(width - columns(cell)))
        });
        format!("┃{}┃", padded.collect::<Vec<_>>().join("┃"))
    };
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut lines = vec![rule('┏', "┳", '┓'), line(&heads), rule('┣', "╋", '┫')];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.push(rule('┗', "┻", '┛'));
    lines.join("\n")
}

/// Returns how many columns a terminal gives a text: the two marks of lint take two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c == '✅' || c == '❌' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let rows =
            vec![vec!["R001".to_owned(), "✅".to_owned()], vec!["R0".to_owned(), "-".to_owned()]];
        let expected = "\
┏━━━━━━┳━━━━┓
┃ ref  ┃ ok ┃
┣━━━━━━╋━━━━┫
┃ R001 ┃ ✅ ┃
┃ R0   ┃ -  ┃
┗━━━━━━┻━━━━┛";
        assert_eq!(render(&["ref", "ok"], &rows), expected);
    }
}
