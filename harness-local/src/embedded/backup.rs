//! Backing an app up and restoring it, as the backup bot does it by the services' labels.

use std::io;

use camino::Utf8PathBuf;
use flate2::Compression;
use flate2::write::GzEncoder;
use harness_core::cause::CauseClass;
use harness_core::name::ServiceName;
use harness_core::platform::{App, OpError, Snapshot};

use super::apps::Kept;
use super::server::Server;
use crate::backupbot::{Moment, Plan, plan};
use crate::engine::{MountFacts, ServiceFacts, VolumeFacts};
use crate::sabotage::Volumes;
use crate::world::{HookEnd, Io, Kept as File, MountSource, World};

/// The host that all snapshots say, as the bot's own do.
const HOST: &str = "backupbot";

/// Where Docker keeps volumes.
const VOLUMES: &str = "/var/lib/docker/volumes/";

impl Server {
    pub(super) fn make_backup(
        &self,
        app: &App,
        keep: impl FnOnce(&str, Vec<u8>) -> io::Result<Utf8PathBuf>,
    ) -> Result<Snapshot, OpError> {
        let op = format!("back up {}", app.domain);
        let nothing = || {
            let text = "nothing was backed up: `backup create` made no snapshot of this app; look at the recipe's \
                        `backupbot.backup` labels";
            OpError::new(op.as_str(), CauseClass::Recipe, text)
        };
        let refused = |text: String| OpError::new(op.as_str(), CauseClass::Host, text);
        let began = Some(self.shared.with(|w| w.now()));
        let made = self.shared.with(|w| {
            let Some(plan) = labels_of(w, app).filter(|plan| plan.enabled) else { return Ok(None) };
            let mut errors: Vec<String> = plan
                .out_of_reach
                .iter()
                .map(|path| {
                    format!("{path} lies in no volume of {}, it is not backed up", app.stack)
                })
                .collect();
            w.drain_refusals();
            let before_hooks = if w.is_sabotaged() { w.held() } else { Volumes::new() };
            run_hooks(w, app, &plan, Moment::BackupPre, &mut errors).map_err(refused)?;
            let mut files = Vec::new();
            for path in &plan.paths {
                let found = files_at(w, path);
                if found.is_none() {
                    errors.push(format!("lstat {path}: no such file or directory"));
                }
                files.extend(found.unwrap_or_default());
            }
            w.spoil_backup(&before_hooks, &mut files);
            dump_yesterday(w, app, &plan, &before_hooks, &mut files);
            run_hooks(w, app, &plan, Moment::BackupPost, &mut errors).map_err(refused)?;
            w.trouble().backup_made();
            let id = w.random().hex(64);
            let kept = Kept { time: w.now(), files };
            check_played(&w.drain_refusals(), &op)?;
            Ok((!plan.paths.is_empty()).then_some((id, kept, plan.paths, errors)))
        })?;
        let (id, kept, roots, hook_errors) = made.ok_or_else(nothing)?;
        let name = format!("backup-{}.tar.gz", &id[..8]);
        let archive = pack(&kept)
            .and_then(|content| keep(&name, content))
            .map_err(|e| OpError::from_source(op.as_str(), CauseClass::Harness, e))?;
        let mut paths = roots;
        paths.extend(kept.files.iter().map(|(volume, below, _)| on_host(volume, below)));
        paths.sort();
        paths.dedup();
        let time = Some(kept.time);
        self.apps().snapshots.insert(id.clone(), kept);
        let (host, tags) = (Some(HOST.to_owned()), vec![app.stack.to_string()]);
        Ok(Snapshot { id, time, began, host, tags, paths, archive: Some(archive), hook_errors })
    }

    pub(super) fn put_back(&self, app: &App, snapshot: &Snapshot) -> Result<(), OpError> {
        let op = format!("restore {}", app.domain);
        let Some(kept) = self.apps().snapshots.get(&snapshot.id).cloned() else {
            let text = format!("there is no snapshot {}", snapshot.id);
            return Err(OpError::new(op, CauseClass::Harness, text));
        };
        let refused = |text: String| OpError::new(op.as_str(), CauseClass::Host, text);
        self.shared.with(|w| {
            let Some(plan) = labels_of(w, app) else {
                let text = format!("{} is not deployed: deploy it before restoring", app.stack);
                return Err(OpError::new(op.as_str(), CauseClass::Recipe, text));
            };
            // A hook that fails is only logged, and the work goes on, as the real bot does.
            let mut errors = Vec::new();
            w.drain_refusals();
            run_hooks(w, app, &plan, Moment::RestorePre, &mut errors).map_err(refused)?;
            let mut files = kept.files;
            w.spoil_restore(&mut files);
            for (volume, below, bytes) in files {
                w.put_into_volume(&app.stack, &volume, &below, bytes);
            }
            run_hooks(w, app, &plan, Moment::RestorePost, &mut errors).map_err(refused)?;
            w.sabotage_restored();
            check_played(&w.drain_refusals(), &op)?;
            if errors.is_empty() {
                return Ok(());
            }
            // The exit code of a restore proves nothing, so its log is read, as on a real server.
            let text = format!("the restore's own log names errors: {}", errors.join("; "));
            Err(OpError::new(op.as_str(), CauseClass::Recipe, text))
        })
    }
}

/// A hook that a stand-in cannot play proves nothing against the recipe, whether or not the hook heard of it.
fn check_played(refusals: &[String], op: &str) -> Result<(), OpError> {
    match refusals.first() {
        Some(refusal) => {
            let text = format!(
                "the simulated app cannot do what a hook asks of it, a real one may: {refusal}; use --platform swarm"
            );
            Err(OpError::new(op, CauseClass::Harness, text))
        }
        None => Ok(()),
    }
}

/// Reads what the labels of a deployed stack ask for; none when nothing is deployed.
fn labels_of(world: &World, app: &App) -> Option<Plan> {
    let mount = |m: &crate::world::MountSpec| {
        let (source, is_volume) = match &m.source {
            MountSource::Volume(name) => (name.clone(), true),
            MountSource::Host(path) => (path.clone(), false),
            MountSource::Memory => (String::new(), false),
        };
        MountFacts { source, target: m.target.clone(), is_volume }
    };
    let services = world.services_of(&app.stack).into_iter().map(|(name, spec)| ServiceFacts {
        name: name.to_owned(),
        labels: spec.labels.clone(),
        mounts: spec.task.mounts.iter().map(mount).collect(),
        ..ServiceFacts::default()
    });
    let services: Vec<ServiceFacts> = services.collect();
    let volumes = world.volumes_of(&app.stack).into_iter();
    let volumes: Vec<VolumeFacts> =
        volumes.map(|name| VolumeFacts { mountpoint: on_host(&name, ""), name }).collect();
    (!services.is_empty()).then(|| plan(app.stack.as_str(), &services, &volumes))
}

/// Lets the hooks make their dumps once more of what volumes held yesterday, if that is how the backup is sabotaged,
/// and puts those into it.
fn dump_yesterday(
    world: &mut World,
    app: &App,
    plan: &Plan,
    before_hooks: &Volumes,
    files: &mut [File],
) {
    let Some(yesterday) = world.dumps_of() else { return };
    let today = world.held();
    world.hold(yesterday);
    // A hook that cannot dump what was there yesterday leaves nothing to put in.
    let ran = run_hooks(world, app, plan, Moment::BackupPre, &mut Vec::new());
    let made = world.held();
    world.hold(today);
    if ran.is_ok() {
        world.swap_dumps(before_hooks, files, &made);
    }
}

/// Runs the hooks of a moment. One that fails is an error line, and the work goes on; a service without a running
/// container is passed over.
fn run_hooks(
    world: &mut World,
    app: &App,
    plan: &Plan,
    moment: Moment,
    errors: &mut Vec<String>,
) -> Result<(), String> {
    for hook in plan.hooks_at(moment) {
        let prefix = format!("{}_", app.stack);
        let short = hook.service.strip_prefix(&prefix).unwrap_or(&hook.service).to_owned();
        let Ok(service) = ServiceName::try_from(short) else { continue };
        let command = format!("set -o pipefail;{}", hook.command);
        let argv = ["bash", "-c", &command].map(str::to_owned);
        match world.hook_end(moment.is_restore()) {
            Some(HookEnd::Well) => continue,
            Some(HookEnd::Error) => {
                let name = moment.label();
                errors.push(format!("failed to run {name} in {}: exit code 1: ", hook.service));
                continue;
            }
            None => {}
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let code = match world.exec(&app.stack, &service, &argv, &mut io) {
            Ok(code) => code,
            // The bot passes over a service of which nothing runs, and breaks off where the engine refuses.
            Err(_) if !world.runs(&app.stack, &service) => continue,
            Err(error) => {
                return Err(format!(
                    "the hook of {} could not be run: {error} (409)",
                    hook.service
                ));
            }
        };
        if code != 0 {
            out.append(&mut err);
            let said = String::from_utf8_lossy(&out).trim().to_owned();
            errors.push(format!(
                "failed to run {} in {}: exit code {code}: {said}",
                moment.label(),
                hook.service
            ));
        }
    }
    Ok(())
}

fn on_host(volume: &str, below: &str) -> String {
    let root = format!("{VOLUMES}{volume}/_data");
    if below.is_empty() { root } else { format!("{root}/{below}") }
}

/// Returns the files at or below a path of the host, which lies in a volume; none when there is no such path.
fn files_at(world: &World, path: &str) -> Option<Vec<(String, String, Vec<u8>)>> {
    let (volume, rest) = path.strip_prefix(VOLUMES)?.split_once("/_data")?;
    let wanted = rest.trim_matches('/');
    let below = format!("{wanted}/");
    let is_wanted = |file: &str| wanted.is_empty() || file == wanted || file.starts_with(&below);
    let files = world.volume_files(volume)?.iter().filter(|(file, _)| is_wanted(file));
    let files: Vec<_> =
        files.map(|(file, bytes)| (volume.to_owned(), file.clone(), bytes.clone())).collect();
    (wanted.is_empty() || !files.is_empty()).then_some(files)
}

fn pack(kept: &Kept) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (volume, below, bytes) in &kept.files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(kept.time.as_second()).unwrap_or(0));
        let path = on_host(volume, below);
        builder.append_data(&mut header, path.trim_start_matches('/'), bytes.as_slice())?;
    }
    builder.into_inner()?.finish()
}
