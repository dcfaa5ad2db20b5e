//! What takes back what was made at a provider, as data: handed to whoever keeps it before anything is made, and run
//! by whoever comes by, however often. Main items: [`Undo`], [`Remember`].

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::admin::AdminError;
use crate::provider::TakeBack;
use crate::realm_name::RealmName;

/// How something that was made at a provider is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "undo", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Undo {
    /// Delete a realm with all that is in it.
    DeleteRealm {
        /// The address of the Keycloak.
        provider: String,
        /// The realm.
        realm: RealmName,
    },
    /// Delete a client.
    DeleteClient {
        /// The address of the provider.
        provider: String,
        /// The realm that it is in; none at a Gitea.
        realm: Option<RealmName>,
        /// What it is called.
        client: String,
    },
}

/// Where undos are registered: a lease's file, a journal, a list.
pub trait Remember: Send {
    /// Keeps an undo so that it is run even if this process dies in the next moment.
    ///
    /// # Errors
    /// It could not be kept; nothing is made then.
    fn remember(&mut self, undo: &Undo) -> Result<(), NotRemembered>;
}

/// An undo could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("nothing was made at the provider: what takes it back could not be registered: {reason}")]
pub struct NotRemembered {
    /// Why.
    pub reason: String,
}

/// Enough for who runs them before it ends, and does not fear to be killed.
impl Remember for Vec<Undo> {
    fn remember(&mut self, undo: &Undo) -> Result<(), NotRemembered> {
        self.push(undo.clone());
        Ok(())
    }
}

/// Something that was made could not be taken back.
#[derive(Debug, Error)]
pub enum UndoError {
    /// It was made elsewhere.
    #[error("the undo is for {expected}, not for {seen}")]
    OtherProvider {
        /// Where it was made.
        expected: String,
        /// Who was asked.
        seen: String,
    },
    /// The provider did not do it.
    #[error(transparent)]
    Failed(#[from] AdminError),
}

impl Undo {
    /// Returns the address of the provider.
    pub fn provider(&self) -> &str {
        match self {
            Self::DeleteRealm { provider, .. } | Self::DeleteClient { provider, .. } => provider,
        }
    }

    /// Takes it back, if it is there. Running it again is fine, also before it was ever made.
    ///
    /// # Errors
    /// It was made elsewhere, or the provider did not do it.
    pub async fn run(&self, at: &impl TakeBack) -> Result<(), UndoError> {
        let seen = at.address();
        if seen != self.provider() {
            let expected = self.provider().to_owned();
            return Err(UndoError::OtherProvider { expected, seen });
        }
        Ok(at.take_back(self).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_is_read_back_and_realms_of_other_forms_are_not() {
        let undo = Undo::DeleteRealm {
            provider: "https://kc.ccci.test".to_owned(),
            realm: RealmName::try_from("gite-a1b2c3".to_owned()).unwrap(),
        };
        let text = serde_json::to_string(&undo).unwrap();
        assert_eq!(
            text,
            r#"{"undo":"delete-realm","provider":"https://kc.ccci.test","realm":"gite-a1b2c3"}"#
        );
        assert_eq!(serde_json::from_str::<Undo>(&text).unwrap(), undo);
        let master = text.replace("gite-a1b2c3", "master");
        assert!(serde_json::from_str::<Undo>(&master).is_err());
    }
}
