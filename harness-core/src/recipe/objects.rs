//! Reading many files of a commit with one git process.

use super::git::{GitError, failed, local};
use super::repository::Repository;
use crate::name::Commit;

impl Repository {
    /// Returns the paths of all files of a commit.
    ///
    /// # Errors
    /// git could not read the clone.
    pub async fn files_at(&self, commit: &Commit) -> Result<Vec<String>, GitError> {
        let text = self
            .read(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit.as_str()])
            .await?;
        Ok(text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }

    /// Returns what git says is at a path of a commit, or right in it if the path ends with `/`: mode, type, id, size
    /// and path of each, and a null byte after each. Nothing is followed.
    ///
    /// # Errors
    /// git could not read the clone.
    pub(crate) async fn listing(&self, commit: &Commit, path: &str) -> Result<String, GitError> {
        self.read(&["ls-tree", "-z", "--long", "--full-tree", commit.as_str(), path]).await
    }

    /// Returns the text of a file of a commit; `None` when there is no such file. Bytes that are not UTF-8 are
    /// replaced.
    ///
    /// # Errors
    /// git could not read the clone.
    pub async fn file_at(&self, commit: &Commit, path: &str) -> Result<Option<String>, GitError> {
        Ok(self.texts_at(commit, &[path]).await?.pop().flatten())
    }

    /// Returns the texts of files of a commit, in the order asked for, with one git process.
    ///
    /// # Errors
    /// git could not read the clone.
    pub async fn texts_at(
        &self,
        commit: &Commit,
        paths: &[&str],
    ) -> Result<Vec<Option<String>>, GitError> {
        let asked: Vec<&&str> = paths.iter().filter(|path| !path.contains('\n')).collect();
        let input: String =
            asked.iter().flat_map(|path| [commit.as_str(), ":", path, "\n"]).collect();
        let format = format!("--batch={}", header(commit));
        let cmd = local(&self.dir, &self.base).args(["cat-file", &format]).stdin(input);
        let output = cmd.run().await.map_err(failed(&self.dir))?;
        let mut texts =
            parse_batch(&output.stdout, commit, asked.len()).ok_or_else(|| GitError::Shape {
                dir: self.dir.clone(),
                expected: "one header for each file",
                seen: output.stdout.chars().take(200).collect(),
            })?;
        Ok(paths
            .iter()
            .map(|path| if path.contains('\n') { None } else { texts.pop_front().flatten() })
            .collect())
    }
}

/// The line before each file. It names the commit, which no file of that commit can contain.
fn header(commit: &Commit) -> String {
    format!("{commit} %(objecttype) %(objectsize)")
}

/// Reads the answers of `cat-file --batch`: a header and a text, or a line that ends with `missing`, for each file.
fn parse_batch(
    output: &str,
    commit: &Commit,
    count: usize,
) -> Option<std::collections::VecDeque<Option<String>>> {
    let mut texts = std::collections::VecDeque::new();
    let mut rest = output;
    for _ in 0..count {
        let (head, tail) = rest.split_once('\n')?;
        if head.starts_with(&format!("{commit}:")) && head.ends_with(" missing") {
            texts.push_back(None);
            rest = tail;
            continue;
        }
        let kind = head.strip_prefix(commit.as_str())?.strip_prefix(' ')?.split_once(' ')?.0;
        // The text ends where the next header begins; sizes are of no use once bytes were replaced.
        let next = [format!("\n{commit} "), format!("\n{commit}:")];
        let end = next
            .iter()
            .filter_map(|mark| tail.find(mark.as_str()))
            .min()
            .unwrap_or(tail.len().checked_sub(1)?);
        texts.push_back((kind == "blob").then(|| tail[..end].to_owned()));
        rest = &tail[end + 1..];
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_gaps_are_told_apart() {
        let id = "eb96de94c0ffee00112233445566778899aabbcc";
        let commit = Commit::try_from(id.to_owned()).unwrap();
        let output =
            format!("{id} blob 4\na\n\nb\n{id}:x missing\n{id} blob 0\n\n{id} tree 9\nodd\n");
        let texts = parse_batch(&output, &commit, 4).unwrap();
        assert_eq!(texts, [Some("a\n\nb".to_owned()), None, Some(String::new()), None]);
        assert_eq!(parse_batch(&output, &commit, 5), None);
        assert_eq!(parse_batch("fatal: no\n", &commit, 1), None);
    }
}
