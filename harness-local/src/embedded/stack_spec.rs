//! From compose files to what is asked of the engine, as the Docker client turns them. Main function: [`stack_spec`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::StackName;
use harness_core::recipe::{
    Compose, Definition, FileMount, Healthcheck, Mount, Port, Rollout, Service,
};

use crate::world::{
    ConfigSpec, FailureAction, HealthSpec, MountSource, MountSpec, MountedFile, NetworkSpec, Order,
    PortMode, Protocol, PublishedPort, Replicas, RestartCondition, RestartSpec, RolloutSpec,
    ServiceSpec, StackSpec, StopSpec, TaskSpec,
};

/// Returns the stack that compose files describe. `stamped` are more labels of service `app`; `read` gives the files
/// of the checkout.
///
/// # Errors
/// A config's file is not there, or a service names something that the files do not define.
pub fn stack_spec(
    compose: &Compose,
    stack: &StackName,
    stamped: &[(String, String)],
    read: impl Fn(&str) -> Option<String>,
) -> Result<StackSpec, String> {
    let namer = Namer { compose, stack };
    let mut configs = Vec::new();
    for definition in compose.configs.iter().filter(|d| !d.external) {
        let file = definition.file.as_deref().unwrap_or_default();
        let Some(text) = read(file) else {
            return Err(format!("open {file}: no such file or directory"));
        };
        configs.push(ConfigSpec {
            name: namer.full(definition),
            data: text.into_bytes(),
            is_template: definition.template_driver.as_deref() == Some("golang"),
        });
    }
    let mut services = Vec::new();
    for service in &compose.services {
        let mut spec = namer.service(service)?;
        if service.name.as_str() == "app" {
            spec.labels.extend(stamped.iter().cloned());
        }
        services.push(spec);
    }
    let used: BTreeSet<String> =
        services.iter().flat_map(|s| s.task.networks.iter().cloned()).collect();
    let is_external =
        |name: &str| compose.networks.iter().any(|d| d.external && namer.full(d) == *name);
    let networks = used.into_iter().map(|name| NetworkSpec { external: is_external(&name), name });
    Ok(StackSpec { stack: stack.clone(), services, networks: networks.collect(), configs })
}

/// Gives variables that services only name the value that they have for the deploy; those without one stay unset
/// (Docker's reference of Compose files, `environment`).
pub(super) fn pass_on(compose: &mut Compose, value_of: impl Fn(&str) -> Option<String>) {
    for service in &mut compose.services {
        for (name, value) in &mut service.environment {
            *value = value.take().or_else(|| value_of(name));
        }
    }
}

struct Namer<'a> {
    compose: &'a Compose,
    stack: &'a StackName,
}

impl Namer<'_> {
    fn full(&self, definition: &Definition) -> String {
        match &definition.name {
            Some(name) => name.clone(),
            None if definition.external => definition.key.clone(),
            None => format!("{}_{}", self.stack, definition.key),
        }
    }

    fn service(&self, service: &Service) -> Result<ServiceSpec, String> {
        let runtime = &service.runtime;
        let mut labels: BTreeMap<String, String> = service.labels.iter().cloned().collect();
        labels.insert("com.docker.stack.namespace".to_owned(), self.stack.to_string());
        let routed = labels.iter().find(|(name, _)| {
            name.starts_with("traefik.http.services.")
                && name.ends_with(".loadbalancer.server.port")
        });
        let image = service.image.clone().unwrap_or_default();
        let of_one = |c: Option<&str>| match c {
            Some("none") => RestartCondition::None,
            Some("on-failure") => RestartCondition::OnFailure,
            Some(_) | None => RestartCondition::Any,
        };
        let default = StopSpec::default();
        let task = TaskSpec {
            image,
            entrypoint: runtime.entrypoint.clone(),
            command: runtime.command.clone(),
            env: service
                .environment
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
                .collect(),
            mounts: service.mounts.iter().map(|m| self.mount(m)).collect(),
            configs: self.files(&runtime.configs, &self.compose.configs, "/")?,
            secrets: self.files(&runtime.secrets, &self.compose.secrets, "/run/secrets/")?,
            networks: self.networks(service)?,
            health: runtime.healthcheck.as_ref().and_then(health),
            restart: RestartSpec {
                condition: of_one(service.restart_condition.as_deref()),
                delay: time(runtime.restart.delay.as_deref(), RestartSpec::default().delay),
                max_attempts: runtime.restart.max_attempts,
            },
            stop: StopSpec {
                kills: runtime.stop_signal.as_deref().is_some_and(|s| s.ends_with("KILL")),
                grace: time(runtime.stop_grace_period.as_deref(), default.grace),
            },
            routed_port: routed.and_then(|(_, port)| port.trim().parse().ok()),
            ports: service.ports.iter().map(published).collect::<Result<Vec<_>, _>>()?.concat(),
        };
        Ok(ServiceSpec {
            name: service.name.clone(),
            labels,
            replicas: match service.mode.as_deref() {
                Some("global") => Replicas::Global,
                Some(_) | None => Replicas::Count(service.replicas.unwrap_or(1)),
            },
            task: Arc::new(task),
            update: rollout(&runtime.update),
            rollback: rollout(&runtime.rollback),
        })
    }

    fn networks(&self, service: &Service) -> Result<Vec<String>, String> {
        if service.networks.is_empty() {
            return Ok(vec![format!("{}_default", self.stack)]);
        }
        let name = |key: &String| {
            if key == "default" {
                return Ok(format!("{}_default", self.stack));
            }
            let known = self.compose.networks.iter().find(|d| d.key == *key);
            known.map(|d| self.full(d)).ok_or_else(|| {
                format!("service \"{}\" refers to undefined network {key}", service.name)
            })
        };
        service.networks.iter().map(name).collect()
    }

    fn mount(&self, mount: &Mount) -> MountSpec {
        let source = match &mount.volume {
            Some(key) => {
                let known = self.compose.volumes.iter().find(|v| v.key == *key);
                let own = || format!("{}_{key}", self.stack);
                MountSource::Volume(match known {
                    Some(v) if v.external => v.name.clone().unwrap_or_else(|| key.clone()),
                    Some(v) => v.name.clone().unwrap_or_else(own),
                    None => own(),
                })
            }
            None if mount.source.is_empty() => MountSource::Memory,
            None => MountSource::Host(mount.source.clone()),
        };
        MountSpec { source, target: mount.target.clone(), read_only: mount.read_only }
    }

    fn files(
        &self,
        mounts: &[FileMount],
        definitions: &[Definition],
        folder: &str,
    ) -> Result<Vec<MountedFile>, String> {
        let file = |mount: &FileMount| {
            let known = definitions.iter().find(|d| d.key == mount.source);
            let known =
                known.ok_or_else(|| format!("undefined config or secret {}", mount.source))?;
            let target = mount.target.as_deref().unwrap_or(&mount.source);
            let target = if target.starts_with('/') {
                target.to_owned()
            } else {
                format!("{folder}{target}")
            };
            Ok(MountedFile { name: self.full(known), target })
        };
        mounts.iter().map(file).collect()
    }
}

/// Returns the ports that one entry publishes: one, or a range of them.
fn published(port: &Port) -> Result<Vec<PublishedPort>, String> {
    let invalid = || format!("invalid port {}", port.published.as_ref().unwrap_or(&port.target));
    let range = |text: &str| {
        // An address before the port is not for Swarm.
        let text = text.rsplit(':').next().unwrap_or_default();
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
        (first <= last).then_some(first..=last)
    };
    let targets = range(&port.target).ok_or_else(invalid)?;
    let protocol = if port.protocol == "udp" { Protocol::Udp } else { Protocol::Tcp };
    let mode = if port.mode == "host" { PortMode::Host } else { PortMode::Ingress };
    let Some(text) = &port.published else {
        let chosen = |target| PublishedPort { published: 0, target, protocol, mode };
        return Ok(targets.map(chosen).collect());
    };
    let outside = range(text).ok_or_else(invalid)?;
    if outside.len() != targets.len() {
        return Err(invalid());
    }
    let pair = |(published, target)| PublishedPort { published, target, protocol, mode };
    Ok(outside.zip(targets).map(pair).collect())
}

fn health(check: &Healthcheck) -> Option<HealthSpec> {
    let test = match check.test.split_first() {
        Some((kind, argv)) if kind == "CMD" => argv.to_vec(),
        Some((kind, [text, ..])) if kind == "CMD-SHELL" => {
            ["/bin/sh", "-c", text].map(str::to_owned).to_vec()
        }
        Some(_) | None => return None,
    };
    (!check.disabled).then(|| HealthSpec {
        test,
        interval: time(check.interval.as_deref(), Duration::from_secs(30)),
        retries: check.retries.unwrap_or(3),
        start_period: time(check.start_period.as_deref(), Duration::ZERO),
    })
}

fn rollout(said: &Rollout) -> RolloutSpec {
    let default = RolloutSpec::default();
    RolloutSpec {
        parallelism: said.parallelism.unwrap_or(default.parallelism),
        delay: time(said.delay.as_deref(), default.delay),
        order: match said.order.as_deref() {
            Some("start-first") => Order::StartFirst,
            Some(_) | None => Order::StopFirst,
        },
        on_failure: match said.failure_action.as_deref() {
            Some("rollback") => FailureAction::RollBack,
            Some("continue") => FailureAction::Continue,
            Some(_) | None => FailureAction::Pause,
        },
        monitor: time(said.monitor.as_deref(), default.monitor),
    }
}

/// Reads a time such as `1m30s` or `500ms`; what cannot be read is the default.
fn time(text: Option<&str>, default: Duration) -> Duration {
    text.and_then(parse_time).unwrap_or(default)
}

fn parse_time(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (0.0, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        total += number
            * match &unit[..length] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                "us" => 0.000_001,
                "ns" => 0.000_000_001,
                _ => return None,
            };
        rest = &unit[length..];
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_docker_writes_them() {
        assert_eq!(parse_time("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_time("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_time("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_time("5"), None);
        assert_eq!(parse_time("soon"), None);
    }

    #[test]
    fn names_are_whole_and_defaults_are_swarms() {
        let text = "services:\n  app:\n    image: x:1\n    networks: [proxy, inner]\n    volumes: ['data:/d', '/h:/h:ro']\n    configs: [{source: c, target: /c}]\n    secrets: [s]\n    deploy: {update_config: {order: start-first}}\n  db: {image: y:1}\nnetworks:\n  proxy: {external: true}\n  inner:\nvolumes: {data: }\nconfigs: {c: {file: c.txt}}\nsecrets: {s: {external: true, name: st_s_v1}}\n";
        let compose = Compose::parse("compose.yml", text).unwrap();
        let stack = StackName::try_from("st".to_owned()).unwrap();
        let spec = stack_spec(&compose, &stack, &[], |f| Some(f.to_owned())).unwrap();
        let task = &spec.services[0].task;
        assert_eq!(task.networks, ["proxy", "st_inner"]);
        assert_eq!(task.mounts[0].source, MountSource::Volume("st_data".to_owned()));
        assert!(task.mounts[1].read_only);
        assert_eq!(
            (task.configs[0].name.as_str(), task.configs[0].target.as_str()),
            ("st_c", "/c")
        );
        assert_eq!(task.secrets[0].target, "/run/secrets/s");
        assert_eq!(spec.services[0].update.order, Order::StartFirst);
        assert_eq!(spec.services[1].task.networks, ["st_default"]);
        let external: Vec<bool> = spec.networks.iter().map(|n| n.external).collect();
        assert_eq!(external, [true, false, false]);
        assert!(stack_spec(&compose, &stack, &[], |_| None).is_err());
    }

    #[test]
    fn a_variable_without_a_value_takes_the_deploys_and_one_with_a_value_keeps_it() {
        let text = "services:\n  app:\n    image: x:1\n    environment:\n      - PASSED\n      - OWN=1\n      - UNKNOWN\n";
        let mut compose = Compose::parse("compose.yml", text).unwrap();
        pass_on(&mut compose, |name| (name != "UNKNOWN").then(|| format!("of {name}")));
        let stack = StackName::try_from("a".to_owned()).unwrap();
        let spec = stack_spec(&compose, &stack, &[], |_| None).unwrap();
        let env: Vec<_> =
            spec.services[0].task.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(env, ["OWN=1", "PASSED=of PASSED"]);
    }

    #[test]
    fn published_ports_are_numbers_and_ranges_of_equal_length() {
        let ports = |yaml: &str| {
            let text = format!("services:\n  app:\n    image: x:1\n    ports: {yaml}\n");
            let compose = Compose::parse("compose.yml", &text).unwrap();
            let stack = StackName::try_from("st".to_owned()).unwrap();
            let spec = stack_spec(&compose, &stack, &[], |_| None)?;
            let task = &spec.services[0].task;
            Ok::<_, String>(task.ports.iter().map(|p| (p.published, p.target)).collect::<Vec<_>>())
        };
        let voice = "[{target: 64738, published: 64738, protocol: udp, mode: host}, \"2222:22\"]";
        assert_eq!(ports(voice).unwrap(), [(64738, 64738), (2222, 22)]);
        assert_eq!(ports("[\"8000-8001:80-81\", 9]").unwrap(), [(8000, 80), (8001, 81), (0, 9)]);
        for wrong in ["[\"8000-8001:80\"]", "[\"x:80\"]", "[\"70000:80\"]"] {
            assert!(ports(wrong).unwrap_err().starts_with("invalid port"), "{wrong}");
        }
    }
}
