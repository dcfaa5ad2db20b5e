//! What every identity provider does for a test: it makes a client for an app, and takes it back. Main item:
//! [`IdentityProvider`].

use harness_core::name::Domain;
use harness_core::secret::Secret;

use crate::admin::AdminError;
use crate::undo::{NotRemembered, Remember, Undo};
use thiserror::Error;

/// A client that an app needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWanted {
    /// What it is called. Of several apps that share a provider each must have its own.
    pub name: String,
    /// Where a login may lead back to.
    pub redirect_uris: Vec<String>,
    /// Whether it has a secret.
    pub kind: ClientKind,
}

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It can: an app on a server.
    Confidential,
    /// It cannot: a program in a browser.
    Public,
}

/// A client that was made.
#[derive(Clone, Debug)]
pub struct ClientMade {
    /// What the app is told as the client's id.
    pub id: String,
    /// Its secret; none of a public client.
    pub secret: Option<Secret>,
    /// What takes it back.
    pub undo: Undo,
}

/// A client could not be made.
#[derive(Debug, Error)]
pub enum MakeError {
    /// What takes it back could not be registered: nothing was made.
    #[error(transparent)]
    NotRemembered(#[from] NotRemembered),
    /// The provider did not do it.
    #[error(transparent)]
    Failed(#[from] AdminError),
}

impl ClientWanted {
    /// Returns what an app on a server needs: a client with its domain as its name.
    pub fn for_app(domain: &Domain, redirect_uris: &[&str]) -> Self {
        Self {
            name: domain.to_string(),
            redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
            kind: ClientKind::Confidential,
        }
    }
}

/// Who takes back what was made there.
pub trait TakeBack: Sync {
    /// Returns its address, as undos name it.
    fn address(&self) -> String;

    /// Takes something back, if it is there. Ask [`Undo::run`], which looks whose undo it is.
    fn take_back(&self, undo: &Undo) -> impl Future<Output = Result<(), AdminError>> + Send;
}

/// An identity provider, as a test needs it.
pub trait IdentityProvider: TakeBack {
    /// Makes a client, once what takes it back is registered.
    fn make_client(
        &self,
        wanted: &ClientWanted,
        undos: &mut dyn Remember,
    ) -> impl Future<Output = Result<ClientMade, MakeError>> + Send;
}
