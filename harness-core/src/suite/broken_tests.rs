//! Broken files of a suite, each with the error that its author reads.

use std::collections::BTreeSet;
use std::error::Error;

use super::*;
use crate::chain::Chain;
use crate::name::RecipeName;
use crate::recipe::Compose;

/// Words one of which every error must have: they say what to do.
const REMEDIES: &[&str] = &[
    "expected",
    "did you mean",
    "for example",
    "take ",
    "leave ",
    "delete ",
    "add ",
    "indent",
    "earlier system",
    "should be",
];

const SETTINGS: &[(&str, &str)] = &[
    // Not TOML.
    ("no value", "[health]\npath =\n"),
    ("no closing quote", "[health]\npath = \"/\n"),
    ("no closing bracket", "[health\npath = \"/\"\n"),
    ("YAML", "health:\n  path: /\n"),
    ("a key twice", "[health]\npath = \"/\"\npath = \"/a\"\n"),
    ("a table twice", "[health]\n[timeouts]\n[health]\n"),
    ("a word without quotes", "[timeouts]\ndeploy = 10m\n"),
    // Keys that are not known.
    ("letters swapped", "[health]\npaht = \"/\"\n"),
    ("underscore for hyphen", "[not_applicable]\nupgrade = \"x\"\n"),
    ("a table misspelled", "[helth]\npath = \"/\"\n"),
    ("singular", "[timeout]\ndeploy = \"10m\"\n"),
    ("a key without its table", "path = \"/\"\n"),
    ("a key in another table", "[timeouts]\nok = [200]\n"),
    ("a key that nothing is like", "[backup]\nfrequency = \"daily\"\n"),
    ("a table that nothing is like", "[notifications]\nmail = \"a@b\"\n"),
    ("a worth that is none", "[backup]\nacross-versions = \"maybe\"\n"),
    ("a yes for a truth", "[backup]\ndisaster = \"yes\"\n"),
    ("a key of the earlier system", "HEALTH_PATH = \"/\"\n"),
    ("another one, in a table", "[timeouts]\nDEPLOY_TIMEOUT = 600\n"),
    ("one that has no successor", "SKIP_GENERIC = true\n"),
    ("a key of a probe", "[[ready]]\nhttps = \"https://{domain}/\"\n"),
    ("the first of two", "[health]\nok = [200]\npatj = \"/\"\n[timeout]\n"),
    // Probes that are none.
    ("a probe of nothing", "[[ready]]\nwhen-compose-file = \"compose.host-ports.yml\"\n"),
    ("two probes in one", "[[ready]]\nhttp = \"https://{domain}/\"\ntcp = \"{domain}:1\"\n"),
    ("connections to a page", "[[ready]]\nhttp = \"https://{domain}/\"\nstable = 3\n"),
    ("no connection", "[[ready]]\ntcp = \"{domain}:1\"\nstable = 0\n"),
    ("another host's page", "[[ready]]\nhttp = \"https://example.org/\"\n"),
    ("a page without TLS", "[[ready]]\nhttp = \"http://{domain}/\"\n"),
    ("the host's own port", "[[ready]]\ntcp = \"127.0.0.1:22\"\n"),
    ("a port beyond the last", "[[ready]]\ntcp = \"{domain}:65536\"\n"),
    ("a port as a number", "[[ready]]\ntcp = 64738\n"),
    (
        "a compose file elsewhere",
        "[[ready]]\ntcp = \"{domain}:1\"\nwhen-compose-file = \"../compose.yml\"\n",
    ),
    // Stores that are none.
    ("a store of nothing", "[[store]]\nservice = \"app\"\n"),
    ("a store of no service", "[[store]]\nproduct = \"redis\"\n"),
    ("a product misspelled", "[[store]]\nproduct = \"postgress\"\nservice = \"db\"\n"),
    ("a product that nothing is like", "[[store]]\nproduct = \"oracle\"\nservice = \"db\"\n"),
    (
        "a service that none could be called",
        "[[store]]\nproduct = \"redis\"\nservice = \"my db\"\n",
    ),
    ("a SQLite database nowhere", "[[store]]\nproduct = \"sqlite\"\nservice = \"app\"\n"),
    (
        "a path that leads nowhere",
        "[[store]]\nproduct = \"sqlite\"\nservice = \"app\"\nat = \"app.db\"\n",
    ),
    (
        "a volume without a name",
        "[[store]]\nproduct = \"redis\"\nservice = \"db\"\nvolume = \"\"\n",
    ),
    (
        "a store twice",
        "[[store]]\nproduct = \"redis\"\nservice = \"db\"\n[[store]]\nproduct = \"redis\"\nservice = \"db\"\n",
    ),
    ("a key of a store", "[[store]]\nproduct = \"redis\"\npath = \"/data\"\n"),
    ("stores in a list", "[backup]\nunprotected = [\"cache\"]\n"),
    ("no reason for a store", "[backup]\nunprotected = { cache = \"\" }\n"),
    // Values of another type.
    ("a number for a path", "[health]\npath = 80\n"),
    ("one status for a list", "[health]\nok = 200\n"),
    ("statuses in quotes", "[health]\nok = [\"200\"]\n"),
    ("a status too large for any", "[health]\nok = [200, 70000]\n"),
    ("seconds for a length of time", "[timeouts]\ndeploy = 600\n"),
    ("text for a table", "health = \"/\"\n"),
    ("a list of tables for a table", "[[health]]\npath = \"/\"\n"),
    ("a table for a list of tables", "[ready]\ntcp = \"{domain}:1\"\n"),
    ("a list for the variables", "env = [\"A=1\"]\n"),
    ("a number for a variable", "[env]\nTIMEOUT = 900\n"),
    ("a word for a switch", "[backup]\ncapable = \"yes\"\n"),
    ("text for a list of recipes", "deps = \"keycloak\"\n"),
    ("a switch for a rung", "[not-applicable]\nupgrade = true\n"),
    // Values that are not what belongs there.
    ("no length of time", "[timeouts]\nhttp = \"soon\"\n"),
    ("no time at all", "[timeouts]\ndeploy = \"0s\"\n"),
    ("a time below zero", "[timeouts]\ndeploy = \"-5m\"\n"),
    ("escape codes", "deps = [\"\\u001b[31m\"]\n"),
    ("a recipe in capitals", "deps = [\"Keycloak\"]\n"),
    ("a path for a recipe", "deps = [\"../keycloak\"]\n"),
    ("a release without the app's half", "[upgrade]\nbase = \"3.0.1\"\n"),
    ("a branch for a release", "[upgrade]\nbase = \"main\"\n"),
    ("a service that could not be one", "[upgrade]\ndrops = [\"my cache\"]\n"),
    ("a rung that is none", "[not-applicable]\nbackup = \"keeps nothing\"\n"),
    ("a variable that begins with a digit", "[env]\n2FA = \"on\"\n"),
    ("a variable with a hyphen", "[env]\nADMIN-USER = \"me\"\n"),
    ("a place that stands for nothing", "[env]\nURL = \"https://{domian}/\"\n"),
    ("a shell's variable", "[env]\nURL = \"https://${DOMAIN}/\"\n"),
    ("a brace alone", "[env]\nPATTERN = \"a{2\"\n"),
    ("two lines in a variable", "[env]\nA = \"1\\nB=2\"\n"),
    // Values that do not fit together, or not the recipe, or no run.
    ("a path without a slash", "[health]\npath = \"health\"\n"),
    ("a URL for a path", "[health]\npath = \"https://example.org/health\"\n"),
    ("a host for a path", "[health]\npath = \"//example.org/health\"\n"),
    ("a path with a fragment", "[health]\npath = \"/#/login\"\n"),
    ("a path with a space", "[screenshot]\npath = \"/my page\"\n"),
    ("no status", "[health]\nok = []\n"),
    ("a status that is none", "[health]\nok = [200, 42]\n"),
    ("longer than any run", "[timeouts]\ndeploy = \"30h\"\n"),
    ("a dependency twice", "deps = [\"keycloak\", \"keycloak\"]\n"),
    ("oneself as a dependency", "deps = [\"ghost\"]\n"),
    ("a dependency that is none", "[env]\nISSUER = \"https://{dep.keycloak.domain}/\"\n"),
    (
        "another than those",
        "deps = [\"gitea\"]\n[upgrade.env]\nISSUER = \"{dep.keycloak.domain}\"\n",
    ),
    ("a variable that is ours", "[env]\nDOMAIN = \"example.org\"\n"),
    (
        "one that is ours, at the upgrade",
        "[upgrade]\nenv = { LETS_ENCRYPT_ENV = \"production\" }\n",
    ),
    ("a reason that is blank", "[not-applicable]\nupgrade = \"  \"\n"),
    ("a rung that always applies", "[not-applicable]\ninstall = \"it is hard\"\n"),
    (
        "backups that are and are not",
        "[backup]\ncapable = true\n[not-applicable]\nbackup_restore = \"keeps nothing\"\n",
    ),
    (
        "an upgrade that is and is not",
        "[upgrade]\nbase = \"1.0.0+1\"\n[not-applicable]\nupgrade = \"x\"\n",
    ),
    ("a service dropped twice", "[upgrade]\ndrops = [\"cache\", \"cache\"]\n"),
    ("a selector that is blank", "[screenshot]\nwait-for = \"\"\n"),
];

const RECIPE: &str =
    "version: \"3.8\"\nservices:\n  app:\n    image: ghost:5\n  db:\n    image: mariadb:10.11\n";

const OVERLAYS: &[(&str, &str)] = &[
    ("an image", "services:\n  app:\n    image: ghost:6\n"),
    (
        "an image among other keys",
        "services:\n  db:\n    tty: true\n  app:\n    stop_grace_period: 1m\n    image: \"ghost:6\"\n",
    ),
    ("a build", "services:\n  app:\n    build:\n      context: .\n"),
    ("a new service with an image", "services:\n  mail:\n    image: mailpit:1\n"),
    ("another compose version", "version: \"3.3\"\nservices:\n  app:\n    tty: true\n"),
    ("a service that is none", "services:\n  ap:\n    tty: true\n"),
    ("a service that nothing is like", "services:\n  frontend:\n    tty: true\n"),
    ("a tab", "services:\n\tapp:\n\t\ttty: true\n"),
    ("a bracket that stays open", "services:\n  app:\n    ports: [\"80:80\"\n"),
    ("a key twice", "services:\n  app:\n    tty: true\n    tty: false\n"),
    ("nothing", ""),
    ("a comment", "# nothing yet\n"),
    ("a version alone", "version: \"3.8\"\n"),
    ("no services below the key", "services:\n"),
    ("a list for the services", "services:\n  - app\n"),
    ("text", "just text\n"),
    ("a list for the file", "- services\n"),
    ("a service that is a word", "services:\n  app: on\n"),
    ("the section misspelled", "service:\n  app:\n    tty: true\n"),
    (
        "a section that nothing is like",
        "include:\n  - other.yml\nservices:\n  app:\n    tty: true\n",
    ),
    ("a key misspelled", "services:\n  app:\n    enviroment: [A=1]\n"),
    ("a key that Swarm does not know", "services:\n  app:\n    container_name: ghost\n"),
    (
        "a version label",
        "services:\n  app:\n    deploy:\n      labels:\n        - \"coop-cloud.${STACK_NAME}.version=9.0.0+9\"\n",
    ),
    (
        "a backup label",
        "services:\n  db:\n    deploy:\n      labels:\n        backupbot.backup: \"true\"\n",
    ),
    ("a number of ports for a list", "services:\n  app:\n    ports: 80\n"),
    ("an alias that leads nowhere", "services:\n  app: *shared\n"),
];

/// The name, `VERSION`, `compose.previous.yml`.
type PreviousCase = (&'static str, Option<&'static str>, Option<&'static str>);

const FINE: Option<&str> = Some("services:\n  db:\n    image: mariadb:10.5\n");

const PREVIOUS: &[PreviousCase] = &[
    ("no VERSION", None, FINE),
    ("no compose file", Some("1.2.0+6.44.1\n"), None),
    ("a blank VERSION", Some(""), FINE),
    ("a VERSION of blank lines", Some(" \n\n"), FINE),
    ("two lines", Some("1.2.0+6.44.1\n1.3.0+6.45.0\n"), FINE),
    ("a comment before it", Some("# repairs\n1.2.0+6.44.1\n"), FINE),
    ("no release", Some("latest\n"), FINE),
    ("half a release", Some("1.2.0\n"), FINE),
    ("a v before it", Some("v1.2.0+6.44.1\n"), FINE),
    ("escape codes", Some("\u{1b}[31m1.2.0\u{7}\n\u{1b}[0m\n"), FINE),
    ("one line of escape codes", Some("1.2.0+\u{1b}[31m6\n"), FINE),
    ("not YAML", Some("1.2.0+6.44.1\n"), Some("services:\n  db: {\n")),
    ("nothing in the compose file", Some("1.2.0+6.44.1\n"), Some("\n")),
    (
        "a key misspelled",
        Some("1.2.0+6.44.1\n"),
        Some("services:\n  db:\n    imge: mariadb:10.5\n"),
    ),
    (
        "another compose version",
        Some("1.2.0+6.44.1\n"),
        Some("version: '3.3'\nservices:\n  db:\n    image: a\n"),
    ),
    ("a service that is none", Some("1.2.0+6.44.1\n"), Some("services:\n  dv:\n    tty: true\n")),
];

fn shown(error: &dyn Error) -> String {
    Chain(error).to_string()
}

fn settings(text: &str) -> Result<Settings, String> {
    let recipe = RecipeName::try_from("ghost".to_owned()).expect("a recipe's name");
    Settings::parse(&recipe, text).map_err(|error| shown(&error))
}

fn overlay(text: &str) -> Result<(), String> {
    let recipe = Compose::parse("compose.yml", RECIPE).expect("the recipe is fine");
    check_overlay("recipes/ghost/compose.ccci.yml", text, &recipe).map_err(|error| shown(&error))
}

fn previous(version: Option<&str>, compose: Option<&str>) -> Result<(), String> {
    let recipe = Compose::parse("compose.yml", RECIPE).expect("the recipe is fine");
    let read = Previous::parse("recipes/ghost/previous", version, compose);
    let read = read.map_err(|error| shown(&error))?.expect("a folder with files");
    read.check(&recipe).map_err(|error| shown(&error))
}

/// Every broken file: its kind, its name, the file that must be named, and the error.
fn all() -> Vec<(&'static str, &'static str, String)> {
    let accepted = |name: &str| panic!("{name}: was taken as if nothing were wrong");
    let mut all = Vec::new();
    for (name, text) in SETTINGS {
        let error = settings(text).err().unwrap_or_else(|| accepted(name));
        all.push(("recipes/ghost/recipe.toml:", *name, error));
    }
    for (name, text) in OVERLAYS {
        let error = overlay(text).err().unwrap_or_else(|| accepted(name));
        all.push(("recipes/ghost/compose.ccci.yml:", *name, error));
    }
    for (name, version, compose) in PREVIOUS {
        let error = previous(*version, *compose).err().unwrap_or_else(|| accepted(name));
        all.push(("recipes/ghost/previous/", *name, error));
    }
    all
}

fn page(file: &str) -> String {
    let of_file = all().into_iter().filter(|(named, ..)| *named == file);
    of_file.map(|(_, name, error)| format!("## {name}\n{error}\n\n")).collect()
}

#[test]
fn broken_settings_are_explained() {
    insta::assert_snapshot!(page("recipes/ghost/recipe.toml:"));
}

#[test]
fn broken_overlays_are_explained() {
    insta::assert_snapshot!(page("recipes/ghost/compose.ccci.yml:"));
}

#[test]
fn broken_repairs_are_explained() {
    insta::assert_snapshot!(page("recipes/ghost/previous/"));
}

#[test]
fn every_error_names_its_place_and_a_remedy() {
    for (file, name, error) in all() {
        assert!(error.starts_with(file), "{name}: {error}");
        let place = error.strip_prefix(file).unwrap_or_default();
        let whole_folder = error.contains("is missing: expected it beside");
        let line = place.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n');
        assert!(whole_folder || line.starts_with(|c: char| c.is_ascii_digit()), "{name}: {error}");
        let first = error.lines().next().unwrap_or_default();
        assert!(REMEDIES.iter().any(|remedy| first.contains(remedy)), "{name}: {error}");
        assert!(!error.contains(|c: char| c.is_control() && c != '\n'), "{name}: {error:?}");
    }
}

#[test]
fn no_two_of_them_are_the_same() {
    let (mut names, mut inputs) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in SETTINGS {
        assert!(
            names.insert(format!("settings {name}")) && inputs.insert(("s", *text, "")),
            "{name}"
        );
    }
    for (name, text) in OVERLAYS {
        assert!(
            names.insert(format!("overlay {name}")) && inputs.insert(("o", *text, "")),
            "{name}"
        );
    }
    for (name, version, compose) in PREVIOUS {
        let input = ("p", version.unwrap_or("-"), compose.unwrap_or("-"));
        assert!(names.insert(format!("previous {name}")) && inputs.insert(input), "{name}");
    }
    assert!(names.len() >= 60, "{}", names.len());
}

#[test]
fn what_is_fine_is_taken() {
    assert!(settings(EXAMPLE).is_ok(), "{:?}", settings(EXAMPLE));
    for text in [
        "services:\n  app:\n    environment: [A=1]\n",
        "version: \"3.8\"\nservices:\n  db:\n    deploy:\n      update_config: {order: stop-first}\n",
        "x-more: &more {tty: true}\nservices:\n  app: *more\n",
    ] {
        assert_eq!(overlay(text), Ok(()), "{text}");
    }
    assert_eq!(previous(Some("1.2.0+6.44.1"), FINE), Ok(()));
}
