//! Archives of restored files.

use std::fs::File;
use std::io;

use camino::Utf8Path;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Writes a folder's content as a compressed archive; symbolic links stay links.
pub(super) fn pack(content: &Utf8Path, to: &File) -> io::Result<()> {
    let mut builder = tar::Builder::new(GzEncoder::new(to, Compression::fast()));
    builder.follow_symlinks(false);
    builder.append_dir_all("", content)?;
    builder.into_inner()?.finish()?.sync_data()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        std::fs::create_dir_all(dir.join("in/sub")).unwrap();
        std::fs::write(dir.join("in/sub/marker"), "original").unwrap();
        std::os::unix::fs::symlink("/nowhere", dir.join("in/dangling")).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        pack(&dir.join("in"), &file).unwrap();
        file.rewind().unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        let mut marker = String::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap().ends_with("sub/marker") {
                entry.read_to_string(&mut marker).unwrap();
            }
        }
        assert_eq!(marker, "original");
    }
}
