//! The scripts and styles of Gitea's pages, which its Go module leaves out: made from its sources with the packages of
//! its lock file. Main function: [`bundle`].

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use serde_json::{Value, json};

use super::npm::ensure_tools;
use crate::machine::{Machine, write_whole};

const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What makes them, by the file with its settings: Gitea changed from one to the other between 1.25 and 1.26.
const BUNDLERS: [(&str, &[&str]); 2] = [
    ("vite.config.ts", &["node_modules/vite/bin/vite.js", "build"]),
    ("webpack.config.ts", &["node_modules/webpack-cli/bin/cli.js", "--disable-interpret"]),
];

/// Makes them below `public/` of a module's folder. No package's own installation script is run.
pub(super) async fn bundle(machine: &Machine, source: &Utf8Path) -> anyhow::Result<()> {
    let tools = ensure_tools(machine).await?;
    let manifest = source.join("package.json");
    let text =
        std::fs::read_to_string(&manifest).with_context(|| format!("failed to read {manifest}"))?;
    let manifest: Value =
        serde_json::from_str(&text).with_context(|| format!("{manifest} is no JSON"))?;
    // JSON is YAML.
    let settings = workspace(&manifest).to_string();
    write_whole(&source.join("pnpm-workspace.yaml"), &settings, 0o644)?;

    let store = format!("--config.store-dir={}", machine.folder("cache/pnpm")?);
    let folder = tools.node.parent().unwrap_or(&tools.node);
    let node_first = format!("{folder}:{}", machine.base.get("PATH").unwrap_or_default());
    let run = |program: &Utf8Path| {
        let cmd = machine.cmd(program.as_str(), LIMIT).cwd(source);
        cmd.env("PATH", &node_first).env("CI", "true").env("BROWSERSLIST_IGNORE_OLD_DATA", "true")
    };
    let args = ["install", "--frozen-lockfile", "--ignore-scripts", "--pm-on-fail=ignore"];
    run(&tools.pnpm).args(args).args(["--config.node-linker=hoisted", &store]).run().await?;
    let bundler = BUNDLERS.iter().find(|(settings, _)| source.join(settings).is_file());
    let Some((_, words)) = bundler else {
        bail!("expected {source} to have one of {:?}", BUNDLERS.map(|(settings, _)| settings));
    };
    run(&tools.node).args(words.iter().copied()).run().await?;
    Ok(())
}

/// Returns what pnpm is told of a package: since version 11 it no longer reads that from `package.json`, where it was
/// when the lock file was written (<https://pnpm.io/settings>).
fn workspace(manifest: &Value) -> Value {
    let mut settings = manifest["pnpm"].as_object().cloned().unwrap_or_default();
    settings.insert("packages".to_owned(), json!(["."]));
    Value::Object(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lock_file_was_made_with_is_told_where_it_is_read() {
        let manifest = json!({"name": "gitea", "pnpm": {"overrides": {"hasown": "npm:x@^1"}}});
        let expected = json!({"overrides": {"hasown": "npm:x@^1"}, "packages": ["."]});
        assert_eq!(workspace(&manifest), expected);
        assert_eq!(workspace(&json!({"name": "gitea"})), json!({"packages": ["."]}));
    }
}
