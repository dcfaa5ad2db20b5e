//! A small recipe with two releases, in a repository of its own.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::platform::Revision;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::recipe::Repository;

const COMPOSE: &str = r#"version: "3.8"
services:
  app:
    image: nginx:${TAG:-IMAGE}
    networks: [proxy]
    volumes: ["content:/usr/share/nginx/html"]
    secrets: [db_password]
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost/"], interval: 1s}
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "coop-cloud.${STACK_NAME}.version=RELEASE"
        - "backupbot.backup=true"
networks: {proxy: {external: true}}
volumes: {content: {}}
secrets:
  db_password: {external: true, name: "${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}"}
"#;

const SAMPLE: &str = "TYPE=mini\nDOMAIN=mini.example.com\nLETS_ENCRYPT_ENV=production\nSECRET_DB_PASSWORD_VERSION=v1 # length=32\n";

pub(crate) struct Recipe {
    pub(crate) repository: Repository,
    pub(crate) base: Revision,
    pub(crate) head: Revision,
}

/// Makes the recipe below a folder. With an endpoint mode of its own it needs no overlay on any host.
pub(crate) async fn recipe(below: &Utf8Path, env: &BaseEnv, mode: Option<&str>) -> Recipe {
    let compose = match mode {
        Some(mode) => {
            COMPOSE.replace("    deploy:\n", &format!("    deploy:\n      endpoint_mode: {mode}\n"))
        }
        None => COMPOSE.to_owned(),
    };
    let dir = below.join("origin");
    std::fs::create_dir_all(&dir).unwrap();
    git(&dir, env, &["init", "--quiet", "--initial-branch=main"]).await;
    std::fs::write(dir.join(".env.sample"), SAMPLE).unwrap();
    std::fs::write(dir.join("abra.sh"), "").unwrap();
    let base = release(&dir, env, &compose, "1.0.0+1.22.1").await;
    let head = release(&dir, env, &compose, "1.1.0+1.26.3").await;
    Recipe { repository: Repository::at(&dir, env), base, head }
}

async fn release(dir: &Utf8Path, env: &BaseEnv, compose: &str, tag: &str) -> Revision {
    let image = tag.rsplit('+').next().unwrap();
    let compose = compose.replace("RELEASE", tag).replace("IMAGE", image);
    std::fs::write(dir.join("compose.yml"), compose).unwrap();
    git(dir, env, &["add", "--all"]).await;
    git(dir, env, &["commit", "--quiet", "--message", tag]).await;
    git(dir, env, &["tag", "--annotate", "--message", tag, tag]).await;
    let commit = Repository::at(dir, env).head().await.unwrap();
    Revision { commit, version: tag.to_owned().try_into().ok() }
}

async fn git(dir: &Utf8Path, env: &BaseEnv, args: &[&str]) {
    let identity = ["-c", "user.name=Recipe", "-c", "user.email=recipe@example.com"];
    let cmd = Cmd::new("git", env, Deadline::after(Duration::from_secs(20))).cwd(dir);
    cmd.env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(identity)
        .args(args.iter().copied())
        .run()
        .await
        .unwrap();
}
