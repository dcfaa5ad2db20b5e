//! `abra app secret generate`, `insert` and `rm`.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::name::Domain;
use harness_core::secret::Secret;
use serde_json::Value;

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Generates all secrets that are not there, and returns their values: it is the only time that they are seen.
    ///
    /// # Errors
    /// abra gave up, hung, could not be started, or printed no JSON. No error holds a value.
    pub async fn generate_secrets(
        &self,
        domain: &Domain,
        limit: Duration,
    ) -> Result<Vec<(String, Secret)>, AbraError> {
        let args = [
            "app",
            "secret",
            "generate",
            "--no-input",
            "--offline",
            "--chaos",
            "--machine",
            "--all",
            domain.as_str(),
        ];
        let output = match self.run_discreetly("app secret generate", &args, limit).await {
            Ok(output) => output,
            Err(error) if error.says("no secrets") => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        parse_generated(&output.stdout).ok_or(AbraError::Unreadable {
            verb: "app secret generate",
            expected: "a JSON array of objects with `name` and `value`",
            seen: format!("{} bytes, not shown: they may hold secrets", output.stdout.len()),
        })
    }

    /// Inserts the content of a file as a version of a secret: an argument could be seen by every process.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn insert_secret(
        &self,
        domain: &Domain,
        (name, version): (&str, &str),
        file: &Utf8Path,
        limit: Duration,
    ) -> Result<(), AbraError> {
        let args = [
            "app",
            "secret",
            "insert",
            "--no-input",
            "--offline",
            "--chaos",
            "--file",
            domain.as_str(),
            name,
            version,
            file.as_str(),
        ];
        self.run_discreetly("app secret insert", &args, limit).await.map(drop)
    }

    /// Removes all secrets of an app that is not deployed. None to remove is fine.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn remove_secrets(&self, domain: &Domain, limit: Duration) -> Result<(), AbraError> {
        let args =
            ["app", "secret", "rm", "--no-input", "--offline", "--chaos", "--all", domain.as_str()];
        match self.run("app secret rm", &args, limit).await {
            Ok(_) => Ok(()),
            Err(error) if error.says("no secrets") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Reads `[{"name":"db_password","value":"…"}]`, whatever log lines stand around it. Keys in any letter case; nothing
/// at all means that nothing was generated.
pub fn parse_generated(stdout: &str) -> Option<Vec<(String, Secret)>> {
    let Some(begin) = stdout.find(['[', '{']) else {
        return Some(Vec::new());
    };
    let mut documents = serde_json::Deserializer::from_str(&stdout[begin..]).into_iter::<Value>();
    let rows = match documents.next()?.ok()? {
        Value::Array(rows) => rows,
        Value::Object(map) => return map.iter().map(|(k, v)| named(k, v)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    rows.iter().map(row).collect()
}

fn row(row: &Value) -> Option<(String, Secret)> {
    let field = |name: &str| {
        row.as_object()?.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    };
    named(field("name")?.as_str()?, field("value")?)
}

fn named(name: &str, value: &Value) -> Option<(String, Secret)> {
    Some((name.to_owned(), Secret::new(value.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stdout: &str) -> Option<Vec<(String, String)>> {
        let pairs = parse_generated(stdout)?;
        Some(pairs.into_iter().map(|(n, s)| (n, s.expose().to_owned())).collect())
    }

    #[test]
    fn names_and_values_are_read_from_either_shape() {
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let recorded =
            include_str!("../../fixtures/abra/0.13.0-beta-stand-in/secret_generate.json");
        assert_eq!(
            shown(recorded).unwrap().iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(),
            ["db_password", "db_root_password"]
        );
        assert_eq!(shown("[{\"Name\":\"a\",\"VALUE\":\"b\"}]\n"), Some(vec![pair("a", "b")]));
        assert_eq!(shown("INFO x\n{\"a\":\"b\"}\n"), Some(vec![pair("a", "b")]));
    }

    #[test]
    fn nothing_is_none_generated_and_a_broken_document_is_no_answer() {
        assert_eq!(shown("WARN no secrets to generate\n"), Some(Vec::new()));
        assert_eq!(shown("[]\n"), Some(Vec::new()));
        assert_eq!(shown("[{\"name\":\"a\"}]"), None);
        assert_eq!(shown("[{\"name\":\"a\","), None);
        assert_eq!(shown("{\"a\":1}"), None);
    }
}
