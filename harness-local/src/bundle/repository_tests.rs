use camino::Utf8PathBuf;
use harness_core::name::Commit;
use harness_core::recipe::{Charset, HookMoment, ReadRecipeError, RecipeAt, Repository};
use tempfile::TempDir;

use super::super::{BROKEN, TRIED, WILD, names};
use super::*;

fn name(text: &str) -> RecipeName {
    RecipeName::try_from(text.to_owned()).unwrap()
}

struct Place {
    _root: TempDir,
    dir: Utf8PathBuf,
    base: BaseEnv,
}

impl Place {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let dir = Utf8PathBuf::from_path_buf(root.path().to_owned()).unwrap();
        let base = BaseEnv::capture().with("HOME", root.path());
        Self { _root: root, dir, base }
    }

    async fn build(&self, recipe: &str) -> Repository {
        let dir = build(&name(recipe), &self.dir, &self.base).await.unwrap();
        Repository::at(&dir, &self.base)
    }

    async fn at(&self, recipe: &str, reference: &str) -> RecipeAt {
        let repository = self.build(recipe).await;
        let commit = repository.resolve(reference).await.unwrap();
        repository.read_recipe(&commit, &[]).await.unwrap()
    }
}

/// Returns every commit that a branch or a tag leads to, with the name.
async fn references(repository: &Repository) -> Vec<(String, Commit)> {
    let mut found = vec![("main".to_owned(), repository.default_branch_tip().await.unwrap())];
    found.extend(repository.tags().await.unwrap().into_iter().map(|tag| (tag.name, tag.commit)));
    found
}

#[tokio::test]
async fn the_same_recipe_gives_the_same_commits_every_time() {
    let (one, other) = (Place::new(), Place::new());
    for recipe in names() {
        let first = references(&one.build(recipe.as_str()).await).await;
        let second = references(&other.build(recipe.as_str()).await).await;
        assert_eq!(first, second, "{recipe}");
    }
    // Also on another machine and next year; it changes when the first release of `custom-html` is written anew.
    let first = one.build("custom-html").await.resolve("1.9.0+1.22.1").await.unwrap();
    assert_eq!(first.as_str(), "096d80e083889fdec3e2fb1c5403e3c41f62d774");
}

#[tokio::test]
async fn a_repository_is_made_once() {
    let place = Place::new();
    let first = build(&name("custom-html"), &place.dir, &place.base).await.unwrap();
    std::fs::write(first.join("mark"), "").unwrap();
    assert_eq!(build(&name("custom-html"), &place.dir, &place.base).await.unwrap(), first);
    assert!(first.join("mark").exists());
    let left: Vec<_> = std::fs::read_dir(&place.dir).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn two_builders_at_once_give_one_whole_repository() {
    let place = Place::new();
    let recipe = name("ghost");
    let (a, b) = tokio::join!(
        build(&recipe, &place.dir, &place.base),
        build(&recipe, &place.dir, &place.base)
    );
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(place.build("ghost").await.tags().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_recipe_is_named() {
    let place = Place::new();
    let error = build(&name("nowhere"), &place.dir, &place.base).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no bundled recipe `nowhere`");
}

#[tokio::test]
async fn every_bundled_recipe_reads_at_every_reference_unless_it_is_broken_there() {
    let place = Place::new();
    for recipe in names() {
        let repository = place.build(recipe.as_str()).await;
        for (reference, commit) in references(&repository).await {
            let read = repository.read_recipe(&commit, &[]).await;
            match (recipe.as_str(), read) {
                ("broken-compose", Err(ReadRecipeError::Compose { .. }))
                | ("no-env-sample", Err(ReadRecipeError::NoEnvSample { .. })) => {}
                ("broken-compose" | "no-env-sample", read) => {
                    panic!("{recipe} {reference}: {read:?}")
                }
                (_, read) => {
                    let read = read.unwrap_or_else(|e| panic!("{recipe} {reference}: {e:?}"));
                    assert!(
                        read.version.is_some() && !read.compose.services.is_empty(),
                        "{recipe} {reference}"
                    );
                    assert!(read.compose.service("app").is_some(), "{recipe} {reference}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_recipe_s_sample_says_the_recipe_that_it_is_run_as() {
    let place = Place::new();
    for recipe in
        names().iter().filter(|r| r.as_str() != "no-env-sample" && r.as_str() != "broken-compose")
    {
        let run_as = BROKEN
            .iter()
            .find(|b| b.recipe == recipe.as_str())
            .map_or(recipe.as_str(), |b| b.run_as);
        let repository = place.build(recipe.as_str()).await;
        for (reference, commit) in references(&repository).await {
            let read = repository.read_recipe(&commit, &[]).await.unwrap();
            assert_eq!(
                read.env_sample.recipe_and_version().as_deref(),
                Some(run_as),
                "{recipe} {reference}"
            );
            let domain = read.env_sample.get("DOMAIN");
            assert_eq!(domain, Some(format!("{run_as}.example.com")), "{recipe} {reference}");
        }
    }
}

#[test]
fn the_tables_and_the_folders_agree() {
    let mut listed: Vec<&str> =
        BROKEN.iter().map(|b| b.recipe).chain(WILD.iter().copied()).collect();
    listed.extend([
        "custom-html",
        "custom-html-tiny",
        "drone",
        "ghost",
        "gitea",
        "keycloak",
        "matrix-synapse",
        "mumble",
        "oidc-page",
        "own-tests",
    ]);
    listed.extend(TRIED);
    listed.sort_unstable();
    let names = names();
    assert_eq!(names.iter().map(RecipeName::as_str).collect::<Vec<_>>(), listed);
}

#[tokio::test]
async fn custom_html_has_three_releases_and_an_unreleased_head_that_changes_image_and_config() {
    let place = Place::new();
    let repository = place.build("custom-html").await;
    let tags = repository.tags().await.unwrap();
    let seen: Vec<_> = tags.iter().map(|t| (t.name.as_str(), t.annotated)).collect();
    assert_eq!(seen, [("1.9.0+1.22.1", true), ("1.10.0+1.22.1", true), ("1.11.0+1.22.1", true)]);
    let (base, head) =
        (place.at("custom-html", "1.11.0+1.22.1").await, place.at("custom-html", "main").await);
    assert!(tags.iter().all(|t| t.commit != head.commit));
    assert!(head.version > base.version);
    let image = |r: &RecipeAt| r.compose.service("app").unwrap().image.clone().unwrap();
    assert_eq!(
        (image(&base), image(&head)),
        ("nginx:1.22.1".to_owned(), "nginx:1.26.3".to_owned())
    );
    assert_ne!(base.compose.configs[0].name, head.compose.configs[0].name);
    assert!(base.compose.backup().volumes[0].covered);
    assert_ne!(place.at("custom-html", "robots").await.commit, head.commit);
}

#[tokio::test]
async fn ghost_dumps_its_database_and_reads_it_back() {
    let place = Place::new();
    for (tag, image) in [("1.2.0+6.44.1", "ghost:6.44.1"), ("1.3.0+6.65.0", "ghost:6.65.0")] {
        let recipe = place.at("ghost", tag).await;
        assert_eq!(recipe.compose.service("app").unwrap().image.as_deref(), Some(image));
        let claims = recipe.compose.backup();
        let moments: Vec<_> = claims.hooks.iter().map(|h| h.when).collect();
        assert_eq!(moments, [HookMoment::BeforeBackup, HookMoment::AfterRestore]);
        let mysql = claims.volumes.iter().find(|v| v.volume == "mysql").unwrap();
        assert_eq!(mysql.paths, ["backup.sql.gz"]);
        let secrets: Vec<_> =
            recipe.env_sample.secrets().into_iter().map(|s| (s.name, s.length)).collect();
        assert_eq!(
            secrets,
            [("db_password".to_owned(), Some(32)), ("db_root_password".to_owned(), Some(32))]
        );
    }
}

#[tokio::test]
async fn upgrade_variants_start_from_the_healthy_release() {
    let place = Place::new();
    let healthy = place.at("custom-html", "1.11.0+1.22.1").await;
    for recipe in ["broken-rolled-back", "broken-lost-volume", "broken-content-type"] {
        let base = place.at(recipe, "1.11.0+1.22.1").await;
        assert_eq!(base.compose.services[0].image, healthy.compose.services[0].image, "{recipe}");
        assert_eq!(base.files, healthy.files, "{recipe}");
    }
    let (base, head) = (
        place.at("broken-vacuous-upgrade", "1.10.0+1.22.1").await,
        place.at("broken-vacuous-upgrade", "1.11.0+1.22.1").await,
    );
    assert_eq!(base.compose, head.compose);
}

#[tokio::test]
async fn wild_overlays_are_chosen_by_assigning_again() {
    let place = Place::new();
    let recipe = place.at("wild-overlays", "main").await;
    assert_eq!(
        recipe.files.iter().filter(|f| f.starts_with("compose.") && *f != "compose.yml").count(),
        30
    );
    let expected = [
        "compose.yml",
        "compose.postgres.yml",
        "compose.metrics.yml",
        "compose.oidc.yml",
        "compose.redis.yml",
    ];
    assert_eq!(recipe.compose_files, expected);
    let all = recipe.files.iter().filter(|f| f.starts_with("compose."));
    let all: Vec<&str> = std::iter::once("compose.yml")
        .chain(all.map(String::as_str).filter(|f| *f != "compose.yml"))
        .collect();
    let repository = place.build("wild-overlays").await;
    let chosen = [("COMPOSE_FILE".to_owned(), all.join(":"))];
    let everything = repository.read_recipe(&recipe.commit, &chosen).await.unwrap();
    assert_eq!(everything.compose_files.len(), 31);
    assert_eq!(everything.compose.services.len(), 7);
}

#[tokio::test]
async fn wild_versions_are_kept_apart_from_stray_tags() {
    let tags = Place::new().build("wild-versions").await.tags().await.unwrap();
    let releases: Vec<_> = tags
        .iter()
        .filter(|t| t.version.is_some() && t.annotated)
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(
        releases,
        ["0.1.1+3.14_alpine", "2.0.0+1.0.5-social-amd64", "2.0.1+1.0.6-social-amd64"]
    );
    let stray: Vec<_> =
        tags.iter().filter(|t| t.version.is_none()).map(|t| t.name.as_str()).collect();
    assert_eq!(stray, ["1.0+1", "broken/backup-of-main", "latest", "v1"]);
    assert!(tags.iter().any(|t| t.version.is_some() && !t.annotated));
}

#[tokio::test]
async fn wild_modifiers_are_read() {
    let recipe = Place::new().at("wild-modifiers", "main").await;
    let get = |name: &str| recipe.env_sample.get(name).unwrap();
    assert_eq!(get("SITE_TITLE"), "My Great Site");
    assert_eq!(get("SITE_COLOR"), "#ff0000");
    assert_eq!(get("SITE_MOTTO"), "costs $5 # really");
    assert_eq!(get("SITE_URL"), "https://wild-modifiers.example.com/home");
    let secrets = recipe.env_sample.secrets();
    let sso = secrets.iter().find(|s| s.name == "sso_key").unwrap();
    assert_eq!((sso.length, &sso.charset, sso.generate), (Some(43), &Charset::Hex, false));
    assert!(secrets.iter().all(|s| s.name != "legacy_token"));
    let worker = recipe.compose.service("worker").unwrap();
    assert_eq!(worker.secrets, ["key_base", "db_password"]);
    assert!(worker.environment.contains(&("ENABLE_SIGNUP".to_owned(), Some("yes".to_owned()))));
    assert!(worker.environment.contains(&("ROLE".to_owned(), Some("worker".to_owned()))));
    let claims = recipe.compose.backup();
    let covered: Vec<_> =
        claims.volumes.iter().map(|v| (v.volume.as_str(), v.covered, v.paths.len())).collect();
    assert_eq!(covered, [("uploads", true, 0), ("db-data", true, 1), ("redis", false, 0)]);
}

#[tokio::test]
async fn matrix_synapse_has_two_releases_and_a_head_that_brings_a_newer_synapse() {
    let place = Place::new();
    let repository = place.build("matrix-synapse").await;
    let tags = repository.tags().await.unwrap();
    let seen: Vec<_> = tags.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(seen, ["7.0.0+v1.149.1", "7.1.0+v1.149.1"]);
    let base = place.at("matrix-synapse", "7.1.0+v1.149.1").await;
    let head = place.at("matrix-synapse", "main").await;
    let image = |r: &RecipeAt, s: &str| r.compose.service(s).unwrap().image.clone().unwrap();
    assert_eq!(image(&base, "app"), "matrixdotorg/synapse:v1.149.1");
    assert_eq!(image(&head, "app"), "matrixdotorg/synapse:v1.163.2");
    assert_eq!(image(&base, "db"), image(&head, "db"));
    assert!(head.version > base.version);
    let claims = head.compose.backup();
    let moments: Vec<_> = claims.hooks.iter().map(|h| h.when).collect();
    assert_eq!(moments, [HookMoment::BeforeBackup, HookMoment::AfterRestore]);
    let paths = |volume: &str| claims.volumes.iter().find(|v| v.volume == volume).unwrap();
    assert_eq!(paths("postgres").paths, ["backup.sql.gz"]);
    assert!(paths("data").covered && paths("data").paths.is_empty());
}

#[tokio::test]
async fn gitea_is_sampled_with_a_database_that_is_dumped_and_can_do_without() {
    let place = Place::new();
    let repository = place.build("gitea").await;
    let tags = repository.tags().await.unwrap();
    let seen: Vec<_> = tags.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(seen, ["3.5.2+1.25.5-rootless", "3.5.3+1.25.5-rootless"]);
    let head = place.at("gitea", "main").await;
    assert_eq!(head.compose_files, ["compose.yml", "compose.mariadb.yml"]);
    let image = head.compose.service("app").unwrap().image.clone();
    assert_eq!(image.as_deref(), Some("gitea/gitea:1.26.0-rootless"));
    let claims = head.compose.backup();
    let paths = |volume: &str| claims.volumes.iter().find(|v| v.volume == volume).unwrap();
    assert_eq!(paths("mysql").paths, ["backup.sql.gz"]);
    assert!(["data", "config"].iter().all(|v| paths(v).covered && paths(v).paths.is_empty()));
    let lengths: Vec<_> =
        head.env_sample.secrets().into_iter().map(|s| (s.name, s.length)).collect();
    assert!(lengths.contains(&("jwt_secret".to_owned(), Some(43))), "{lengths:?}");
    assert!(lengths.iter().all(|(name, _)| name != "lfs_jwt_secret"), "{lengths:?}");

    let chosen = |files: &str| [("COMPOSE_FILE".to_owned(), files.to_owned())];
    let alone = chosen("compose.yml:compose.sqlite3.yml");
    let alone = repository.read_recipe(&head.commit, &alone).await.unwrap();
    assert_eq!((alone.compose.services.len(), alone.compose.backup().hooks.len()), (1, 0));
    let large = chosen("compose.yml:compose.mariadb.yml:compose.lfs.yml");
    assert!(repository.read_recipe(&head.commit, &large).await.is_ok());
    let base = repository.resolve("3.5.3+1.25.5-rootless").await.unwrap();
    assert!(repository.read_recipe(&base, &large).await.is_err(), "large files came with head");
}

#[tokio::test]
async fn keycloak_has_a_limit_on_memory_and_a_head_that_brings_a_newer_keycloak() {
    let place = Place::new();
    let base = place.at("keycloak", "10.7.0+26.5.6").await;
    let head = place.at("keycloak", "main").await;
    let image = |r: &RecipeAt, s: &str| r.compose.service(s).unwrap().image.clone().unwrap();
    assert_eq!(image(&base, "app"), "keycloak/keycloak:26.5.6");
    assert_eq!(image(&head, "app"), "keycloak/keycloak:26.7.3");
    assert!(head.version > base.version);
    let moments: Vec<_> = head.compose.backup().hooks.iter().map(|h| h.when).collect();
    assert_eq!(moments, [HookMoment::BeforeBackup, HookMoment::AfterRestore]);
    let repository = place.build("keycloak").await;
    for (reference, has_limit) in [("10.6.0+26.5.6", false), ("10.7.0+26.5.6", true)] {
        let commit = repository.resolve(reference).await.unwrap();
        let text = repository.file_at(&commit, "compose.yml").await.unwrap().unwrap();
        assert_eq!(text.contains("memory: 1536M"), has_limit, "{reference}");
    }
}

#[tokio::test]
async fn drone_has_no_backups_and_a_secret_that_is_a_giteas() {
    let head = Place::new().at("drone", "main").await;
    assert!(!head.compose.backup().enabled);
    let secrets = head.env_sample.secrets();
    let made: Vec<_> = secrets.iter().map(|s| (s.name.as_str(), s.generate)).collect();
    assert_eq!(made, [("rpc_secret", true), ("client_secret", false)]);
}
