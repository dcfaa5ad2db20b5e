//! Stores that a suite names itself: `[[store]]`. Main type: [`StoreSetting`].

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::{InvalidSwarmName, ServiceName};
use crate::near::{listed, nearest};
use crate::store::Product;

/// A store that the recipe's files do not show, or show wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "RawStore", into = "RawStore")]
pub struct StoreSetting {
    /// What keeps the data.
    pub product: Product,
    /// The service through which it is reached.
    pub service: ServiceName,
    /// Where in its container; none for a server whose image says it.
    pub at: Option<String>,
    /// The volume that it lies in, or its dumps do; none for the one that is mounted there.
    pub volume: Option<String>,
}

/// A `[[store]]` table that says no store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidStore {
    /// It does not say what it is or where.
    #[error(
        "`[[store]]` has no `{0}`: expected at least `product = \"sqlite\"` and `service = \"app\"`"
    )]
    Lacks(&'static str),
    /// The product is none.
    #[error("`product = \"{seen}\"` is nothing that is known: {hint}expected one of {expected}")]
    Product {
        /// The word.
        seen: String,
        /// What may have been meant.
        hint: String,
        /// Every word.
        expected: String,
    },
    /// The service's name is none.
    #[error(
        "`service = \"{seen}\"` could be no service: expected the name of one in the compose file ({source})"
    )]
    Service {
        /// The name.
        seen: String,
        /// Why not.
        source: InvalidSwarmName,
    },
    /// The path is none in a container.
    #[error(
        "`at = \"{0}\"` is no path in a container: expected one that begins with `/` and does not end with it"
    )]
    At(String),
    /// It does not say where files are.
    #[error(
        "`[[store]]` of `{0}` has no `at`: expected the path in the service's container, for example `at = \"/data/app.db\"`"
    )]
    Where(&'static str),
    /// The volume's name is blank.
    #[error(
        "`volume` is blank: expected the volume's name in the compose file, leave the line out for the one that is mounted there"
    )]
    Volume,
}

/// `[[store]]` as it is written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawStore {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    volume: Option<String>,
}

impl TryFrom<RawStore> for StoreSetting {
    type Error = InvalidStore;

    fn try_from(raw: RawStore) -> Result<Self, InvalidStore> {
        let product = product(raw.product.ok_or(InvalidStore::Lacks("product"))?)?;
        let service = raw.service.ok_or(InvalidStore::Lacks("service"))?;
        let service = ServiceName::try_from(service.clone())
            .map_err(|source| InvalidStore::Service { seen: service, source })?;
        let is_path = |at: &String| at.starts_with('/') && (at == "/" || !at.ends_with('/'));
        match raw.at {
            Some(at) if !is_path(&at) => return Err(InvalidStore::At(at)),
            None if !product.is_server() => return Err(InvalidStore::Where(product.word())),
            Some(_) | None => {}
        }
        if raw.volume.as_ref().is_some_and(|volume| volume.trim().is_empty()) {
            return Err(InvalidStore::Volume);
        }
        Ok(Self { product, service, at: raw.at, volume: raw.volume })
    }
}

fn product(word: String) -> Result<Product, InvalidStore> {
    let found = Product::ALL.into_iter().find(|product| product.word() == word);
    found.ok_or_else(|| {
        let words = Product::ALL.map(Product::word);
        let hint = nearest(&word, words).map(|near| format!("did you mean `{near}`? "));
        let (hint, expected) = (hint.unwrap_or_default(), listed(words));
        InvalidStore::Product { seen: word, hint, expected }
    })
}

impl From<StoreSetting> for RawStore {
    fn from(store: StoreSetting) -> Self {
        Self {
            product: Some(store.product.word().to_owned()),
            service: Some(store.service.to_string()),
            at: store.at,
            volume: store.volume,
        }
    }
}
