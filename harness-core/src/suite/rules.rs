//! What values of `recipe.toml` must fit: each other, the recipe, and what a run can do.

use std::collections::BTreeSet;
use std::time::Duration;

use super::env::Env;
use super::load::Problem;
use super::outline::Outline;
use super::settings::{Settings, Span};
use super::template::Place;
use crate::name::RecipeName;
use crate::tier::Rung;

/// The longest time-out. A run has an hour for everything unless it is told otherwise.
const LONGEST: Duration = Duration::from_hours(3);

/// Variables that cc-ci sets itself, and why.
const OURS: &[(&str, &str)] = &[
    ("DOMAIN", "each run has a domain of its own"),
    ("TYPE", "it says which recipe is deployed"),
    ("RECIPE", "it says which recipe is deployed"),
    ("STACK_NAME", "the stack is named for the domain"),
    ("LETS_ENCRYPT_ENV", "a test server has its own certificates"),
];

/// Rungs that can be declared not applicable.
const EXCUSABLE: [Rung; 3] = [Rung::Upgrade, Rung::BackupRestore, Rung::Functional];

/// What is broken: the key, and what is wrong with it.
type Broken = (String, String);

/// Returns what does not fit, the first in the order of the text.
pub(super) fn broken(
    settings: &Settings,
    recipe: &RecipeName,
    outline: &Outline,
) -> Option<Problem> {
    let mut all = Vec::new();
    all.extend(deps("deps", &settings.deps, recipe));
    all.extend(deps("as-dependency.deps", &settings.as_dependency.deps, recipe));
    all.extend(redirects(settings));
    all.extend(health(settings));
    all.extend(timeouts(settings));
    let of_dependency = &settings.as_dependency;
    for (key, env, deps) in [
        ("env", &settings.env, &settings.deps),
        ("secrets", &settings.secrets, &settings.deps),
        ("upgrade.env", &settings.upgrade.env, &settings.deps),
        ("as-dependency.env", &of_dependency.env, &of_dependency.deps),
    ] {
        all.extend(variables(key, env, deps));
    }
    all.extend(screenshot(settings));
    all.extend(excuses(settings));
    all.extend(drops(settings));
    all.extend(stores(settings));
    let placed = all.into_iter().map(|(path, text)| Problem { place: place(outline, &path), text });
    placed.min_by_key(|problem| problem.place.start)
}

/// Returns where the value of a key stands.
fn place(outline: &Outline, path: &str) -> std::ops::Range<usize> {
    outline.find(path).map(|entry| entry.value.clone()).unwrap_or_default()
}

fn deps(key: &str, deps: &[RecipeName], recipe: &RecipeName) -> Vec<Broken> {
    let mut seen = BTreeSet::new();
    let twice = deps.iter().find(|name| !seen.insert(*name)).map(|name| {
        format!("`{name}` is named twice: expected each dependency once, take one out")
    });
    let own = deps.contains(recipe).then(|| {
        format!("`{recipe}` cannot depend on itself: expected other recipes, take it out")
    });
    twice.or(own).map(|text| (key.to_owned(), text)).into_iter().collect()
}

fn redirects(settings: &Settings) -> Vec<Broken> {
    let broken = settings.client.redirects.iter().find_map(|path| path_problem(path));
    broken.map(|text| ("client.redirects".to_owned(), text)).into_iter().collect()
}

fn health(settings: &Settings) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(path_problem(&settings.health.path).map(|t| ("health.path".to_owned(), t)));
    let ok = &settings.health.ok;
    let text = if ok.is_empty() {
        Some("no status is fine with this: expected at least one, for example `[200]`".to_owned())
    } else {
        ok.iter()
            .find(|code| !(100..=599).contains(*code))
            .map(|code| format!("{code} is no HTTP status: expected numbers from 100 to 599"))
    };
    broken.extend(text.map(|text| ("health.ok".to_owned(), text)));
    broken
}

fn path_problem(path: &str) -> Option<String> {
    let rest = match path {
        _ if path.contains("://") || path.starts_with("//") => {
            "names a host: expected only the path, the host is the app's own"
        }
        _ if !path.starts_with('/') => "is no path: expected one that begins with `/`",
        _ if path.contains('#') => {
            "has a fragment, which is never sent: expected the path without `#` and what follows"
        }
        _ if path.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            "holds a space or a control character: expected it as a URL has it, such as `%20`"
        }
        _ => return None,
    };
    Some(format!("`{path}` {rest}"))
}

fn timeouts(settings: &Settings) -> Vec<Broken> {
    let given = [("deploy", settings.timeouts.deploy), ("http", settings.timeouts.http)];
    let long = given.into_iter().filter(|(_, span)| span.0 > LONGEST);
    long.map(|(name, span)| {
        let most = Span(LONGEST);
        let text = format!(
            "{span} is longer than any run: expected at most {most} (a run has an hour for everything unless `--deadline` says otherwise)"
        );
        (format!("timeouts.{name}"), text)
    })
    .collect()
}

fn variables(key: &str, env: &Env, deps: &[RecipeName]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (name, value) in env.iter() {
        let at = format!("{key}.{name}");
        if let Some((_, why)) = OURS.iter().find(|(ours, _)| *ours == name.as_str()) {
            broken.push((at, format!("`{name}` is set by cc-ci: {why}; take the line out")));
            continue;
        }
        for place in value.places() {
            match place {
                Place::DependencyDomain(dep) | Place::DependencyFact(dep, _)
                    if !deps.contains(dep) =>
                {
                    broken.push((at.clone(), undeclared(dep, deps)));
                }
                Place::Domain
                | Place::BaseUrl
                | Place::DependencyDomain(_)
                | Place::DependencyFact(..) => {}
            }
        }
    }
    broken
}

fn undeclared(dep: &RecipeName, deps: &[RecipeName]) -> String {
    let declared = match deps {
        [] => "there are none".to_owned(),
        deps => format!("they are {}", crate::near::listed(deps.iter().map(RecipeName::as_str))),
    };
    format!(
        "`{dep}` is no dependency of this recipe: expected one of `deps`, and {declared}; add it there"
    )
}

fn screenshot(settings: &Settings) -> Vec<Broken> {
    let mut broken = Vec::new();
    let path = settings.screenshot.path.as_deref().and_then(path_problem);
    broken.extend(path.map(|text| ("screenshot.path".to_owned(), text)));
    if settings.screenshot.wait_for.as_ref().is_some_and(|selector| selector.trim().is_empty()) {
        let text = "the selector is blank: expected a CSS selector such as `main h1`; leave the line out to wait for nothing";
        broken.push(("screenshot.wait-for".to_owned(), text.to_owned()));
    }
    broken
}

fn excuses(settings: &Settings) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (rung, reason) in &settings.not_applicable {
        let at = format!("not-applicable.{rung}");
        if !EXCUSABLE.contains(rung) {
            let could: Vec<&str> = EXCUSABLE.iter().map(|rung| rung.word()).collect();
            let could = crate::near::listed(could);
            broken
                .push((at, format!("`{rung}` is done for every recipe: expected one of {could}")));
        } else if reason.trim().is_empty() {
            broken.push((at, format!("the reason why `{rung}` does not apply is blank: expected a sentence for whoever reads the result")));
        } else if *rung == Rung::BackupRestore && settings.backup.capable == Some(true) {
            broken.push((at, "`backup.capable` says that the recipe can be backed up: expected only one of the two, take one out".to_owned()));
        } else if *rung == Rung::Upgrade && settings.upgrade != super::settings::Upgrade::default()
        {
            broken.push((at, "`[upgrade]` says how the upgrade is made: expected only one of the two, take one out".to_owned()));
        }
    }
    broken
}

fn drops(settings: &Settings) -> Vec<Broken> {
    let mut seen = BTreeSet::new();
    let twice = settings.upgrade.drops.iter().find(|name| !seen.insert(*name));
    twice
        .map(|name| {
            let text = format!("`{name}` is named twice: expected each service once, take one out");
            ("upgrade.drops".to_owned(), text)
        })
        .into_iter()
        .collect()
}

fn stores(settings: &Settings) -> Vec<Broken> {
    let mut broken = Vec::new();
    let blank = settings.backup.unprotected.iter().filter(|(_, reason)| reason.trim().is_empty());
    broken.extend(blank.map(|(id, _)| {
        let text = format!("the reason why no backup needs to hold `{id}` is blank: expected a sentence for whoever reads the result");
        (format!("backup.unprotected.{id}"), text)
    }));
    let mut seen = BTreeSet::new();
    let twice = settings.store.iter().find(|s| !seen.insert((s.product, &s.service, &s.at)));
    broken.extend(twice.map(|store| {
        let (product, service) = (store.product.word(), &store.service);
        let text = format!("`{product}` of service `{service}` is named twice at one place: expected each store once, take one out");
        ("store".to_owned(), text)
    }));
    broken
}
