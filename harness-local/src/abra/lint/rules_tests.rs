use harness_core::name::Commit;
use harness_core::recipe::Tag;
use rstest::rstest;

use super::*;

const GOOD: &str = "\
version: '3.8'
services:
  app:
    image: nginx:1.22.1
    healthcheck: {test: ['CMD', 'true']}
    deploy: {labels: ['traefik.enable=true']}
configs:
  conf: {file: ./x, name: '${STACK_NAME}_conf_${CONF_VERSION}'}
secrets:
  pw: {external: true}
";
const README: &str =
    "<!-- metadata -->\n* **Category**: Apps\n* **Status**: 3\n<!-- endmetadata -->\n";

fn failed(
    compose: &str,
    sample: Option<&str>,
    abra_sh: &str,
    change: impl Fn(&mut LintSubject),
) -> Vec<&'static str> {
    let files = [("compose.yml".to_owned(), compose.to_owned())];
    let mut subject = LintSubject::read(&files, sample, abra_sh).unwrap();
    subject.readme = README.to_owned();
    change(&mut subject);
    RULES
        .iter()
        .filter(|r| !(r.skipped)(&subject) && !(r.holds)(&subject))
        .map(|r| r.reference)
        .collect()
}

fn tag(annotated: bool) -> Tag {
    let commit = Commit::try_from("0".repeat(40)).unwrap();
    Tag { name: "1.0.0+1".to_owned(), version: None, commit, annotated }
}

const SAMPLE: Option<&str> = Some("TYPE=x\nDOMAIN=x.example.com\n");
const ABRA_SH: &str = "export CONF_VERSION=v1\n";

#[test]
fn a_good_recipe_breaks_no_rule() {
    assert_eq!(failed(GOOD, SAMPLE, ABRA_SH, |s| s.tags = vec![tag(true)]), Vec::<&str>::new());
}

#[rstest]
#[case("version: '3.8'", "version: '3.9'", "R001")]
#[case("    healthcheck: {test: ['CMD', 'true']}\n", "", "R002")]
#[case("nginx:1.22.1", "nginx", "R003")]
#[case("nginx:1.22.1", "nginx:latest", "R004")]
#[case("nginx:1.22.1", "nginx:stable-alpine", "R005")]
#[case("  app:", "  web:", "R009")]
#[case("traefik.enable=true", "traefik.enable=false", "R010")]
#[case("    image: nginx:1.22.1\n", "", "R011")]
#[case("${CONF_VERSION}", "${OTHER_VERSION}", "R012")]
#[case("  pw:", "  a_long_password:", "R015")]
fn each_fault_breaks_its_rule(#[case] from: &str, #[case] to: &str, #[case] rule: &str) {
    assert!(GOOD.contains(from), "{from}");
    let broken = failed(&GOOD.replace(from, to), SAMPLE, ABRA_SH, |_| {});
    assert!(broken.contains(&rule), "{broken:?}");
}

#[test]
fn the_faults_outside_the_compose_file_break_their_rules() {
    assert_eq!(failed(GOOD, SAMPLE, ABRA_SH, |s| s.tags = vec![tag(true), tag(false)]), ["R014"]);
    assert_eq!(failed(GOOD, SAMPLE, ABRA_SH, |s| s.readme.clear()), ["R007"]);
    assert_eq!(failed(GOOD, SAMPLE, ABRA_SH, |s| s.published = Some(false)), ["R006"]);
    assert!(failed(GOOD, None, ABRA_SH, |_| {}).contains(&"R008"));
    assert_eq!(failed(GOOD, SAMPLE, "", |_| {}), ["R012"]);
}

#[test]
fn routing_is_no_matter_where_no_domain_is_used() {
    let compose = GOOD.replace("traefik.enable=true", "x=y");
    assert!(!failed(&compose, Some("TYPE=x\n"), ABRA_SH, |_| {}).contains(&"R010"));
}

#[test]
fn an_overlay_that_names_a_service_again_needs_no_image_of_its_own() {
    let files = [
        ("compose.yml".to_owned(), GOOD.to_owned()),
        (
            "compose.tls.yml".to_owned(),
            "version: '3.8'\nservices:\n  app: {environment: [A=b]}\n".to_owned(),
        ),
    ];
    let subject = LintSubject::read(&files, SAMPLE, ABRA_SH).unwrap();
    assert!(RULES.iter().find(|r| r.reference == "R011").is_some_and(|r| (r.holds)(&subject)));
}

#[rstest]
#[case("1.22.1", true)]
#[case("v10.2.1-alpine", true)]
#[case("6-alpine", true)]
#[case("bookworm", false)]
#[case("stable", false)]
fn semver_like_is_a_number_first(#[case] tag: &str, #[case] like: bool) {
    assert_eq!(is_semver_like(tag), like);
}

#[test]
fn a_registrys_port_is_no_tag() {
    assert_eq!(tag_of("reg:5000/nginx"), None);
    assert_eq!(tag_of("reg:5000/nginx:1.2@sha256:0"), Some("1.2"));
}
