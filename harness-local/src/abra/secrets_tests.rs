use super::*;

const COMPOSE: &str = "\
version: '3.8'
services:
  app: {image: 'x:1.0.0', secrets: [db_password, token]}
secrets:
  db_password: {external: true, name: '${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}'}
  token: {external: true, name: '${STACK_NAME}_token_${SECRET_TOKEN_VERSION:-v1}'}
  local: {file: ./x}
";

fn stack() -> StackName {
    StackName::try_from("a_ccci_test".to_owned()).unwrap()
}

fn secrets(env: &str) -> Vec<AppSecret> {
    let env = EnvFile::parse(env);
    let mut vars = env.vars();
    vars.push(("STACK_NAME".to_owned(), "a_ccci_test".to_owned()));
    let compose =
        Compose::effective(&[("compose.yml".to_owned(), COMPOSE.to_owned())], &vars).unwrap();
    of_app(&compose, &env, &stack())
}

#[test]
fn the_uncommented_line_shapes_the_secret() {
    let found = secrets(
        "SECRET_DB_PASSWORD_VERSION=v2 # length=43 charset=hex\n#SECRET_TOKEN_VERSION=v1 # length=9\n",
    );
    assert_eq!(found.len(), 2, "a secret from a file is no secret on the server");
    assert_eq!(found[0].full_name, "a_ccci_test_db_password_v2");
    assert_eq!((found[0].length, &found[0].charset), (Some(43), &Charset::Hex));
    assert_eq!((found[1].full_name.as_str(), found[1].length), ("a_ccci_test_token_v1", None));
    assert_eq!(found[1].version, "v1");
}

#[test]
fn a_missing_secret_is_named_by_who_has_to_make_it() {
    let found =
        secrets("SECRET_DB_PASSWORD_VERSION=v1\nSECRET_TOKEN_VERSION=v1 # generate=false\n");
    assert_eq!(
        check_present(&found, &[]).unwrap_err().to_string(),
        "secret not generated: db_password"
    );
    let one = ["a_ccci_test_db_password_v1".to_owned()];
    assert_eq!(
        check_present(&found, &one).unwrap_err().to_string(),
        "secret not inserted (#generate=false): token"
    );
    let both = [one[0].clone(), "a_ccci_test_token_v1".to_owned()];
    assert!(check_present(&found, &both).is_ok());
}

#[test]
fn values_have_the_length_and_letters_that_were_asked_for() {
    let mut random = std::fs::File::open("/dev/urandom").unwrap();
    let hex = value(Some(64), &Charset::Hex, &mut random).unwrap();
    assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
    let plain = value(Some(32), &Charset::Default, &mut random).unwrap();
    assert!(plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_alphanumeric()), "{plain}");
    let phrase = value(None, &Charset::Default, &mut random).unwrap();
    assert_eq!(phrase.split('-').count(), 5, "{phrase}");
    assert_ne!(phrase, value(None, &Charset::Default, &mut random).unwrap());
}

#[test]
fn unfair_bytes_are_thrown_away() {
    let mut random: &[u8] = &[255, 254, 6];
    assert_eq!(pick(b"0123456789", &mut random).unwrap(), b'6');
}

#[test]
fn a_name_of_65_characters_is_refused_before_the_engine_sees_it() {
    let config = "c".repeat(MAX_SWARM_NAME - "a_ccci_test__v1".len() + 1);
    let file = format!(
        "version: '3.8'\nservices: {{}}\nconfigs:\n  {config}: {{file: ./x, name: 'a_ccci_test_{config}_v1'}}\n"
    );
    let compose = Compose::parse("compose.yml", &file).unwrap();
    assert!(matches!(
        check_names(&compose, &stack()),
        Err(InvalidSwarmName::TooLong { length: 65, .. })
    ));
}
