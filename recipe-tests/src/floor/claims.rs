//! What the recipe claims to back up, against what the backup holds.

use harness_core::name::StackName;
use harness_core::run_file::Claims;

use super::Finding;
use super::archive::{Entry, Inside, within};
use super::markers::{Marker, instead};

/// Decides whether every volume that is covered whole is in the archive: by its marker, or, where none could be
/// planted, by a file with content.
pub(super) fn volumes(
    stack: &StackName,
    claims: &Claims,
    markers: &[Marker],
    archive: &[Entry],
) -> Finding {
    if claims.volumes.is_empty() {
        return none_whole(claims);
    }
    let missing: Vec<_> =
        claims.volumes.iter().filter_map(|volume| lacks(stack, volume, markers, archive)).collect();
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

fn lacks(stack: &StackName, volume: &str, markers: &[Marker], archive: &[Entry]) -> Option<String> {
    let files: Vec<_> =
        archive.iter().filter_map(|e| Some((e.within(stack, volume)?, e))).collect();
    let planted = markers.iter().find_map(|m| {
        let content = m.content()?;
        (m.volume == volume).then_some((m, content))
    });
    let Some((marker, content)) = planted else {
        let has_content = files.iter().any(|(_, e)| e.size > 0);
        return (!has_content).then(|| format!("`{volume}`: no file with content"));
    };
    let seen = files.iter().find(|(path, _)| *path == marker.file).map(|(_, entry)| *entry);
    let bytes = match seen.map(|e| &e.inside) {
        Some(Inside::Marker(bytes)) => Some(bytes.as_slice()),
        Some(Inside::Unread | Inside::Gzip(_) | Inside::BrokenGzip(_)) | None => None,
    };
    if bytes == Some(content.as_bytes()) {
        return None;
    }
    Some(format!(
        "`{volume}`: {} files, and of the marker {}: {}",
        files.len(),
        marker.file,
        instead(bytes)
    ))
}

/// Decides whether every path that is covered is in the archive, with content; a `.gz` to its end.
pub(super) fn paths(stack: &StackName, claims: &Claims, archive: &[Entry]) -> Finding {
    if claims.paths.is_empty() {
        return Finding::Nothing("the backup labels name no path in a volume".to_owned());
    }
    let faults: Vec<_> = claims
        .paths
        .iter()
        .filter_map(|(volume, path)| fault(stack, volume, path, archive))
        .collect();
    if faults.is_empty() {
        return Finding::Right;
    }
    Finding::wrong(
        "every path that the backup labels name to be in the backup, with content",
        faults.join("; "),
    )
}

fn fault(stack: &StackName, volume: &str, path: &str, archive: &[Entry]) -> Option<String> {
    let wanted = plain(path);
    let is_it = |p: &str| is_at_or_below(p, wanted);
    let files: Vec<_> =
        archive.iter().filter(|e| e.within(stack, volume).is_some_and(is_it)).collect();
    let named = format!("`{wanted}` in volume `{volume}`");
    if files.is_empty() {
        return Some(format!("{named}: it is not there (does the hook that makes it succeed?)"));
    }
    for file in &files {
        match &file.inside {
            Inside::BrokenGzip(reason) => {
                return Some(format!("{named}: it does not decompress to its end: {reason}"));
            }
            Inside::Gzip(0) => return Some(format!("{named}: it decompresses to nothing")),
            Inside::Unread | Inside::Marker(_) | Inside::Gzip(_) => {}
        }
    }
    files.iter().all(|f| f.size == 0).then(|| format!("{named}: it is empty"))
}

/// Returns whether a path in the archive is one that the labels name, or lies below one.
pub(super) fn names(stack: &StackName, claims: &Claims, path: &str) -> bool {
    let named = |(volume, wanted): &(String, String)| {
        within(path, stack, volume).is_some_and(|p| is_at_or_below(p, plain(wanted)))
    };
    claims.paths.iter().any(named)
}

/// Returns a path that the labels name without what does not count at its ends.
pub(super) fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_matches('/')
}

fn is_at_or_below(path: &str, wanted: &str) -> bool {
    let below = path.strip_prefix(wanted);
    wanted.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
