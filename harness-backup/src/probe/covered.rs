//! Where a path of a backup lies. Pure.

use harness_core::name::StackName;

/// Returns a path within a volume of the stack, if it lies in that volume: backups keep volumes as
/// `…/<stack>_<volume>/_data/<path>`.
pub fn within<'a>(path: &'a str, stack: &StackName, volume: &str) -> Option<&'a str> {
    let root = format!("{stack}_{volume}/_data/");
    let at = path.find(&root)?;
    let whole = at == 0 || path[..at].ends_with('/');
    whole.then(|| &path[at + root.len()..])
}

/// Returns a path that labels name without what does not count at its ends.
pub fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_matches('/')
}

/// Returns whether a path is the wanted one or lies below it. The wanted one is [`plain`].
pub fn is_at_or_below(path: &str, wanted: &str) -> bool {
    let below = path.strip_prefix(wanted);
    wanted.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
