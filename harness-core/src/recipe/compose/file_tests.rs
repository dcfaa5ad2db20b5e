use rstest::rstest;

use super::super::{Hook, HookMoment, Mount, VolumeClaim};
use super::*;
use crate::name::ServiceName;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const SHAPED_LIKE_A_RECIPE: &str = r#"version: "3.8"

x-environment: &shared
  DB_HOST: ${STACK_NAME}_db
  CACHE: "off"
  ANSWER: yes

services:
  app:
    image: "nginx:1.22.1"
    environment:
      <<: *shared
      OWN:
    networks:
      - proxy
      - internal
    volumes:
      - content:/usr/share/nginx/html
      - "/etc/localtime:/etc/localtime:ro"
      - type: tmpfs
        target: /tmp
    configs:
      - source: default_conf
        target: /etc/nginx/conf.d/default.conf
        mode: 0440
    secrets: [db_password]
    ports:
      - "22:2222/udp"
      - target: 80
        published: 8080
        mode: host
    depends_on: [db]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
    deploy:
      replicas: 1
      endpoint_mode: dnsrr
      restart_policy:
        condition: on-failure
      update_config:
        order: start-first
        failure_action: rollback
      labels:
        - "traefik.enable=true"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`${EXTRA_DOMAINS})"
        - "coop-cloud.${STACK_NAME}.version=1.10.0+1.22.1"
        - "price=$$5"
  db:
    image: mariadb:10.11
    networks: {internal: {aliases: [database]}}
    volumes: ["mysql:/var/lib/mysql"]
    healthcheck: {disable: true}
    deploy:
      labels:
        backupbot.backup: "true"
        backupbot.backup.pre-hook: "/mysql_backup.sh backup"
        backupbot.backup.volumes.mysql.path: "backup.sql.gz, other"
        backupbot.backup.volumes.content: "false"
        backupbot.restore.post-hook: "/mysql_backup.sh restore"

volumes:
  content:
  mysql:
  elsewhere: {external: true, name: shared}
networks:
  proxy: {external: true}
  internal:
secrets:
  db_password:
    external: true
    name: ${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}
configs:
  default_conf:
    name: ${STACK_NAME}_default_conf_${DEFAULT_CONF_VERSION}
    file: default.conf.tmpl
    template_driver: golang
"#;

fn effective() -> Compose {
    let vars = pairs(&[("STACK_NAME", "a_b"), ("DOMAIN", "a.b"), ("DEFAULT_CONF_VERSION", "v1")]);
    Compose::effective(&pairs(&[("compose.yml", SHAPED_LIKE_A_RECIPE)]), &vars).unwrap()
}

#[test]
fn a_recipe_s_service_is_read_in_every_part() {
    let compose = effective();
    let app = compose.service("app").unwrap();
    assert_eq!(app.image.as_deref(), Some("nginx:1.22.1"));
    assert_eq!(app.label("traefik.http.routers.a_b.rule"), Some("Host(`a.b`)"));
    assert_eq!(app.label("coop-cloud.a_b.version"), Some("1.10.0+1.22.1"));
    assert_eq!(app.label("price"), Some("$5"));
    let value = |v: &str| Some(v.to_owned());
    let environment = [
        ("DB_HOST", value("a_b_db")),
        ("CACHE", value("off")),
        ("ANSWER", value("yes")),
        ("OWN", None),
    ];
    for (name, value) in environment {
        assert!(
            app.environment.contains(&(name.to_owned(), value)),
            "{name}: {:?}",
            app.environment
        );
    }
    let mount = |volume: Option<&str>, source: &str, target: &str, read_only| Mount {
        volume: volume.map(str::to_owned),
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    };
    assert_eq!(
        app.mounts,
        [
            mount(Some("content"), "content", "/usr/share/nginx/html", false),
            mount(None, "/etc/localtime", "/etc/localtime", true),
            mount(None, "", "/tmp", false),
        ]
    );
    let ports: Vec<_> = app
        .ports
        .iter()
        .map(|p| (p.target.as_str(), p.published.as_deref(), p.mode.as_str()))
        .collect();
    assert_eq!(ports, [("2222", Some("22"), "ingress"), ("80", Some("8080"), "host")]);
    assert_eq!((app.replicas, app.endpoint_mode.as_deref()), (Some(1), Some("dnsrr")));
    assert_eq!(app.restart_condition.as_deref(), Some("on-failure"));
    assert_eq!(app.update.order.as_deref(), Some("start-first"));
    assert_eq!(
        (app.depends_on.join(","), app.networks.join(",")),
        ("db".to_owned(), "proxy,internal".to_owned())
    );
    assert_eq!(
        (app.secrets.join(","), app.configs.join(",")),
        ("db_password".to_owned(), "default_conf".to_owned())
    );
    assert!(app.has_healthcheck);
    let db = compose.service("db").unwrap();
    assert!(!db.has_healthcheck);
    assert_eq!(db.networks, ["internal"]);
}

#[test]
fn definitions_are_read_with_their_names() {
    let compose = effective();
    assert_eq!(compose.version.as_deref(), Some("3.8"));
    assert_eq!(compose.configs[0].name.as_deref(), Some("a_b_default_conf_v1"));
    assert_eq!(compose.configs[0].template_driver.as_deref(), Some("golang"));
    assert_eq!(compose.secrets[0].name.as_deref(), Some("a_b_db_password_"));
    let external: Vec<_> = compose.networks.iter().map(|n| (n.key.as_str(), n.external)).collect();
    assert_eq!(external, [("proxy", true), ("internal", false)]);
    assert_eq!(compose.volumes[2].name.as_deref(), Some("shared"));
}

#[test]
fn backup_claims_follow_the_labels() {
    let claims = effective().backup();
    assert!(claims.enabled);
    let claim = |volume: &str, covered, paths: &[&str]| VolumeClaim {
        volume: volume.to_owned(),
        covered,
        paths: paths.iter().map(|p| (*p).to_owned()).collect(),
    };
    assert_eq!(
        claims.volumes,
        [claim("content", false, &[]), claim("mysql", true, &["backup.sql.gz", "other"])]
    );
    let db = ServiceName::try_from("db".to_owned()).unwrap();
    let hook =
        |when, command: &str| Hook { service: db.clone(), when, command: command.to_owned() };
    assert_eq!(
        claims.hooks,
        [
            hook(HookMoment::BeforeBackup, "/mysql_backup.sh backup"),
            hook(HookMoment::AfterRestore, "/mysql_backup.sh restore")
        ]
    );
}

#[rstest]
#[case("[\"backupbot.backup=true\", \"backupbot.backup.path=/data,/etc/x\"]", true, &["/data", "/etc/x"])]
#[case("{backupbot.backup: true}", true, &[])]
#[case("{backupbot.backup: \"${ENABLE_BACKUPS:-true}\"}", true, &[])]
#[case("{backupbot.backup: \"false\"}", false, &[])]
#[case("{backupbot.backup: \"\"}", false, &[])]
#[case("[]", false, &[])]
fn both_generations_of_backup_labels_count(
    #[case] labels: &str,
    #[case] enabled: bool,
    #[case] v1: &[&str],
) {
    let text =
        format!("services:\n  app:\n    deploy:\n      labels: {labels}\nvolumes: {{data: }}\n");
    let claims = Compose::effective(&[("compose.yml".to_owned(), text)], &[]).unwrap().backup();
    assert_eq!(
        (claims.enabled, claims.v1_paths),
        (enabled, v1.iter().map(|p| (*p).to_owned()).collect())
    );
    assert_eq!(claims.volumes[0].covered, enabled);
}

#[test]
fn a_single_file_keeps_its_variables() {
    let compose = Compose::parse("compose.yml", SHAPED_LIKE_A_RECIPE).unwrap();
    assert_eq!(
        compose.configs[0].name.as_deref(),
        Some("${STACK_NAME}_default_conf_${DEFAULT_CONF_VERSION}")
    );
}

#[test]
fn a_later_file_is_laid_over_an_earlier_one() {
    let base = "services:\n  app:\n    image: a:1\n    command: [x, y]\n    environment: [A=1, B=2]\n    volumes: [data:/data]\n    configs: [one]\n    deploy: {labels: [a=1, b=2], replicas: 1}\n";
    let over = "services:\n  app:\n    image: a:2\n    command: [z]\n    environment: {B: 3, C: 4}\n    volumes: [other:/data, more:/more]\n    configs: [one, two]\n    deploy: {labels: {b: 3}}\n  db: {image: b:1}\nvolumes: {other: }\n";
    let compose =
        Compose::effective(&pairs(&[("compose.yml", base), ("compose.x.yml", over)]), &[]).unwrap();
    let app = compose.service("app").unwrap();
    assert_eq!(app.image.as_deref(), Some("a:2"));
    assert_eq!(app.labels, pairs(&[("a", "1"), ("b", "3")]));
    assert_eq!(app.replicas, Some(1));
    assert_eq!(app.environment.len(), 3);
    assert_eq!(app.mounts.iter().map(|m| m.source.as_str()).collect::<Vec<_>>(), ["other", "more"]);
    assert_eq!(app.configs, ["one", "two"]);
    assert_eq!(compose.services.len(), 2);
    assert_eq!(compose.volumes.len(), 1);
}

#[test]
fn thirty_overlays_are_laid_over_each_other() {
    let mut files =
        pairs(&[("compose.yml", "services:\n  app:\n    image: a:1\n    environment: [BASE=1]\n")]);
    for n in 0..30 {
        let text = format!(
            "version: \"3.8\"\nservices:\n  app:\n    environment: [\"FEATURE_{n}=${{VALUE:-{n}}}\"]\n    secrets: [s{n}]\nsecrets:\n  s{n}: {{external: true, name: \"${{STACK_NAME}}_s{n}_v1\"}}\n"
        );
        files.push((format!("compose.feature{n}.yml"), text));
    }
    let compose = Compose::effective(&files, &pairs(&[("STACK_NAME", "x")])).unwrap();
    let app = compose.service("app").unwrap();
    assert_eq!((app.environment.len(), app.secrets.len(), compose.secrets.len()), (31, 30, 30));
    assert_eq!(compose.secrets[29].name.as_deref(), Some("x_s29_v1"));
}

#[rstest]
#[case("services:\n  app:\n  image: [\n", "compose.yml:", "not valid YAML")]
#[case("services:\n  app: {image: a}\n  app: {image: b}\n", "compose.yml:3:3", "not valid YAML")]
#[case("services:\n  - app\n", "compose.yml:2:3", "`services` should be a map, not a list")]
#[case(
    "services:\n  app:\n    image: {a: b}\n",
    "compose.yml:3:12",
    "`services.app.image` should be text, not a map"
)]
#[case(
    "services:\n  app:\n    deploy: {replicas: many}\n",
    "compose.yml:3:",
    "a whole number, not `many`"
)]
#[case(
    "services:\n  app:\n    volumes: x:/y\n",
    "compose.yml:3:14",
    "should be a list, not `x:/y`"
)]
#[case("services:\n  ${X}: {image: a}\n", "compose.yml:2:", "under a name of letters")]
#[case("just text", "compose.yml:1:1", "`the file` should be a map")]
#[case("services:\n  app:\n    image: a:$\n", "compose.yml:3:12", "write `$$` for a dollar sign")]
#[case("services:\n  app:\n    image: ${A:?set A}\n", "compose.yml:3:12", "${A:?set A}")]
fn what_is_wrong_is_said_with_its_place(
    #[case] text: &str,
    #[case] place: &str,
    #[case] problem: &str,
) {
    let error = Compose::effective(&pairs(&[("compose.yml", text)]), &[]).unwrap_err().to_string();
    assert!(error.starts_with(place) && error.contains(problem), "{error}");
}

#[test]
fn an_error_in_an_overlay_names_the_overlay() {
    let files = pairs(&[
        ("compose.yml", "services: {app: {image: a}}\n"),
        ("compose.x.yml", "\nservices: {app: 3}\n"),
    ]);
    let error = Compose::effective(&files, &[]).unwrap_err().to_string();
    assert!(error.starts_with("compose.x.yml:2:17"), "{error}");
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        text.extend([format!("a{n}: &a{n} [{items}]\n")]);
    }
    assert!(matches!(Compose::parse("compose.yml", &text), Err(ComposeError::Yaml { .. })));
}
