//! How much each store holds, and whether that is what it held after the install. Main items: [`note_installed`],
//! [`now`], [`Holding`].

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use harness_backup::marker::is_marker_file;
use harness_backup::{Coverage, Known, ListBy, Listing, Outside, Product, Reach as _, Store};
use harness_core::chain::Chain;
use harness_core::run_file::DefinedService;
use harness_core::store::StoreSeen;
use serde::{Deserialize, Serialize};

use super::markers::settled;
use crate::check::Check;
use crate::ctx::Ctx;

/// The fact that holds what every store held after the install.
const INSTALLED: &str = "floor.installed";

/// For a container that is being replaced.
const PATIENCE: Duration = Duration::from_secs(15);

/// What became known of a store's files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Noted {
    Known(Known),
    Unseen { reason: String },
}

/// What a store holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holding {
    /// The store.
    pub(super) store: Store,
    /// Its files, or why nobody could see them.
    listing: Result<Listing, String>,
    /// What they were after the install.
    installed: Noted,
}

/// Notes what every store holds, once: before anything is planted. That one cannot be looked at fails nothing: it is
/// said where it matters.
pub(super) async fn note_installed(ctx: &Ctx) -> Check {
    if ctx.has_fact(INSTALLED) {
        return Ok(());
    }
    let stores = &ctx.run().stores;
    let listings = join_all(stores.iter().map(|store| listed(ctx, store, usual(store)))).await;
    let noted = stores.iter().zip(listings).map(|(store, listing)| {
        let noted = match listing {
            Ok(listing) => Noted::Known(Known::of(&listing)),
            Err(reason) => Noted::Unseen { reason },
        };
        (store.id(), noted)
    });
    ctx.keep(INSTALLED, &noted.collect::<BTreeMap<_, _>>())
}

/// Lists every store that is deployed now.
pub(super) async fn now(ctx: &Ctx) -> Vec<Holding> {
    let noted: Option<BTreeMap<String, Noted>> = ctx.fact(INSTALLED).ok();
    let of_store = async |store: &Store| {
        let installed = match &noted {
            None => Noted::Unseen { reason: "nobody looked at it after the install".to_owned() },
            // It came with head.
            Some(noted) => {
                let known = noted.get(&store.id()).cloned();
                known.unwrap_or_else(|| Noted::Known(Known::nothing(usual(store))))
            }
        };
        let by = match &installed {
            Noted::Known(known) => known.by(),
            Noted::Unseen { .. } => usual(store),
        };
        Holding { store: store.clone(), listing: listed(ctx, store, by).await, installed }
    };
    join_all(ctx.run().stores.iter().map(of_store)).await
}

/// What no label takes whole is compared by what it holds: an app may write the same again with every start.
fn usual(store: &Store) -> ListBy {
    let is_whole = store.coverage == Coverage::Whole;
    if store.product == Product::Files && !is_whole { ListBy::Content } else { ListBy::Modified }
}

async fn listed(ctx: &Ctx, store: &Store, by: ListBy) -> Result<Listing, String> {
    let is_file = store.product == Product::Sqlite;
    let parent = || store.at.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if is_file { parent() } else { store.at.as_str() };
    if folder.is_empty() {
        return Err("it is not known where its files are".to_owned());
    }
    let list = async || ctx.access().list_files(&store.service, folder, by).await;
    match settled(PATIENCE, list).await {
        Ok(Ok(listing)) => Ok(own(listing, store, folder, &ctx.run().services)),
        Ok(Err(error)) => Err(Chain(&error).to_string()),
        Err(failure) => Err(failure.to_string()),
    }
}

/// Leaves out of a folder's files what is not the store's: other volumes that are mounted in it, markers, and beside a
/// database in a file all that is not it.
fn own(listing: Listing, store: &Store, folder: &str, services: &[DefinedService]) -> Listing {
    let root = format!("{}/", folder.trim_end_matches('/'));
    let mounts = services.iter().filter(|s| s.name == store.service).flat_map(|s| &s.volumes);
    let inner = mounts.filter_map(|(_, at)| at.strip_prefix(&root)).filter(|at| !at.is_empty());
    let inner: Vec<String> = inner.map(|at| format!("{}/", at.trim_end_matches('/'))).collect();
    let file = store.at.strip_prefix(&root).filter(|_| store.product == Product::Sqlite);
    let is_own = |path: &str| {
        let is_others = inner.iter().any(|at| path.starts_with(at)) || is_marker_file(path);
        !is_others && file.is_none_or(|file| harness_backup::is_part_of(path, file))
    };
    let files = listing.files.into_iter().filter(|file| is_own(&file.path)).collect();
    Listing { files, ..listing }
}

impl Holding {
    /// Returns how many bytes it is.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.listing.as_ref().ok().map(Listing::bytes)
    }

    /// Returns what of a volume's files no label takes, or why that cannot be told. `databases` are the paths in it of
    /// what is a store of its own.
    pub(super) fn outside(&self, databases: &[String]) -> Result<Outside, String> {
        let listing = self.listing.as_ref().map_err(Clone::clone)?;
        match &self.installed {
            Noted::Unseen { reason } => Err(format!("after the install, {reason}")),
            Noted::Known(known) => {
                let outside = known.outside(&self.store, listing, databases);
                outside.ok_or_else(|| "it could not be read in the same way twice".to_owned())
            }
        }
    }

    /// Returns what results say of it.
    pub(super) fn seen(&self) -> StoreSeen {
        let changed = match (&self.listing, &self.installed) {
            (Ok(listing), Noted::Known(known)) => known.has_changed(listing),
            (Ok(_) | Err(_), _) => None,
        };
        let volume = self.store.volume.clone();
        StoreSeen { store: self.store.id(), volume, bytes: self.bytes(), changed }
    }
}

/// Returns where in a volume other stores lie: the files of databases are for whoever asks the databases.
pub(super) fn databases_in(
    volume: &Store,
    stores: &[Store],
    services: &[DefinedService],
) -> Vec<String> {
    let others = stores.iter().filter(|s| s.product != Product::Files && !s.at.is_empty());
    let inside = others.filter_map(|store| {
        let services = services.iter().filter(|s| s.name == store.service);
        let below = services.flat_map(|s| &s.volumes).filter_map(|(name, target)| {
            let rest = store.at.strip_prefix(target.trim_end_matches('/'))?;
            rest.strip_prefix('/').map(|rest| (name, rest))
        });
        // The innermost mount has it.
        let (name, rest) = below.min_by_key(|(_, rest)| rest.len())?;
        (volume.volume.as_ref() == Some(name)).then(|| rest.to_owned())
    });
    inside.collect()
}

#[cfg(test)]
mod tests {
    use harness_backup::ListedFile;

    use super::*;
    use crate::floor::sample::{database, defined, files_of};

    fn listing(paths: &[&str]) -> Listing {
        let file = |path: &&str| ListedFile {
            path: (*path).to_owned(),
            bytes: 1,
            stamp: path.len() as u64,
        };
        Listing { by: ListBy::Content, files: paths.iter().map(file).collect() }
    }

    fn paths(listing: &Listing) -> Vec<&str> {
        listing.files.iter().map(|f| f.path.as_str()).collect()
    }

    #[test]
    fn a_volume_holds_neither_what_is_mounted_in_it_nor_markers() {
        let services = [defined("app", &[("data", "/data"), ("cache", "/data/cache/")])];
        let all = listing(&["a", "cache/x", "cached", ".ccci-marker-r1-before-backup", "b/.ccci"]);
        let own = own(all, &files_of("data", "app", "/data"), "/data", &services);
        assert_eq!(paths(&own), ["a", "cached", "b/.ccci"]);
    }

    #[test]
    fn a_database_in_a_file_is_that_file_and_what_belongs_to_it() {
        let store = Store { at: "/data/db/app.db".to_owned(), ..database(Product::Sqlite, "app") };
        let all = listing(&["app.db", "app.db-wal", "app.db.bak", "x"]);
        assert_eq!(paths(&own(all, &store, "/data/db", &[])), ["app.db", "app.db-wal"]);
    }

    #[test]
    fn a_database_lies_in_the_innermost_volume_that_its_service_mounts_there() {
        let at = |at: &str, service: &str| Store {
            at: at.to_owned(),
            ..database(Product::Sqlite, service)
        };
        let stores = [at("/data/in/app.db", "app"), at("/srv/x.db", "app"), at("/data/y", "b")];
        let services =
            [defined("app", &[("outer", "/data"), ("inner", "/data/in"), ("srv", "/srv/")])];
        let of = |volume: &str| databases_in(&files_of(volume, "app", "/"), &stores, &services);
        assert_eq!(of("inner"), ["app.db"]);
        assert_eq!(of("srv"), ["x.db"]);
        assert_eq!(of("outer"), Vec::<String>::new());
    }

    #[test]
    fn what_no_label_takes_is_compared_by_content_and_the_rest_by_time() {
        let mut store = files_of("data", "app", "/data");
        assert_eq!(usual(&store), ListBy::Modified);
        store.coverage = Coverage::Paths { paths: vec!["dump".to_owned()] };
        assert_eq!(usual(&store), ListBy::Content);
        store.product = Product::Postgres;
        assert_eq!(usual(&store), ListBy::Modified);
    }

    #[test]
    fn what_could_not_be_seen_is_told_with_its_reason_and_never_as_nothing() {
        let store = Store {
            coverage: Coverage::Nothing { reason: "left out".to_owned() },
            ..files_of("data", "app", "/data")
        };
        let known = Noted::Known(Known::nothing(ListBy::Content));
        let holding = |listing, installed| Holding { store: store.clone(), listing, installed };
        let seen = holding(Ok(listing(&["a"])), known.clone());
        assert_eq!(seen.outside(&[]).unwrap().changed, ["a"]);
        assert_eq!((seen.seen().bytes, seen.seen().changed), (Some(1), Some(true)));
        let unlisted = holding(Err("no answer".to_owned()), known);
        assert_eq!(unlisted.outside(&[]).unwrap_err(), "no answer");
        assert_eq!((unlisted.seen().bytes, unlisted.seen().changed), (None, None));
        let unnoted = Noted::Unseen { reason: "no answer".to_owned() };
        let unnoted = holding(Ok(listing(&["a"])), unnoted);
        assert!(unnoted.outside(&[]).unwrap_err().contains("after the install, no answer"));
        let by_time = Known::of(&Listing { by: ListBy::Modified, ..listing(&["a"]) });
        let uneven = holding(Ok(listing(&["a"])), Noted::Known(by_time));
        assert!(uneven.outside(&[]).unwrap_err().contains("the same way"));
    }
}
