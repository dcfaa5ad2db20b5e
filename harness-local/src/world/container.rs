//! Containers: made for a task, started, ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::StackName;
use harness_core::observation::TaskState;
use jiff::{SignedDuration, Timestamp};

use super::image::{Image, Io, Ran};
use super::inside::{EngineCall, Inside, Purpose, tidy};
use super::peer::Around;
use super::spec::{MountSource, MountSpec, TaskSpec};
use super::state::{Volume, World};
use super::step::Step;
use super::template::filled_in;

/// So long a node lets load balancers forget a task before it tells the container to end.
pub(super) const FORGETTING: Duration = Duration::from_secs(2);

/// A line that a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// A container of no stack that mounts volumes of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The volumes.
    pub volumes: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) stack: Option<StackName>,
    pub(super) task: Option<String>,
    pub(super) spec: Arc<TaskSpec>,
    pub(super) player: Arc<dyn Image>,
    pub(super) image_files: Arc<BTreeMap<String, Vec<u8>>>,
    pub(super) own: BTreeMap<String, Option<Vec<u8>>>,
    pub(super) mounted: BTreeMap<String, Vec<u8>>,
    pub(super) runs: bool,
    pub(super) serves: bool,
    idles: bool,
    pub(super) started: Timestamp,
    /// How far its clock is ahead of the engine's.
    pub(super) clock: SignedDuration,
    /// Health probes that failed in a row.
    pub(super) failures: u64,
    /// It was found unhealthy and is being stopped for that.
    pub(super) unhealthy: bool,
    /// So many lines of its main program are in the log, should that be run again.
    heard: usize,
    pub(super) log: Vec<LogLine>,
}

/// What lies in a container before anything runs: secrets and configs, filled in.
type Mounted = BTreeMap<String, Vec<u8>>;

impl World {
    /// Makes the container of a task: a node does so while it prepares it.
    pub(super) fn prepare_container(&mut self, task_id: &str) {
        let Some(task) = self.tasks.get(task_id) else { return };
        let (spec, stack) = (Arc::clone(&task.spec), task.stack.clone());
        let service = task.service.clone();
        let name = format!("{}.{}.{}", task.service, task.slot, task.id);
        let id = self.random.hex(64);
        let mounted = self.mounted_files(&spec);
        let image = self.really_runs(&service, &spec.image);
        self.make_container(&id, &name, Some(stack), Arc::clone(&spec), mounted, &image);
        if let Some(container) = self.containers.get_mut(&id) {
            container.task = Some(task_id.to_owned());
        }
        if let Some(task) = self.tasks.get_mut(task_id) {
            task.container = Some(id);
        }
    }

    /// Starts the container of a task.
    pub(super) fn start_task(&mut self, task_id: &str) {
        let Some(task) = self.tasks.get(task_id) else { return };
        let Some(id) = task.container.clone() else { return };
        if self.containers.get(&id).is_none_or(|c| c.runs) {
            return;
        }
        let health = task.spec.health.clone();
        self.start_container(&id);
        match health {
            Some(health) => self.plan(health.interval, Step::Probe(id)),
            None => self.set_task_state(task_id, TaskState::Running),
        }
    }

    fn make_container(
        &mut self,
        id: &str,
        name: &str,
        stack: Option<StackName>,
        spec: Arc<TaskSpec>,
        mounted: Mounted,
        image: &str,
    ) {
        let player = self.library.image(image);
        let image_files = Arc::new(player.files());
        for mount in &spec.mounts {
            self.make_volume(mount, stack.as_ref(), &image_files);
        }
        let clock = self.clock_of(stack.as_ref());
        let container = Container {
            name: name.to_owned(),
            stack,
            task: None,
            spec,
            player,
            image_files,
            own: BTreeMap::new(),
            mounted,
            runs: false,
            serves: false,
            idles: false,
            started: self.now,
            clock,
            failures: 0,
            unhealthy: false,
            heard: 0,
            log: Vec::new(),
        };
        self.containers.insert(id.to_owned(), container);
        self.say("container create", name);
    }

    /// A new volume begins with what the image has where it is mounted.
    fn make_volume(
        &mut self,
        mount: &MountSpec,
        stack: Option<&StackName>,
        image_files: &BTreeMap<String, Vec<u8>>,
    ) {
        let MountSource::Volume(name) = &mount.source else { return };
        let volume = self
            .volumes
            .entry(name.clone())
            .or_insert_with(|| Volume { stack: stack.cloned(), ..Volume::default() });
        if volume.files.is_empty() {
            let root = format!("{}/", tidy(&mount.target));
            let own = image_files.iter();
            let own = own.filter_map(|(p, b)| Some((p.strip_prefix(&root)?.to_owned(), b.clone())));
            volume.files.extend(own);
        }
    }

    fn mounted_files(&self, spec: &TaskSpec) -> Mounted {
        let mut mounted = Mounted::new();
        let mut named = BTreeMap::new();
        for secret in &spec.secrets {
            let value = self.secrets.get(&secret.name).cloned().unwrap_or_default();
            let key = secret.target.rsplit('/').next().unwrap_or_default().to_owned();
            named.insert(key, value.clone());
            mounted.insert(tidy(&secret.target), value);
        }
        for file in &spec.configs {
            let Some(config) = self.configs.get(&file.name) else { continue };
            let data = if config.is_template {
                filled_in(&config.data, &spec.env, &named)
            } else {
                config.data.clone()
            };
            mounted.insert(tidy(&file.target), data);
        }
        mounted
    }

    fn start_container(&mut self, id: &str) {
        let Some(container) = self.containers.get_mut(id) else { return };
        container.runs = true;
        container.started = self.now;
        container.heard = 0;
        let name = container.name.clone();
        self.say("container start", &name);
        self.run_main(id);
    }

    /// Runs a container's main program, again if it waited.
    pub(super) fn run_main(&mut self, id: &str) {
        let Some(container) = self.containers.get(id).filter(|c| c.runs) else { return };
        let (entrypoint, command) = container.player.argv();
        let own = [entrypoint.clone(), command.clone()].concat();
        let spec = &container.spec;
        let mut argv = match (&spec.entrypoint, &spec.command) {
            (None, None) => [entrypoint, command].concat(),
            (None, Some(own)) => [entrypoint, own.clone()].concat(),
            (Some(own), command) => [own.clone(), command.clone().unwrap_or_default()].concat(),
        };
        argv.retain(|word| !word.is_empty());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let mut ran = self.run_in(id, &argv, Purpose::Main, &mut io);
        if matches!(ran, Some(Ran::Ended(code)) if code != 0) && is_refusal(&err) {
            // A script beyond what is played does what such scripts do, and starts the app.
            let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
            ran = self.run_in(id, &own, Purpose::Main, &mut io);
        }
        out.append(&mut err);
        self.log_lines(id, &out);
        let ran = self.troubled_main(id, ran);
        if let Some(container) = self.containers.get_mut(id) {
            // A shell is the first program of its container and does not hear the signal while it waits.
            container.idles = matches!(ran, Some(Ran::Idles | Ran::Waits { .. }));
        }
        match ran {
            None | Some(Ran::Idles) => {}
            Some(Ran::Ended(code)) => {
                let after = self.random.time(50, 200);
                self.plan(after, Step::Ends { container: id.to_owned(), code });
            }
            Some(Ran::Serves { boot }) => self.plan(boot, Step::Booted(id.to_owned())),
            Some(Ran::Waits { again }) => self.plan(again, Step::Again(id.to_owned())),
        }
    }

    fn log_lines(&mut self, id: &str, bytes: &[u8]) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let text = String::from_utf8_lossy(bytes);
        let new = text.lines().skip(container.heard);
        let lines = new.map(|l| LogLine { at: self.now, text: l.to_owned() });
        container.log.extend(lines);
        container.heard = container.heard.max(text.lines().count());
    }

    pub(super) fn booted(&mut self, id: &str) {
        if let Some(container) = self.containers.get_mut(id).filter(|c| c.runs) {
            container.serves = true;
            self.with_inside(id, Purpose::Main, |inside, player| player.booted(inside));
        }
    }

    /// Runs a program in a container; `None` when there is no such container.
    pub(super) fn run_in(
        &mut self,
        id: &str,
        argv: &[String],
        purpose: Purpose,
        io: &mut Io<'_>,
    ) -> Option<Ran> {
        self.with_inside(id, purpose, |inside, player| player.run(inside, argv, io))
    }

    /// Does something with a container as its programs see it; `None` when there is no such container.
    pub(super) fn with_inside<V>(
        &mut self,
        id: &str,
        purpose: Purpose,
        work: impl FnOnce(&mut Inside<'_>, &dyn Image) -> V,
    ) -> Option<V> {
        let mut container = self.containers.remove(id)?;
        let mut calls = Vec::new();
        let mut around = Around {
            now: self.now,
            purpose,
            services: &self.services,
            tasks: &self.tasks,
            others: &mut self.containers,
            volumes: &mut self.volumes,
            calls: &mut calls,
        };
        let value = container.with(&mut around, work);
        self.containers.insert(id.to_owned(), container);
        for call in calls {
            self.obey(id, call);
        }
        Some(value)
    }

    fn obey(&mut self, id: &str, call: EngineCall) {
        match call {
            EngineCall::Create { name, image, volumes } => {
                if self.containers.values().any(|c| c.name == name) {
                    return;
                }
                let mount = |volume: String| MountSpec {
                    target: format!("/mnt/{volume}"),
                    source: MountSource::Volume(volume),
                    read_only: false,
                };
                let spec = TaskSpec {
                    entrypoint: Some(vec!["sleep".to_owned(), "infinity".to_owned()]),
                    mounts: volumes.into_iter().map(mount).collect(),
                    ..TaskSpec::of_image(&image)
                };
                let id = self.random.hex(64);
                self.make_container(&id, &name, None, Arc::new(spec), Mounted::new(), &image);
            }
            EngineCall::Terminate => self.terminate(id),
            EngineCall::Refused { said } => self.refusals.push(said),
            EngineCall::Start { name } => {
                let found = self.containers.iter().find(|(_, c)| c.name == name && !c.runs);
                if let Some(id) = found.map(|(id, _)| id.clone()) {
                    self.start_container(&id);
                }
            }
        }
    }

    /// A container's main program ends in order, if it is one that hears the signal.
    fn terminate(&mut self, id: &str) {
        let Some(container) = self.containers.get(id).filter(|c| c.runs && !c.idles) else {
            return;
        };
        if container.serves {
            self.with_inside(id, Purpose::Main, |inside, player| player.stopping(inside));
        }
        let after = self.random.time(50, 200);
        self.plan(after, Step::Ends { container: id.to_owned(), code: 0 });
    }

    /// A container's main program ended. Of its task that is a failure unless it ended with 0, and then alone the
    /// engine says that it was unhealthy.
    pub(super) fn container_ended(&mut self, id: &str, code: i64) {
        let Some(container) = self.containers.get_mut(id).filter(|c| c.runs) else { return };
        (container.runs, container.serves) = (false, false);
        let unhealthy = if container.unhealthy { ": dockerexec: unhealthy container" } else { "" };
        let error = format!("task: non-zero exit ({code}){unhealthy}");
        let (name, task) = (container.name.clone(), container.task.clone());
        self.say("container die", &name);
        self.let_networks_go(id);
        let Some(task) = task else { return };
        if let Some(task) = self.tasks.get_mut(&task) {
            task.exit_code = Some(code);
            task.error = (code != 0).then_some(error);
        }
        self.task_ended(&task, if code == 0 { TaskState::Complete } else { TaskState::Failed });
    }

    /// Tells the container of a task to end, some time after the load balancer has been told to forget it.
    pub(super) fn stop_container(&mut self, id: &str) {
        self.stop_container_after(id, FORGETTING);
    }

    /// Tells a container to end after a pause.
    pub(super) fn stop_container_after(&mut self, id: &str, pause: Duration) {
        let Some(container) = self.containers.get(id) else { return };
        let stop = container.spec.stop.clone();
        let after = if stop.kills || !container.runs {
            self.random.time(50, 150)
        } else if container.idles {
            // A program without a handler is the first of its container and does not hear the signal.
            stop.grace
        } else {
            self.random.time(100, 300).min(stop.grace.max(Duration::from_millis(1)))
        };
        self.plan(pause + after, Step::Stopped { container: id.to_owned() });
    }

    pub(super) fn container_stopped(&mut self, id: &str) {
        let Some(container) = self.containers.get(id) else { return };
        let has_ended = |t: &String| self.tasks.get(t).is_none_or(super::state::Task::has_ended);
        if container.task.as_ref().is_none_or(has_ended) {
            return;
        }
        if container.runs && container.serves && !container.spec.stop.kills {
            self.with_inside(id, Purpose::Main, |inside, player| player.stopping(inside));
        }
        let Some(container) = self.containers.get_mut(id) else { return };
        let deaf = container.spec.stop.kills || container.idles;
        let code = if container.runs && deaf { 137 } else { 0 };
        if container.unhealthy {
            self.container_ended(id, code);
            return;
        }
        let ran = std::mem::replace(&mut container.runs, false);
        container.serves = false;
        let (name, task) = (container.name.clone(), container.task.clone());
        if ran {
            self.say("container die", &name);
        }
        self.let_networks_go(id);
        let Some(task) = task else { return };
        if let Some(task) = self.tasks.get_mut(&task) {
            task.exit_code = Some(code);
        }
        self.task_ended(&task, TaskState::Shutdown);
    }

    /// Removes a container at once, running or not.
    pub(super) fn drop_container(&mut self, id: &str) {
        self.let_networks_go(id);
        let Some(container) = self.containers.remove(id) else { return };
        self.say("container destroy", &container.name);
    }
}

/// Returns whether a stand-in says that it cannot do what it was asked to.
fn is_refusal(err: &[u8]) -> bool {
    String::from_utf8_lossy(err).contains("not played by a stand-in")
}

impl TaskSpec {
    /// Returns a task of an image of which nothing else is said.
    pub fn of_image(image: &str) -> Self {
        Self {
            image: image.to_owned(),
            entrypoint: None,
            command: None,
            env: BTreeMap::new(),
            mounts: Vec::new(),
            configs: Vec::new(),
            secrets: Vec::new(),
            networks: Vec::new(),
            health: None,
            restart: super::spec::RestartSpec::default(),
            stop: super::spec::StopSpec::default(),
            routed_port: None,
            ports: Vec::new(),
        }
    }
}
