//! What an env file says about secrets: `SECRET_DB_PASSWORD_VERSION=v1 # length=32 charset=hex`.

/// A secret that the recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSpec {
    /// The name, in lower case, as compose files have it.
    pub name: String,
    /// The version, the last part of its name in Swarm.
    pub version: String,
    /// Its length in characters; none asks for abra's default shape.
    pub length: Option<u32>,
    /// Which characters it is made of.
    pub charset: Charset,
    /// Whether it is generated; otherwise someone must insert it.
    pub generate: bool,
}

/// Which characters a generated secret is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Letters and digits, as nothing was asked for.
    #[default]
    Default,
    /// Letters, digits and special characters.
    Special,
    /// Letters, digits and special characters that no shell or URL minds.
    SafeSpecial,
    /// Hexadecimal digits.
    Hex,
    /// A name that is not known.
    Unknown(String),
}

impl From<&str> for Charset {
    fn from(name: &str) -> Self {
        match name {
            "default" => Self::Default,
            "special" => Self::Special,
            "safespecial" => Self::SafeSpecial,
            "hex" => Self::Hex,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl SecretSpec {
    /// Reads one variable; `None` when its name is not that of a secret.
    pub(super) fn read(variable: &str, value: &str, comment: Option<&str>) -> Option<Self> {
        let name = variable.strip_prefix("SECRET_")?.strip_suffix("_VERSION")?;
        if name.is_empty() {
            return None;
        }
        let mut spec = Self {
            name: name.to_ascii_lowercase(),
            version: value.to_owned(),
            length: None,
            charset: Charset::Default,
            generate: true,
        };
        for (key, value) in
            comment.unwrap_or_default().split_whitespace().filter_map(|word| word.split_once('='))
        {
            match key {
                "length" => spec.length = value.parse().ok(),
                "charset" => spec.charset = Charset::from(value),
                "generate" => spec.generate = value != "false",
                _ => {}
            }
        }
        Some(spec)
    }
}
