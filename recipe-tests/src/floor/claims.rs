//! What the recipe claims to back up, against what the backup holds.

use harness_backup::probe::{Contents, Entry, Packing, Verdict, is_at_or_below, plain, within};
use harness_core::name::StackName;
use harness_core::run_file::Claims;

use super::Finding;
use super::markers::{Marker, instead};

/// Decides whether every volume that is covered whole is in the archive: by its marker, or, where none could be
/// planted, by a file with content.
pub(super) fn volumes(
    stack: &StackName,
    claims: &Claims,
    markers: &[Marker],
    contents: &Contents,
) -> Finding {
    if claims.volumes.is_empty() {
        return none_whole(claims);
    }
    let missing: Vec<_> = claims
        .volumes
        .iter()
        .filter_map(|volume| lacks(stack, volume, markers, contents))
        .collect();
    if missing.is_empty() {
        return Finding::Right;
    }
    Finding::wrong(
        "every volume that the backup labels cover to be in the backup, with the marker that was planted in it",
        missing.join("; "),
    )
}

fn none_whole(claims: &Claims) -> Finding {
    if !claims.paths.is_empty() {
        return Finding::Nothing(
            "the backup labels cover no volume whole, only paths in volumes".to_owned(),
        );
    }
    let excluded = if claims.excluded.is_empty() {
        "the stack has no volume of its own that they could cover".to_owned()
    } else {
        format!("{} left out", claims.excluded.join(", "))
    };
    Finding::wrong(
        "the backup labels to cover a volume or a path",
        format!("the backup labels cover nothing: {excluded}"),
    )
}

fn lacks(
    stack: &StackName,
    volume: &str,
    markers: &[Marker],
    contents: &Contents,
) -> Option<String> {
    let files: Vec<_> = contents.in_volume(stack, volume).collect();
    let planted = markers.iter().find_map(|m| {
        let content = m.content()?;
        (m.volume == volume).then_some((m, content))
    });
    let Some((marker, content)) = planted else {
        let has_content = files.iter().any(|(_, e)| e.size() > 0);
        return (!has_content).then(|| format!("`{volume}`: no file with content"));
    };
    let seen = files.iter().find(|(path, _)| *path == marker.file).map(|(_, entry)| *entry);
    if seen.is_some_and(|entry| contents.holds(entry, content)) {
        return None;
    }
    Some(format!(
        "`{volume}`: {} files, and of the marker {}: {}",
        files.len(),
        marker.file,
        instead(seen.map(Entry::head))
    ))
}

/// Decides whether every path that is covered is in the archive, with content; a `.gz` to its end.
pub(super) fn paths(stack: &StackName, claims: &Claims, contents: &Contents) -> Finding {
    if claims.paths.is_empty() {
        return Finding::Nothing("the backup labels name no path in a volume".to_owned());
    }
    let faults: Vec<_> = claims
        .paths
        .iter()
        .filter_map(|(volume, path)| fault(stack, volume, path, contents))
        .collect();
    if faults.is_empty() {
        return Finding::Right;
    }
    Finding::wrong(
        "every path that the backup labels name to be in the backup, with content",
        faults.join("; "),
    )
}

fn fault(stack: &StackName, volume: &str, path: &str, contents: &Contents) -> Option<String> {
    let wanted = plain(path);
    let files: Vec<_> =
        contents.in_volume(stack, volume).filter(|(p, _)| is_at_or_below(p, wanted)).collect();
    let named = format!("`{wanted}` in volume `{volume}`");
    if files.is_empty() {
        return Some(format!("{named}: it is not there (does the hook that makes it succeed?)"));
    }
    for (_, file) in &files {
        match file.packing() {
            Packing::Broken { .. } => return Some(format!("{named}: {}", file.verdict())),
            Packing::Opened { size: 0, .. } => {
                return Some(format!("{named}: it decompresses to nothing"));
            }
            Packing::Plain
            | Packing::Opened { .. }
            | Packing::Begun { .. }
            | Packing::Unopened { .. } => {}
        }
    }
    files.iter().all(|(_, f)| f.size() == 0).then(|| format!("{named}: it is empty"))
}

/// Decides whether every dump in the backup ends as its tool ends one. A bad one beside a good one of its kind is what
/// an earlier backup left; what does not decompress at a path that the labels name is told there.
pub(super) fn dumps(contents: &Contents) -> Finding {
    let all: Vec<&Entry> = contents.entries().iter().filter(|e| has_dump(e)).collect();
    if all.is_empty() {
        return Finding::Nothing("the backup holds no dump of a kind that is known".to_owned());
    }
    let (bad, good): (Vec<&Entry>, Vec<&Entry>) =
        all.into_iter().partition(|e| fault_in(e).is_some());
    let folder = |e: &Entry| e.path().rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let is_old = |e: &Entry| good.iter().any(|g| g.kind() == e.kind() && folder(g) == folder(e));
    let faults: Vec<_> = bad
        .iter()
        .filter(|e| !is_old(e))
        .filter_map(|e| Some(format!("the {}, `{}`, {}", e.kind(), e.path(), fault_in(e)?)))
        .collect();
    if !faults.is_empty() {
        return Finding::wrong("every dump in the backup to be whole", faults.join("; "));
    }
    let unknown = |e: &&&Entry| matches!(e.verdict(), Verdict::Unknown { .. });
    match good.iter().find(unknown) {
        Some(e) if good.iter().all(|e| unknown(&e)) => {
            Finding::Nothing(format!("`{}` {}", e.path(), e.verdict()))
        }
        Some(_) | None => Finding::Right,
    }
}

fn has_dump(entry: &Entry) -> bool {
    entry.all().iter().any(|e| e.kind().is_dump())
}

fn fault_in(entry: &Entry) -> Option<&Verdict> {
    let dumps = entry.all().into_iter().filter(|e| has_dump(e));
    dumps.map(Entry::verdict).find(|v| v.is_bad())
}

/// Returns whether a path in the archive is one that the labels name, or lies below one.
pub(super) fn names(stack: &StackName, claims: &Claims, path: &str) -> bool {
    let named = |(volume, wanted): &(String, String)| {
        within(path, stack, volume).is_some_and(|p| is_at_or_below(p, plain(wanted)))
    };
    claims.paths.iter().any(named)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
