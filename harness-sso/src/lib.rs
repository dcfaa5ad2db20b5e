//! Identity providers as test dependencies: realms, clients, people, tokens and their claims, logins without a browser;
//! in a crate of its own because it is of use without any recipe.
//!
//! - [`Keycloak`] is administered: [`Keycloak::create_realm`] makes a [`Realm`] for an app, in it are made clients
//!   ([`IdentityProvider`], as at a [`Gitea`] too) and people ([`Realm::create_person`]).
//! - Whatever is made, the [`Undo`] that takes it back is handed to a [`Remember`] first.
//! - [`Party`] is a client that asks for tokens, in every way that OpenID Connect knows; [`Refusal`] says what a
//!   provider means by not giving them.
//! - [`verify`] believes a token only by the provider's keys; [`claims`] judges what it claims, one check a function.
//! - [`Login`] logs a person in over the provider's own pages, to an app or for a code.
//! - With the feature `test-fakes`, `fake` is a Keycloak in this process that can be wrong in every way.
//!
//! Nothing here waits without a limit that the caller gives, reads a clock that is not given, or shows a secret.
//!
//! # Example
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use harness_core::http::Client;
//! use harness_core::name::Domain;
//! use harness_core::secret::Secret;
//! use harness_sso::claims::{Expected, check_claims};
//! use harness_sso::{
//!     ClientWanted, IdentityProvider, Keycloak, Person, Random, SystemClock, Undo, verify,
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let limit = Duration::from_secs(20);
//! let client = Client::at("https://keycloak.example.org", None)?;
//! let keycloak = Keycloak::new(client, "admin", Secret::new("…"), Arc::new(SystemClock), limit);
//! keycloak.ready(Duration::from_secs(90)).await?;
//! // Kept in memory here; a lease's file outlives this process.
//! let mut undos: Vec<Undo> = Vec::new();
//! let app = Domain::try_from("app.example.org".to_owned())?;
//! let realm = keycloak.create_realm(&app, &mut undos).await?;
//! let wanted = ClientWanted::for_app(&app, &["https://app.example.org/callback"]);
//! let party = realm.party(&realm.make_client(&wanted, &mut undos).await?).await?;
//! let alice = Person::new("alice", Random::system().secret());
//! realm.create_person(&alice).await?;
//! let tokens = party.password_grant(&alice.user, &alice.password, "openid").await?;
//! let claims = verify(&tokens.access, &party.keys().await?)?;
//! let issuer = realm.issuer();
//! let expected = Expected::access(issuer.as_str(), &party.id);
//! assert!(check_claims(&claims, &expected, keycloak.now()).is_empty());
//! for undo in undos.iter().rev() {
//!     undo.run(&keycloak).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod admin;
mod attempt;
pub mod claims;
mod clock;
mod discovery;
mod encoded;
#[cfg(any(test, feature = "test-fakes"))]
pub mod fake;
mod gitea;
mod jwt;
mod keys;
mod login;
mod login_error;
pub mod login_fields;
mod login_step;
mod page;
mod party;
mod person;
mod provider;
mod random;
mod realm;
mod realm_client;
mod realm_name;
mod reap;
mod refusal;
mod seen;
mod shown;
mod tokens;
mod trail;
mod undo;

pub use admin::{AdminError, Keycloak};
pub use attempt::Attempt;
pub use clock::{Clock, SystemClock};
pub use discovery::{
    DiscoverError, Discovery, InvalidIssuer, Issuer, WrongDiscovery, check_discovery, discover,
};
pub use gitea::Gitea;
pub use jwt::{JwtError, verify};
pub use keys::{KeySet, NotKeySet};
pub use login::{Callback, Landing, Login};
pub use login_error::{LoginError, LoginFailure};
pub use login_step::Consent;
pub use party::{AskError, GrantError, Party};
pub use person::Person;
pub use provider::{ClientKind, ClientMade, ClientWanted, IdentityProvider, MakeError, TakeBack};
pub use random::Random;
pub use realm::Realm;
pub use realm_name::{InvalidRealmName, RealmName};
pub use reap::{SeenRealm, realms_to_reap};
pub use refusal::{Refusal, parse_refusal};
pub use shown::shown;
pub use tokens::Tokens;
pub use trail::Hop;
pub use undo::{NotRemembered, Remember, Undo, UndoError};

#[cfg(test)]
mod tests;
