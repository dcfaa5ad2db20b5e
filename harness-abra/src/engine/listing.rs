//! The files below a folder of a service's running container: by its own `find` and `stat` where it has them, else
//! through the engine's archive, which also reads what they hold. Main types: [`SeenFile`], [`Seen`].

use std::io::{self, Read};
use std::time::Duration;

use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::StreamExt;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::connect::Engine;
use super::error::EngineError;
use super::exec::{ExecError, MAX_OUTPUT};
use super::files::{FileError, Place};

/// So much is read of a folder's archive, in bytes; what is larger is told by its modification alone.
const MAX_ARCHIVE: u64 = 512 * 1024 * 1024;

/// A plain file, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    /// Its path below the folder.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// The second of its last modification.
    pub modified: u64,
    /// A number made of what it holds; none where that was not read.
    pub content: Option<u64>,
}

/// What of files is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Their sizes and times: nothing need be read.
    Times,
    /// What they hold too, where it is not too much.
    Contents,
}

impl Engine {
    /// Lists the plain files below a folder.
    pub(crate) async fn list_files(
        &self,
        place: Place<'_>,
        seen: Seen,
        limit: Duration,
    ) -> Result<Vec<SeenFile>, FileError> {
        if seen == Seen::Contents {
            let read = match self.list_by_archive(place, limit, MAX_ARCHIVE).await {
                // A file that changed its length while it was read spoils the archive.
                Err(FileError::Archive { .. }) => {
                    self.list_by_archive(place, limit, MAX_ARCHIVE).await
                }
                read => read,
            };
            if let Some(files) = read? {
                return Ok(files);
            }
        }
        match self.list_by_program(place, limit).await? {
            Some(files) => Ok(files),
            None => {
                let files = self.list_by_archive(place, limit, u64::MAX).await?.unwrap_or_default();
                Ok(files.into_iter().map(|file| SeenFile { content: None, ..file }).collect())
            }
        }
    }

    /// Asks the container's own programs; none if it has not got them, or they do not come to their end.
    async fn list_by_program(
        &self,
        place: Place<'_>,
        limit: Duration,
    ) -> Result<Option<Vec<SeenFile>>, FileError> {
        let folder = place.path.as_str();
        let argv = ["find", folder, "-type", "f", "-exec", "stat", "-c", "%s %Y %n", "{}", "+"];
        match self.exec(place.stack, place.service, &argv, limit).await {
            Ok(output) if output.stdout.len() < MAX_OUTPUT => {
                Ok(Some(parse_stats(&output.stdout, folder)))
            }
            Ok(_)
            | Err(
                ExecError::NoProgram { .. } | ExecError::Failed { .. } | ExecError::TimedOut { .. },
            ) => Ok(None),
            Err(ExecError::NotRunning { service }) => Err(FileError::NotRunning { service }),
            Err(ExecError::Engine(error)) => Err(place.failed(error)),
        }
    }

    /// Reads the engine's archive of the folder as it comes; none if it is longer than `most`.
    async fn list_by_archive(
        &self,
        place: Place<'_>,
        limit: Duration,
        most: u64,
    ) -> Result<Option<Vec<SeenFile>>, FileError> {
        let container = self.container_at(place).await?;
        // With the slash it is what a link leads to.
        let path = format!("{}/", place.path.as_str().trim_end_matches('/'));
        let options = DownloadFromContainerOptionsBuilder::new().path(&path).build();
        let (chunks, received) = mpsc::channel(8);
        let reading = tokio::task::spawn_blocking(move || {
            read_archive(Feed { received, chunk: Vec::new(), at: 0 })
        });
        let mut stream =
            std::pin::pin!(self.docker.download_from_container(&container, Some(options)));
        let mut length = 0;
        let download = async {
            while let Some(chunk) = stream.next().await {
                let chunk = chunk?;
                length += chunk.len() as u64;
                // The reader stops at what is no archive, and says so below.
                if length > most || chunks.send(chunk.to_vec()).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let asked = self.ask("list a folder in a container", limit, download).await;
        drop(chunks);
        let read = reading.await.map_err(io::Error::other).and_then(|read| read);
        asked.map_err(|e: EngineError| place.failed(e))?;
        if length > most {
            return Ok(None);
        }
        let unread = |source| FileError::Archive { path: place.path.to_owned(), source };
        read.map(Some).map_err(unread)
    }
}

/// Bytes as they come from the engine, for a reader on a thread of its own.
struct Feed {
    received: mpsc::Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    at: usize,
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.received.blocking_recv() {
                Some(chunk) => (self.chunk, self.at) = (chunk, 0),
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.chunk.len() - self.at);
        into[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Reads an archive of one folder to its end. Paths in it begin with the folder's own name.
fn read_archive(archive: impl Read) -> io::Result<Vec<SeenFile>> {
    let mut archive = tar::Archive::new(archive);
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let below = path.trim_start_matches("./").split_once('/').map(|(_, below)| below);
        let Some(below) = below.filter(|below| !below.is_empty()) else { continue };
        let (bytes, modified) = (entry.size(), entry.header().mtime()?);
        let mut content = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut read = 0;
        loop {
            let count = entry.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            content.update(&buffer[..count]);
            read += count as u64;
        }
        if read != bytes {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut first = [0; 8];
        first.copy_from_slice(&content.finalize()[..8]);
        let content = Some(u64::from_le_bytes(first));
        files.push(SeenFile { path: below.to_owned(), bytes, modified, content });
    }
    Ok(files)
}

/// Reads lines of a size, a second and a path below the folder. A line that is none is the rest of a name that has a
/// line break in it.
fn parse_stats(text: &str, folder: &str) -> Vec<SeenFile> {
    let prefix = format!("{}/", folder.trim_end_matches('/'));
    let parse = |line: &str| {
        let (bytes, rest) = line.split_once(' ')?;
        let (modified, path) = rest.split_once(' ')?;
        let path = path.strip_prefix(&prefix)?.trim_start_matches('/').to_owned();
        let (bytes, modified) = (bytes.parse().ok()?, modified.parse().ok()?);
        Some(SeenFile { path, bytes, modified, content: None })
    };
    let mut files: Vec<SeenFile> = Vec::new();
    for line in text.lines() {
        match (parse(line), files.last_mut()) {
            (Some(file), _) => files.push(file),
            (None, Some(last)) => {
                last.path.push('\n');
                last.path.push_str(line);
            }
            (None, None) => {}
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: u64, modified: u64) -> SeenFile {
        SeenFile { path: path.to_owned(), bytes, modified, content: None }
    }

    #[test]
    fn what_stat_prints_is_read_also_with_breaks_in_names() {
        let text = "12 1764423600 /data/a b/c\n0 1764423601 /data/odd\nname\n7 1 /data//x\n";
        let expected = [
            file("a b/c", 12, 1_764_423_600),
            file("odd\nname", 0, 1_764_423_601),
            file("x", 7, 1),
        ];
        assert_eq!(parse_stats(text, "/data/"), expected);
        assert_eq!(parse_stats("stat: cannot\n", "/data"), []);
    }

    fn archive() -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Directory);
        archive.append_data(&mut header, "data/", io::empty()).unwrap();
        for (path, content) in [("data/a", "one"), ("data/b/c", "one"), ("data/d", "two")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mtime(5);
            archive.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Symlink);
        archive.append_link(&mut header, "data/link", "/etc/passwd").unwrap();
        archive.into_inner().unwrap()
    }

    #[test]
    fn an_archive_lists_plain_files_below_its_folder_with_what_they_hold() {
        let files = read_archive(archive().as_slice()).unwrap();
        let shown: Vec<_> = files.iter().map(|f| (f.path.as_str(), f.bytes, f.modified)).collect();
        assert_eq!(shown, [("a", 3, 5), ("b/c", 3, 5), ("d", 3, 5)]);
        assert_eq!(files[0].content, files[1].content);
        assert_ne!(files[0].content, files[2].content);
    }

    #[test]
    fn a_cut_archive_is_none() {
        let whole = archive();
        assert!(read_archive(&whole[..512 * 2 + 1]).is_err());
    }

    #[tokio::test]
    async fn what_comes_in_pieces_is_read_whole() {
        let (chunks, received) = mpsc::channel(1);
        let feed = Feed { received, chunk: Vec::new(), at: 0 };
        let reading = tokio::task::spawn_blocking(move || read_archive(feed));
        for piece in archive().chunks(700) {
            // The reader needs nothing behind the archive's end.
            if chunks.send(piece.to_vec()).await.is_err() {
                break;
            }
        }
        drop(chunks);
        assert_eq!(reading.await.unwrap().unwrap().len(), 3);
    }
}
