//! The secrets that an app needs, and the values that are generated for them.

use std::io::Read;

use harness_core::name::{InvalidSwarmName, MAX_SWARM_NAME, StackName};
use harness_core::recipe::{Charset, Compose, EnvFile};
use harness_core::secret::Secret;
use thiserror::Error;

/// A secret that the app's compose files ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret {
    /// Its key in the compose files.
    pub key: String,
    /// Its version, as in the settings.
    pub version: String,
    /// Its name on the server.
    pub full_name: String,
    /// How long its value is; none gives a passphrase.
    pub length: Option<u32>,
    /// What its value is made of.
    pub charset: Charset,
    /// Whether abra may make it.
    pub generate: bool,
}

/// Why a secret cannot be had.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// It is not there and should have been generated.
    #[error("secret not generated: {name}")]
    NotGenerated {
        /// Its key.
        name: String,
    },
    /// It is not there and only a person can insert it.
    #[error("secret not inserted (#generate=false): {name}")]
    NotInserted {
        /// Its key.
        name: String,
    },
    /// No compose file asks for it.
    #[error("{name} doesn't exist in the compose files of {app}")]
    Unknown {
        /// The key.
        name: String,
        /// The app.
        app: String,
    },
    /// Swarm would refuse its name.
    #[error(transparent)]
    Name(#[from] InvalidSwarmName),
    /// The system gives no random numbers.
    #[error("unable to read random numbers")]
    Random(#[source] std::io::Error),
    /// The value cannot be read from its file.
    #[error("unable to read {path}")]
    Input {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Returns the secrets that the compose files take from the server. Only an uncommented line of the settings shapes
/// a secret; one without gets the default shape.
pub(crate) fn of_app(compose: &Compose, env: &EnvFile, stack: &StackName) -> Vec<AppSecret> {
    let specs = env.secrets();
    let wanted = compose.secrets.iter().filter(|definition| definition.file.is_none());
    let secret = |definition: &harness_core::recipe::Definition| {
        let spec = specs.iter().find(|spec| spec.name == definition.key);
        let full_name =
            definition.name.clone().unwrap_or_else(|| format!("{stack}_{}", definition.key));
        let in_name = full_name
            .strip_prefix(&format!("{stack}_{}_", definition.key))
            .unwrap_or_default()
            .to_owned();
        AppSecret {
            key: definition.key.clone(),
            version: spec.map_or(in_name, |spec| spec.version.clone()),
            full_name,
            length: spec.and_then(|spec| spec.length),
            charset: spec.map_or(Charset::Default, |spec| spec.charset.clone()),
            generate: spec.is_none_or(|spec| spec.generate),
        }
    };
    wanted.map(secret).collect()
}

/// Checks that every secret is on the server.
pub(crate) fn check_present(
    secrets: &[AppSecret],
    on_server: &[String],
) -> Result<(), SecretsError> {
    match secrets.iter().find(|secret| !on_server.contains(&secret.full_name)) {
        None => Ok(()),
        Some(missing) if missing.generate => {
            Err(SecretsError::NotGenerated { name: missing.key.clone() })
        }
        Some(missing) => Err(SecretsError::NotInserted { name: missing.key.clone() }),
    }
}

/// Checks that Swarm takes the names of all secrets and configs, before the engine is asked.
pub(crate) fn check_names(compose: &Compose, stack: &StackName) -> Result<(), InvalidSwarmName> {
    for definition in compose.secrets.iter().chain(&compose.configs) {
        let name = definition.name.clone().unwrap_or_else(|| format!("{stack}_{}", definition.key));
        check_name(&name)?;
    }
    Ok(())
}

/// Checks that Swarm takes a name.
pub(super) fn check_name(name: &str) -> Result<(), InvalidSwarmName> {
    let length = name.len();
    if length > MAX_SWARM_NAME {
        Err(InvalidSwarmName::TooLong { name: name.to_owned(), length })
    } else {
        Ok(())
    }
}

/// Makes a value: a password when a length is asked for, else a passphrase.
pub(super) fn generate(secret: &AppSecret) -> Result<Secret, SecretsError> {
    let mut random = std::fs::File::open("/dev/urandom").map_err(SecretsError::Random)?;
    value(secret.length, &secret.charset, &mut random)
        .map(Secret::new)
        .map_err(SecretsError::Random)
}

const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CONSONANTS: &[u8] = b"bdfghjklmnprstvz";
const VOWELS: &[u8] = b"aeio";

/// Makes a value out of random bytes: a password of this length, or a passphrase.
pub(crate) fn value(
    length: Option<u32>,
    charset: &Charset,
    random: &mut impl Read,
) -> std::io::Result<String> {
    match length {
        Some(length) => {
            let letters = alphabet(charset);
            (0..length).map(|_| Ok(char::from(pick(letters.as_bytes(), random)?))).collect()
        }
        None => passphrase(random),
    }
}

/// Five words of four letters: 60 bits.
fn passphrase(random: &mut impl Read) -> std::io::Result<String> {
    let mut words = Vec::new();
    for _ in 0..5 {
        let mut word = String::new();
        for _ in 0..2 {
            word.push(char::from(pick(CONSONANTS, random)?));
            word.push(char::from(pick(VOWELS, random)?));
        }
        words.push(word);
    }
    Ok(words.join("-"))
}

fn alphabet(charset: &Charset) -> String {
    match charset {
        Charset::Default | Charset::Unknown(_) => LETTERS_AND_DIGITS.to_owned(),
        Charset::Special => format!("{LETTERS_AND_DIGITS}!@#$%^&*_-+="),
        Charset::SafeSpecial => format!("{LETTERS_AND_DIGITS}!@#%^&*_-+="),
        Charset::Hex => "0123456789abcdef".to_owned(),
    }
}

/// Picks one of at most 256 letters, each equally likely.
fn pick(letters: &[u8], random: &mut impl Read) -> std::io::Result<u8> {
    let fair = 256 - 256 % letters.len();
    loop {
        let mut byte = [0];
        random.read_exact(&mut byte)?;
        if usize::from(byte[0]) < fair {
            return Ok(letters[usize::from(byte[0]) % letters.len()]);
        }
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
