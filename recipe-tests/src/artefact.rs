//! What a suite may ask of what the backup made. Main type: [`Backup`].

use harness_backup::probe::{self, Contents, Entry};
use harness_core::cause::CauseClass;

use crate::check::Failure;
use crate::ctx::Ctx;
use crate::floor;

/// What the backup of this run made, read back. The checks of the backup tier and of later ones may ask it.
#[derive(Clone, Copy, Debug)]
pub struct Backup<'a> {
    ctx: &'a Ctx,
    contents: &'a Contents,
}

impl Ctx {
    /// Returns what the backup made. It is read once; every question after that is answered from what was seen.
    ///
    /// # Errors
    /// There is no backup yet, or its archive cannot be read to its end.
    pub fn backup(&self) -> Result<Backup<'_>, Failure> {
        Ok(Backup { ctx: self, contents: floor::contents(self)? })
    }
}

impl Backup<'_> {
    /// Returns the paths of a volume that are in the backup, each from the volume's root, in the order of the archive.
    pub fn files(&self, volume: &str) -> Vec<String> {
        let files = self.contents.in_volume(&self.ctx.app().stack, volume);
        files.map(|(path, _)| path.to_owned()).collect()
    }

    /// Returns whether a file of a volume holds a text: as it is, or in what it decompresses to. The backup is read
    /// once more, as a stream: a dump may be of any size.
    ///
    /// # Errors
    /// The file is not in the backup, or the archive cannot be read.
    pub fn holds(&self, volume: &str, path: &str, text: &str) -> Result<bool, Failure> {
        let here = self.find(self.contents, volume, path)?;
        let searched = floor::read_again(self.ctx, here, text)?;
        let entry = self.find(&searched, volume, path)?;
        Ok(searched.holds(entry, text))
    }

    fn find<'c>(
        &self,
        contents: &'c Contents,
        volume: &str,
        path: &str,
    ) -> Result<&'c Entry, Failure> {
        let stack = &self.ctx.app().stack;
        let wanted = probe::plain(path);
        let is_it = |e: &&Entry| e.within(stack, volume) == Some(wanted);
        contents.entries().iter().find(is_it).ok_or_else(|| {
            let expected = format!("`{wanted}` of volume `{volume}` to be in the backup");
            let seen = format!("{} files of that volume, and not it", self.files(volume).len());
            Failure::new(expected, seen).with_cause(CauseClass::Recipe)
        })
    }
}
