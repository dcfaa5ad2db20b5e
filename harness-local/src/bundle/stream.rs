//! A history as the input of `git fast-import`: one process makes the whole repository, with fixed names and dates.

use std::collections::HashMap;

use super::history::{Blob, Step};
use super::manifest::MAIN;

const AUTHOR: &str = "Recipe fixtures <fixtures@example.org>";

/// Noon of 1 March 2026; each commit is a week younger than the one before.
const FIRST: u64 = 1_772_366_400;
const WEEK: u64 = 7 * 24 * 60 * 60;

/// Returns the input that makes these commits, branches and tags.
pub(super) fn fast_import(steps: &[Step]) -> Vec<u8> {
    let mut stream = Stream::default();
    let mut tips: HashMap<&str, usize> = HashMap::new();
    for (step, date) in steps.iter().zip((FIRST..).step_by(WEEK as usize)) {
        let parent = tips.get(step.branch.as_str()).or_else(|| tips.get(MAIN)).copied();
        let commit = stream.commit(step, parent, date);
        tips.insert(&step.branch, commit);
        for tag in &step.releases {
            stream.line(&format!("tag {tag}\nfrom :{commit}\ntagger {AUTHOR} {date} +0000"));
            stream.data(format!("chore: publish {tag} release\n").as_bytes());
        }
        for tag in &step.lightweight {
            stream.line(&format!("reset refs/tags/{tag}\nfrom :{commit}\n"));
        }
    }
    stream.line("done");
    stream.bytes
}

#[derive(Default)]
struct Stream<'a> {
    bytes: Vec<u8>,
    marks: usize,
    blobs: HashMap<&'a [u8], usize>,
}

impl<'a> Stream<'a> {
    fn commit(&mut self, step: &'a Step, parent: Option<usize>, date: u64) -> usize {
        let files: Vec<(&String, &Blob, usize)> =
            step.tree.iter().map(|(path, blob)| (path, blob, self.blob(&blob.bytes))).collect();
        let mark = self.mark();
        self.line(&format!("commit refs/heads/{}\nmark :{mark}", step.branch));
        self.line(&format!("author {AUTHOR} {date} +0000\ncommitter {AUTHOR} {date} +0000"));
        self.data(format!("{}\n", step.message.trim_end()).as_bytes());
        if let Some(parent) = parent {
            self.line(&format!("from :{parent}"));
        }
        self.line("deleteall");
        for (path, blob, content) in files {
            let mode = if blob.executable { "100755" } else { "100644" };
            self.line(&format!("M {mode} :{content} {path}"));
        }
        self.line("");
        mark
    }

    fn blob(&mut self, bytes: &'a [u8]) -> usize {
        if let Some(mark) = self.blobs.get(bytes) {
            return *mark;
        }
        let mark = self.mark();
        self.line(&format!("blob\nmark :{mark}"));
        self.data(bytes);
        self.blobs.insert(bytes, mark);
        mark
    }

    fn mark(&mut self) -> usize {
        self.marks += 1;
        self.marks
    }

    fn data(&mut self, bytes: &[u8]) {
        self.line(&format!("data {}", bytes.len()));
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b'\n');
    }

    fn line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
    }
}
