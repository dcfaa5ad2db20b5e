use super::*;
use crate::recipe::repository::tests::Origin;

const COMPOSE: &str = "version: \"3.8\"\nservices:\n  app:\n    image: a:${TAG:-1}\n    deploy: {labels: [\"coop-cloud.${STACK_NAME}.version=1.1.0+1\"]}\nconfigs:\n  c: {file: c.tmpl, name: \"${STACK_NAME}_c_${C_VERSION}\"}\n";
const SAMPLE: &str = "TYPE=x\nDOMAIN=x.example.com\nCOMPOSE_FILE=compose.yml\n#COMPOSE_FILE=\"$COMPOSE_FILE:compose.more.yml\"\n";

fn pair(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[tokio::test]
async fn a_recipe_is_read_whole() {
    let origin = Origin::new().await;
    let commit = origin
        .commit(&[
            (".env.sample", SAMPLE),
            ("compose.yml", COMPOSE),
            ("compose.more.yml", "services: {app: {image: b:2}}\n"),
            ("abra.sh", "export C_VERSION=v7\n"),
        ])
        .await;
    let recipe = origin.repository().read_recipe(&commit, &[]).await.unwrap();
    assert_eq!(recipe.version.unwrap().to_string(), "1.1.0+1");
    assert_eq!(recipe.exports, pair("C_VERSION", "v7"));
    assert_eq!(recipe.compose.configs[0].name.as_deref(), Some("x_example_com_c_v7"));
    assert_eq!(recipe.compose.service("app").unwrap().image.as_deref(), Some("a:1"));
    assert_eq!(recipe.files, [".env.sample", "abra.sh", "compose.more.yml", "compose.yml"]);

    let more = pair("COMPOSE_FILE", "compose.yml:compose.more.yml");
    let recipe = origin.repository().read_recipe(&commit, &more).await.unwrap();
    assert_eq!(recipe.compose_files, ["compose.yml", "compose.more.yml"]);
    assert_eq!(recipe.compose.service("app").unwrap().image.as_deref(), Some("b:2"));
}

#[tokio::test]
async fn without_a_label_the_tag_says_the_version() {
    let origin = Origin::new().await;
    let compose = "services: {app: {image: a:1}}\n";
    let commit = origin.commit(&[(".env.sample", "TYPE=x\n"), ("compose.yml", compose)]).await;
    let before = origin.repository().read_recipe(&commit, &[]).await.unwrap();
    assert_eq!(before.version, None);
    origin.git(&["tag", "--annotate", "--message=r", "1.0.0+3.14_alpine"]).await;
    let recipe = origin.repository().read_recipe(&commit, &[]).await.unwrap();
    assert_eq!(recipe.version.unwrap().to_string(), "1.0.0+3.14_alpine");
}

#[tokio::test]
async fn what_is_missing_or_broken_is_named() {
    let origin = Origin::new().await;
    let nothing = origin.commit(&[("README.md", "x")]).await;
    let no_compose = origin.commit(&[(".env.sample", SAMPLE)]).await;
    let broken = origin.commit(&[("compose.yml", "services:\n  app: [\n")]).await;
    let repository = origin.repository();
    let error = repository.read_recipe(&nothing, &[]).await.unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("commit {} has no `.env.sample`", nothing.short())),
        "{error}"
    );
    let error = repository.read_recipe(&no_compose, &[]).await.unwrap_err();
    assert!(
        error.to_string().contains("has no `compose.yml`, which COMPOSE_FILE names"),
        "{error}"
    );
    let error = repository.read_recipe(&broken, &[]).await.unwrap_err();
    assert!(
        matches!(
            error,
            ReadRecipeError::Compose { source: ComposeError::Yaml { line: 3 | 2, .. }, .. }
        ),
        "{error:?}"
    );
}
