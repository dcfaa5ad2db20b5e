//! What the fates of a store's markers mean, for whoever mends the recipe. Pure. Main items: [`in_backup`],
//! [`after_restore`].

use harness_core::ledger::{Age, Fate, LedgerEntry};
use harness_core::name::ServiceName;
use harness_core::run_file::Claims;
use harness_core::store::{Coverage, Product, Store};

use super::ledger::Met;

/// Says of one marker what became of it.
pub(super) fn one(met: &Met) -> String {
    let (store, planted) = (named(&met.planted.marker.store), when(met.age()));
    match &met.fate {
        Fate::Survived => format!("{store}: what was planted {planted} is there"),
        Fate::Lost { seen } => format!("{store}: what was planted {planted} is lost: {seen}"),
        Fate::Altered { seen } => {
            format!("{store}: what was planted {planted} was altered: {seen}")
        }
        Fate::NotChecked { reason } => format!("{store}: {reason}"),
    }
}

/// Names the stores in which nothing could be planted, with the reason, if there is one: nobody looks at them.
pub(super) fn unasked(met: &[Met]) -> Option<String> {
    let mut named: Vec<String> = Vec::new();
    for met in met {
        let Some(reason) = &met.planted.refused else { continue };
        let text = format!("{} ({reason})", id(&met.planted.marker.store));
        if !named.contains(&text) {
            named.push(text);
        }
    }
    (!named.is_empty())
        .then(|| format!("not looked at, as no marker could be planted: {}", named.join("; ")))
}

/// Says of each store of which the backup lacks something what it lacks, and where to look.
pub(super) fn in_backup(met: &[Met], claims: &Claims) -> Vec<String> {
    let of_store = |mets: Vec<&Met>| {
        let wrong: Vec<_> = mets.iter().filter(|m| m.is_wrong()).collect();
        let newest = wrong.last()?;
        let store = &newest.at;
        let seen = seen(&newest.fate);
        let ages = ages(wrong.iter().map(|m| m.age()));
        let what = if wrong.len() == mets.len() {
            format!("{}: the backup does not hold what was planted in it: {seen}", named(store))
        } else {
            format!("{}: the backup does not hold what was planted {ages}: {seen}", named(store))
        };
        let is_older =
            wrong.len() < mets.len() && wrong.iter().all(|m| m.age() == Age::BeforeBackup);
        let why = if is_older {
            "; it holds an older state: what is backed up was made before this backup began"
                .to_owned()
        } else {
            lacks(store, claims)
        };
        Some(what + why.as_str())
    };
    by_store(met).into_iter().filter_map(of_store).collect()
}

/// Returns where to look when a backup lacks what a label promises.
fn lacks(store: &Store, claims: &Claims) -> String {
    let service = &store.service;
    let volume = store.volume.as_deref().unwrap_or_default();
    match (&store.coverage, is_database(store)) {
        (Coverage::Paths { paths }, true)
            if !has_hook(claims, None, "backupbot.backup.pre-hook") =>
        {
            format!(
                "; the labels take only {} of volume `{volume}`, and no service has a `backupbot.backup.pre-hook` that dumps the database into it",
                listed(paths)
            )
        }
        (Coverage::Paths { paths }, true) => format!(
            "; the labels take {} of volume `{volume}`: does the `backupbot.backup.pre-hook` of service `{}` dump this database, whole, into it?",
            listed(paths),
            hooked(claims, service, "backupbot.backup.pre-hook"),
        ),
        (Coverage::Paths { paths }, false) => {
            format!("; the labels take {} of volume `{volume}`", listed(paths))
        }
        (Coverage::Whole, _) => format!("; the labels take volume `{volume}` whole"),
        (Coverage::Nothing { reason }, _) => format!("; {reason}"),
    }
}

/// Says of each store of which the restore did not bring back something what that is, and where to look. `backup` is
/// what the ledger says of the backup.
pub(super) fn after_restore(met: &[Met], backup: &[LedgerEntry], claims: &Claims) -> Vec<String> {
    let of_store = |mets: Vec<&Met>| {
        let wrong: Vec<&&Met> = mets.iter().filter(|m| m.is_wrong()).collect();
        let first = wrong.first()?;
        let (store, id) = (&first.at, first.planted.store());
        let was_in = |m: &Met| {
            let is_it = |e: &&LedgerEntry| e.store == id && e.planted == m.age();
            backup.iter().find(is_it).is_some_and(|e| e.fate == Fate::Survived)
        };
        if wrong.len() == mets.len() && wrong.iter().all(|m| is_untouched(m)) {
            let held = mets.iter().all(|m| was_in(m));
            return Some(format!("{}: {}", named(store), untouched(store, held, claims)));
        }
        Some(in_part(store, &mets))
    };
    by_store(met).into_iter().filter_map(of_store).collect()
}

/// Says of each store what the restore did not bring back after everything was destroyed, and where to look.
pub(super) fn after_loss(met: &[Met], backup: &[LedgerEntry], claims: &Claims) -> Vec<String> {
    let of_store = |mets: Vec<&Met>| {
        let first = mets.iter().find(|m| m.is_wrong())?;
        let (store, id) = (&first.at, first.planted.store());
        if mets.iter().any(|m| !matches!(m.fate, Fate::Lost { .. })) {
            return Some(in_part(store, &mets));
        }
        let of_backup: Vec<_> = backup.iter().filter(|e| e.store == id).collect();
        let held = !of_backup.is_empty() && of_backup.iter().all(|e| e.fate == Fate::Survived);
        Some(format!("{}: {}", named(store), not_brought_back(store, held, claims)))
    };
    by_store(met).into_iter().filter_map(of_store).collect()
}

/// Says of a store of which a restore brought back a part what is missing.
fn in_part(store: &Store, mets: &[&Met]) -> String {
    let wrong: Vec<&&Met> = mets.iter().filter(|m| m.is_wrong()).collect();
    let is_older = |m: &&&Met| m.age() == Age::BeforeBackup;
    if let Some(first) = wrong.first()
        && wrong.len() < mets.len()
        && wrong.iter().all(is_older)
    {
        return format!(
            "{}: the restore brought back an older state: what was planted {} is there, and what was planted {} is not: {}; is it this run's dump that is read back?",
            named(store),
            ages(mets.iter().filter(|m| !m.is_wrong()).map(|m| m.age())),
            ages(wrong.iter().map(|m| m.age())),
            seen(&first.fate)
        );
    }
    let each: Vec<_> = wrong
        .iter()
        .map(|m| format!("what was planted {}: {}", when(m.age()), seen(&m.fate)))
        .collect();
    format!("{}: {}", named(store), each.join(", "))
}

/// Returns why a store may be empty after it was destroyed and restored.
fn not_brought_back(store: &Store, held: bool, claims: &Claims) -> String {
    const HOOK: &str = "backupbot.restore.post-hook";
    let held = if held { "the backup holds it, and " } else { "" };
    if !is_database(store) {
        return format!("nothing of it is back: {held}the restore put nothing into the new volume");
    }
    match &store.coverage {
        Coverage::Whole => format!(
            "nothing of it is back: {held}its files were put back under a server that runs, or not at all: a database needs a dump and a `{HOOK}` that reads it back"
        ),
        Coverage::Paths { .. } | Coverage::Nothing { .. } if !has_hook(claims, None, HOOK) => {
            format!("nothing of it is back: {held}nothing reads it: no service has a `{HOOK}`")
        }
        Coverage::Paths { .. } | Coverage::Nothing { .. } => format!(
            "nothing of it is back: {held}the `{HOOK}` of service `{}` did not read it into a new database: does it need a user, a database or a file that only the old one had?",
            hooked(claims, &store.service, HOOK)
        ),
    }
}

/// Returns why a store may be as it was before the restore.
fn untouched(store: &Store, held: bool, claims: &Claims) -> String {
    const HOOK: &str = "backupbot.restore.post-hook";
    let nothing = "the restore did not touch it: it is as it was left after the backup";
    if !is_database(store) {
        return nothing.to_owned();
    }
    let dump = if held { "the dump is in the backup and" } else { "if a dump is in the backup," };
    match &store.coverage {
        Coverage::Whole => format!(
            "{nothing}; its files were put back under a server that runs, or not at all: a database needs a dump and a `{HOOK}` that reads it back"
        ),
        Coverage::Paths { .. } | Coverage::Nothing { .. } if !has_hook(claims, None, HOOK) => {
            format!("{nothing}; {dump} nothing reads it back: no service has a `{HOOK}`")
        }
        Coverage::Paths { .. } | Coverage::Nothing { .. } => format!(
            "{nothing}; {dump} the `{HOOK}` of service `{}` did not read it back into this database",
            hooked(claims, &store.service, HOOK)
        ),
    }
}

/// Returns whether a marker is as it was broken before the restore: the newest is taken away, the others are altered.
fn is_untouched(met: &Met) -> bool {
    match (&met.fate, met.age()) {
        (Fate::Lost { .. }, Age::BeforeBackup) => true,
        (Fate::Altered { .. }, Age::BeforeUpgrade | Age::AfterUpgrade) => {
            met.fate == harness_backup::marker::untouched()
        }
        (
            Fate::Survived | Fate::Lost { .. } | Fate::Altered { .. } | Fate::NotChecked { .. },
            _,
        ) => false,
    }
}

/// Returns the markers that somebody looked at, store by store, each from the oldest on.
fn by_store(met: &[Met]) -> Vec<Vec<&Met>> {
    let mut stores: Vec<Vec<&Met>> = Vec::new();
    for met in met.iter().filter(|m| !matches!(m.fate, Fate::NotChecked { .. })) {
        match stores.iter_mut().find(|known| known[0].planted.store() == met.planted.store()) {
            Some(known) => known.push(met),
            None => stores.push(vec![met]),
        }
    }
    for mets in &mut stores {
        mets.sort_by_key(|m| m.age());
    }
    stores
}

fn seen(fate: &Fate) -> &str {
    match fate {
        Fate::Survived => "it is there",
        Fate::Lost { seen } | Fate::Altered { seen } => seen,
        Fate::NotChecked { reason } => reason,
    }
}

fn id(store: &Store) -> String {
    format!("`{}`", store.id())
}

/// Names a store as a maintainer knows it.
fn named(store: &Store) -> String {
    match store.product {
        Product::Files => {
            format!("volume {} ({} in service `{}`)", id(store), store.at, store.service)
        }
        Product::Sqlite => format!("{} {} in service `{}`", store.product, store.at, store.service),
        Product::Postgres
        | Product::MySql
        | Product::MariaDb
        | Product::Redis
        | Product::MongoDb
        | Product::ClickHouse
        | Product::S3 => format!("{} of service `{}`", store.product, store.service),
    }
}

const fn when(age: Age) -> &'static str {
    match age {
        Age::BeforeUpgrade => "before the upgrade",
        Age::AfterUpgrade => "after the deploy",
        Age::BeforeBackup => "right before the backup",
    }
}

fn ages(ages: impl Iterator<Item = Age>) -> String {
    ages.map(when).collect::<Vec<_>>().join(" and ")
}

const fn is_database(store: &Store) -> bool {
    !matches!(store.product, Product::Files)
}

fn has_hook(claims: &Claims, service: Option<&ServiceName>, label: &str) -> bool {
    let is_it =
        |(of, name): &(ServiceName, String)| name == label && service.is_none_or(|s| s == of);
    claims.hooks.iter().any(is_it)
}

/// Names the service whose hook it is: the store's own if it has one, else the first that has.
fn hooked(claims: &Claims, service: &ServiceName, label: &str) -> String {
    let other =
        || claims.hooks.iter().find(|(_, name)| name == label).map(|(of, _)| of.to_string());
    if has_hook(claims, Some(service), label) {
        return service.to_string();
    }
    other().unwrap_or_default()
}

fn listed(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "judgment_tests.rs"]
mod tests;
