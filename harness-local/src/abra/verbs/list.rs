//! `app ls`.

use std::collections::BTreeMap;

use harness_core::name::Version;
use serde_json::{Map, Value, json};

use super::prepare::{Deployed, deployed};
use crate::abra::app::App;
use crate::abra::cli::ListArgs;
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use harness_core::recipe::Repository;

/// One app in the list. All its fields are texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Listed {
    server: String,
    recipe: String,
    domain: String,
    status: String,
    chaos: String,
    chaos_version: String,
    version: String,
    upgrade: String,
}

/// Lists the apps of all servers, with `--status` also what runs.
pub(in crate::abra) async fn ls(abra: &mut Abra, args: &ListArgs) -> Result<(), Fatal> {
    let mut by_server: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    let engine = if args.status { Some(abra.engine().await?) } else { None };
    for server in abra.settings.dir.servers()? {
        if args.server.as_ref().is_some_and(|only| *only != server) {
            continue;
        }
        for name in abra.settings.dir.apps(&server)? {
            let app = abra.find_app(&name)?;
            if args.recipe.as_ref().is_some_and(|only| only != app.recipe.as_str()) {
                continue;
            }
            let listed = match &engine {
                None => plain(&app, &server),
                Some(engine) => {
                    let running = deployed(&app.stack, &engine.services(&app.stack).await?);
                    with_status(plain(&app, &server), running.as_ref(), &releases(abra, &app).await)
                }
            };
            by_server.entry(server.clone()).or_default().push(listed);
        }
    }
    if args.machine {
        let servers = by_server.iter().map(|(server, apps)| (server.clone(), machine(apps)));
        abra.screen.line(Value::Object(servers.collect::<Map<_, _>>()));
        return Ok(());
    }
    let heads: &[&str] = &["recipe", "domain", "server", "status", "chaos", "version", "upgrade"];
    let heads = if args.status { heads } else { &heads[..3] };
    let row = |app: &Listed| {
        let Listed { recipe, domain, server, status, chaos_version, version, upgrade, .. } =
            app.clone();
        let mut row = vec![recipe, domain, server, status, chaos_version, version, upgrade];
        row.truncate(heads.len());
        row
    };
    let rows: Vec<Vec<String>> = by_server.values().flatten().map(row).collect();
    Ok(abra.screen.rows(false, heads, &rows)?)
}

async fn releases(abra: &Abra, app: &App) -> Vec<Version> {
    let repository = Repository::at(&abra.settings.dir.recipe(&app.recipe), &abra.settings.base);
    let tags = repository.tags().await.unwrap_or_default();
    tags.into_iter().filter_map(|tag| tag.version).collect()
}

fn plain(app: &App, server: &str) -> Listed {
    let (recipe, domain) = (app.recipe.to_string(), app.domain.to_string());
    Listed { server: server.to_owned(), recipe, domain, ..Listed::default() }
}

fn with_status(listed: Listed, running: Option<&Deployed>, releases: &[Version]) -> Listed {
    let unknown = || "unknown".to_owned();
    let Some(running) = running else {
        return Listed {
            status: "undeployed".to_owned(),
            version: unknown(),
            upgrade: unknown(),
            ..listed
        };
    };
    let current = running.version.clone().and_then(|text| Version::try_from(text).ok());
    let upgrade = current.as_ref().map_or_else(unknown, |current| {
        let newer: Vec<String> =
            releases.iter().filter(|v| *v > current).map(ToString::to_string).collect();
        if newer.is_empty() { "latest".to_owned() } else { newer.join("\n") }
    });
    Listed {
        status: "deployed".to_owned(),
        chaos: running.chaos.to_string(),
        chaos_version: running.chaos_version.clone().unwrap_or_default(),
        version: running.version.clone().unwrap_or_else(unknown),
        upgrade,
        ..listed
    }
}

fn machine(apps: &[Listed]) -> Value {
    let count = |wanted: fn(&Listed) -> bool| apps.iter().filter(|app| wanted(app)).count();
    let known = |app: &Listed| !app.version.is_empty() && app.version != "unknown";
    let object = |app: &Listed| {
        json!({
            "server": app.server, "recipe": app.recipe, "appName": app.domain, "domain": app.domain,
            "status": app.status, "chaos": app.chaos, "chaosVersion": app.chaos_version, "autoUpdate": "",
            "version": app.version, "upgrade": app.upgrade,
        })
    };
    json!({
        "apps": apps.iter().map(object).collect::<Vec<_>>(),
        "appCount": apps.len(),
        "versionCount": apps.iter().filter(|app| known(app)).count(),
        "unversionedCount": count(|app| app.version == "unknown"),
        "latestCount": count(|app| app.upgrade == "latest"),
        "upgradeCount": count(|app| !matches!(app.upgrade.as_str(), "" | "latest" | "unknown")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_machine_shape_counts_and_has_only_texts_for_an_app() {
        let base = Listed {
            server: "default".into(),
            recipe: "custom-html".into(),
            domain: "a.example.com".into(),
            ..Listed::default()
        };
        let running = Deployed {
            version: Some("1.7.1+1.27.2".into()),
            chaos: true,
            chaos_version: Some("eb96de94+U".into()),
        };
        let up = with_status(base.clone(), Some(&running), &[version("1.7.1+1.27.2")]);
        let down = with_status(base.clone(), None, &[]);
        assert_eq!((down.status.as_str(), base.status.as_str()), ("undeployed", ""));
        let seen = machine(&[up, down]);
        let expected = json!({"server":"default","recipe":"custom-html","appName":"a.example.com","domain":"a.example.com",
            "status":"deployed","chaos":"true","chaosVersion":"eb96de94+U","autoUpdate":"","version":"1.7.1+1.27.2","upgrade":"latest"});
        assert_eq!(seen["apps"][0], expected);
        assert_eq!(
            (
                &seen["appCount"],
                &seen["versionCount"],
                &seen["unversionedCount"],
                &seen["latestCount"]
            ),
            (&json!(2), &json!(1), &json!(1), &json!(1))
        );
    }

    #[test]
    fn newer_releases_are_the_upgrade() {
        let running = Deployed { version: Some("1.0.0+1".into()), ..Deployed::default() };
        let listed = with_status(
            Listed::default(),
            Some(&running),
            &[version("1.0.0+1"), version("1.1.0+2")],
        );
        assert_eq!(listed.upgrade, "1.1.0+2");
    }
}
