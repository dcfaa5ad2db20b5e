//! What a recipe's `abra.sh` exports: the versions of its configs.

use super::env_file::EnvFile;

/// Returns the `export NAME=value` lines of an `abra.sh`, in order, the last assignment of a name winning.
/// Only lines of that shape outside of functions count; nothing is run.
pub fn exports(abra_sh: &str) -> Vec<(String, String)> {
    let lines: String = abra_sh
        .lines()
        .filter(|line| line.starts_with("export "))
        .flat_map(|line| [line, "\n"])
        .collect();
    EnvFile::parse(&lines).vars()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exports_at_the_top_level_count() {
        let text = "#!/bin/bash\n\nexport NGINX_CONF_VERSION=v3\nexport PG_BACKUP_VERSION=v1 # bumped\nlocal=1\nfoo() {\n  export INNER=1\n}\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            exports(text),
            [pair("NGINX_CONF_VERSION", "v3"), pair("PG_BACKUP_VERSION", "v1")]
        );
    }
}
