use proptest::prelude::*;
use rstest::rstest;

use super::super::{Charset, SecretSpec};
use super::EnvFile;

#[rstest]
#[case("A=1", "1")]
#[case("export A=1", "1")]
#[case("  A = 1  ", "1")]
#[case("A=My Great Site", "My Great Site")]
#[case("A=#ff0000", "#ff0000")]
#[case("A=x#y", "x#y")]
#[case("A=x # y", "x")]
#[case("A= # only a comment", "")]
#[case("A=pa$$word", "pa$$word")]
#[case(r"A=C:\temp", r"C:\temp")]
#[case("A=$HOME", "")]
#[case("A=https://$D/", "https://d.example.com/")]
#[case("A=\"${D}:${NONE:-x}\"", "d.example.com:x")]
#[case("A='$D'", "$D")]
#[case("A=\"\\$D\"", "$D")]
#[case("A=\"say \\\"hi\\\"\" # c", "say \"hi\"")]
#[case("A=\"one\ntwo\"", "one\ntwo")]
#[case("A='one\ntwo' # c", "one\ntwo")]
#[case("A=\"never closed", "\"never closed")]
#[case("A=\"a\" b", "\"a\" b")]
#[case("A=Host(`a.b`)", "Host(`a.b`)")]
#[case("A=1\r", "1")]
#[case("A=1\nA=2", "2")]
#[case("A=1\n#A=2", "1")]
#[case("A=1\nA=\"$A:2\"", "1:2")]
fn a_value_reads_as(#[case] line: &str, #[case] expected: &str) {
    assert_eq!(
        EnvFile::parse(&format!("D=d.example.com\n{line}\n")).get("A").as_deref(),
        Some(expected)
    );
}

#[rstest]
#[case("#A=1")]
#[case("1A=1")]
#[case("A")]
#[case("A-B=1")]
#[case("export")]
fn other_lines_assign_nothing(#[case] line: &str) {
    assert_eq!(EnvFile::parse(line).vars(), []);
}

#[test]
fn compose_files_are_built_up_by_assigning_again() {
    let env = EnvFile::parse(
        "COMPOSE_FILE=compose.yml\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.oidc.yml\"\n#COMPOSE_FILE=x\n",
    );
    assert_eq!(env.compose_files(), ["compose.yml", "compose.oidc.yml"]);
    assert_eq!(EnvFile::default().compose_files(), ["compose.yml"]);
}

#[test]
fn setting_keeps_everything_else() {
    let mut env = EnvFile::parse("# top\r\nA=old # why\r\n#A=other\r\nexport B='x'\r\nC=1");
    env.set("A", "new");
    env.set("B", "it's");
    env.set("D", "two words");
    assert_eq!(
        env.to_string(),
        "# top\r\nA=new # why\r\n#A=other\r\nexport B=\"it's\"\r\nC=1\nD='two words'\n"
    );
}

#[test]
fn the_last_assignment_is_the_one_that_is_replaced() {
    let mut env = EnvFile::parse("F=a\nF=\"$F:b\"\nG=$F\n");
    env.set("F", "c");
    assert_eq!(env.to_string(), "F=a\nF=c\nG=$F\n");
    assert_eq!(env.get("G").as_deref(), Some("c"));
}

#[rstest]
#[case("TYPE=ghost\nDOMAIN=x\n", "TYPE=ghost:1.0.0+6\nDOMAIN=x\n")]
#[case("# hi\nRECIPE=ghost:1 # pinned\n", "# hi\nRECIPE=ghost:1.0.0+6 # pinned\n")]
#[case("DOMAIN=x\n", "TYPE=ghost:1.0.0+6\nDOMAIN=x\n")]
fn the_type_is_written_where_it_stands(#[case] before: &str, #[case] after: &str) {
    let mut env = EnvFile::parse(before);
    env.set_type("ghost:1.0.0+6");
    assert_eq!(env.to_string(), after);
    assert_eq!(env.recipe_and_version().as_deref(), Some("ghost:1.0.0+6"));
}

#[test]
fn secrets_are_read_with_their_modifiers() {
    let env = EnvFile::parse(concat!(
        "SECRET_DB_PASSWORD_VERSION=v1 # length=32\n",
        "SECRET_KEY_VERSION=v2 # length=43 charset=hex generate=false\n",
        "#SECRET_OTHER_VERSION=v1 # length=9\n",
        "SECRET_PLAIN_VERSION=v1\n",
        "SECRET_ODD_VERSION=v1 # length=many charset=runes\n",
        "SECRET__VERSION=v1\n",
    ));
    let spec = |name: &str, version: &str, length, charset, generate| SecretSpec {
        name: name.to_owned(),
        version: version.to_owned(),
        length,
        charset,
        generate,
    };
    assert_eq!(
        env.secrets(),
        [
            spec("db_password", "v1", Some(32), Charset::Default, true),
            spec("key", "v2", Some(43), Charset::Hex, false),
            spec("plain", "v1", None, Charset::Default, true),
            spec("odd", "v1", None, Charset::Unknown("runes".to_owned()), true),
        ]
    );
}

#[test]
fn a_name_that_cannot_be_assigned_changes_nothing() {
    let mut env = EnvFile::parse("A=1\n");
    for name in ["", "1A", "A=2\nB", "a b", "#X"] {
        env.set(name, "x");
        assert_eq!(env.to_string(), "A=1\n", "{name:?}");
    }
}

/// Text that is likelier than chance to be an env file, and to have quotes that are never closed.
fn env_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("A=".to_owned()),
        Just("\nB=".to_owned()),
        Just("export ".to_owned()),
        Just("${A:-".to_owned()),
        Just(" # ".to_owned()),
        Just("\r\n".to_owned()),
        "[\"'\\\\$#{}= \n]",
        "[a-z]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_read_is_shown_unchanged(text in env_like()) {
        prop_assert_eq!(EnvFile::parse(&text).to_string(), text);
    }

    #[test]
    fn any_text_is_read_and_shown_unchanged(text in ".*") {
        let env = EnvFile::parse(&text);
        env.vars();
        prop_assert_eq!(env.to_string(), text);
    }

    #[test]
    fn what_is_set_reads_back(text in env_like(), value in env_like(), name in "A|B|NEW") {
        let mut env = EnvFile::parse(&text);
        env.set(&name, &value);
        prop_assert_eq!(env.get(&name), Some(value.clone()));
        let shown = EnvFile::parse(&env.to_string());
        prop_assert_eq!(shown.get(&name), Some(value));
        prop_assert_eq!(shown, env);
    }

    #[test]
    fn setting_one_variable_leaves_the_others(text in "([AC]=[a-z#' \"]{0,6}\n){0,6}", value in env_like()) {
        let before = EnvFile::parse(&text);
        let mut env = before.clone();
        env.set("NEW", &value);
        prop_assert_eq!(env.get("A"), before.get("A"));
        prop_assert_eq!(env.get("C"), before.get("C"));
    }
}
