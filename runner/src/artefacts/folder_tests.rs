use harness_core::event::{Happened, read_events};
use harness_core::name::{Commit, Domain, StackName};
use harness_core::platform::{App, PlatformFacts, Revision};
use harness_core::secret::Secret;
use harness_core::suite::Settings;
use harness_core::tier::Tier;
use jiff::Timestamp;

use super::*;
use crate::disk::MemoryDisk;

fn folder(disk: &MemoryDisk) -> RunFolder<MemoryDisk> {
    let run = RunId::try_from("r1".to_owned()).unwrap();
    RunFolder::create(disk.clone(), "/runs".into(), &run).unwrap()
}

fn names(disk: &MemoryDisk) -> Vec<String> {
    let below = |path: &Utf8PathBuf| path.strip_prefix("/runs/r1").unwrap().to_string();
    disk.files().keys().map(below).collect()
}

fn text(disk: &MemoryDisk, name: &str) -> String {
    String::from_utf8(disk.read(&Utf8Path::new("/runs/r1").join(name)).unwrap()).unwrap()
}

fn started() -> Event {
    let recipe = harness_core::name::RecipeName::try_from("ghost".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let stack = StackName::from(&domain);
    let app = App { recipe: recipe.clone(), stack, domain, run: run.clone() };
    let head = Revision { commit: Commit::try_from("2".repeat(40)).unwrap(), version: None };
    let plan = harness_core::plan::decide(&harness_core::plan::Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &Settings::default(),
        brings: harness_core::plan::Brings::default(),
        stages: &[Tier::Install],
        head: &head,
        releases: &[],
        default_branch: None,
        backup_labels: false,
        checks: &[],
        has_suite: false,
        source: "bundled",
        pr: None,
        deps: &[],
    });
    let platform = PlatformFacts {
        name: "none".to_owned(),
        abra: "none".to_owned(),
        abra_is_stand_in: true,
        engine: "none".to_owned(),
        host_quirks: Vec::new(),
        stand_ins: Vec::new(),
    };
    let at = Timestamp::UNIX_EPOCH;
    Event {
        ms: 0,
        what: Happened::RunStarted { at, plan: Box::new(plan), platform: Box::new(platform) },
    }
}

fn noted() -> Event {
    Event { ms: 1, what: Happened::Noted { text: "pulled".to_owned() } }
}

#[test]
fn a_run_folder_is_made_once() {
    let disk = MemoryDisk::new();
    assert_eq!(folder(&disk).dir(), "/runs/r1");
    assert_eq!(folder_again(&disk), "failed to write /runs/r1");
}

fn folder_again(disk: &MemoryDisk) -> String {
    let run = RunId::try_from("r1".to_owned()).unwrap();
    RunFolder::create(disk.clone(), "/runs".into(), &run).unwrap_err().to_string()
}

#[test]
fn what_is_needed_only_while_the_run_lasts_goes_and_the_reports_stay() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    disk.create_folder("/runs/r1/abra".into()).unwrap();
    disk.create_folder("/runs/r1/lint".into()).unwrap();
    for name in ["work/backup.tar.gz", "abra/env", "lint/x", "run.json", "run.json.new"] {
        folder.write(name, "secret").unwrap();
    }
    for name in ["results.json", "logs/app.log"] {
        folder.write(name, "fine").unwrap();
    }
    RunFolder::of_dead_run(disk.process(), "/runs/r1".into()).remove_work();
    assert_eq!(names(&disk), ["logs/app.log", "results.json"]);
}

#[test]
fn the_folder_of_a_run_that_could_not_begin_goes_unless_it_holds_reports() {
    let disk = MemoryDisk::new();
    let unbegun = folder(&disk);
    unbegun.write("plan.json", "{}").unwrap();
    unbegun.remove_work();
    unbegun.remove_unbegun();
    assert!(disk.list("/runs/r1".into()).is_err(), "{:?}", names(&disk));
    let begun = folder(&disk);
    begun.write("results.json", "{}").unwrap();
    begun.remove_work();
    begun.remove_unbegun();
    assert_eq!(names(&disk), ["results.json"]);
}

#[test]
fn a_secret_is_scrubbed_wherever_it_stands_and_named() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    folder.write("results.json", "{\"note\":\"pw hunter22\"}").unwrap();
    folder.write("logs/app.log", "logged in with hunter22\n").unwrap();
    folder.write("junit.xml", "<fine/>").unwrap();
    let mut redactor = Redactor::new();
    assert_eq!(folder.scrub(&redactor, &[]), Vec::<String>::new());
    redactor.add(&Secret::new("hunter22"));
    let mut leaks = folder.scrub(&redactor, &[]);
    leaks.sort();
    assert_eq!(leaks, ["app.log", "results.json"]);
    assert_eq!(text(&disk, "logs/app.log"), "logged in with <redacted>\n");
    assert_eq!(text(&disk, "results.json"), "{\"note\":\"pw <redacted>\"}");
    assert_eq!(text(&disk, "junit.xml"), "<fine/>");
    assert_eq!(folder.scrub(&redactor, &[]), Vec::<String>::new());
}

#[test]
fn what_attaching_takes_stays_as_it_is_and_everything_else_is_scrubbed() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    disk.create_folder("/runs/r1/abra".into()).unwrap();
    disk.create_folder("/runs/r1/work/source".into()).unwrap();
    for name in ["run.json", "run.json.new", "work/a.tar", "work/source/x", "abra/env"] {
        folder.write(name, "pw hunter22").unwrap();
    }
    folder.write("logs/run.json", "pw hunter22").unwrap();
    folder.remove_all_but_attaching();
    assert_eq!(names(&disk), ["logs/run.json", "run.json", "work/a.tar"]);
    let mut redactor = Redactor::new();
    redactor.add(&Secret::new("hunter22"));
    assert_eq!(folder.scrub(&redactor, &ATTACHING), ["run.json"]);
    assert_eq!(text(&disk, "run.json"), "pw hunter22");
    assert_eq!(text(&disk, "work/a.tar"), "pw hunter22");
    assert_eq!(text(&disk, "logs/run.json"), "pw <redacted>");
}

#[test]
fn a_file_that_cannot_be_scrubbed_is_removed() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    folder.write("lint.txt", "pw hunter22").unwrap();
    let mut redactor = Redactor::new();
    redactor.add(&Secret::new("hunter22"));
    disk.full(disk.steps(), u64::MAX);
    assert_eq!(folder.scrub(&redactor, &[]), ["lint.txt"]);
    assert!(!names(&disk).contains(&"lint.txt".to_owned()));
}

#[test]
fn every_report_is_made_from_the_events() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    let events = [started(), noted()];
    let results = folder.report(&events).unwrap().unwrap();
    assert_eq!(names(&disk), ["events.jsonl", "junit.xml", "results.json", "trace.json"]);
    assert_eq!(results.notes, ["pulled"]);
    assert_eq!(serde_json::from_str::<Results>(&text(&disk, "results.json")).unwrap(), results);
    assert!(text(&disk, "results.json").ends_with("}\n"));
    assert!(text(&disk, "junit.xml").contains("ghost::install"));
    assert!(text(&disk, "trace.json").contains("traceEvents"));
    assert_eq!(read_events(&text(&disk, "events.jsonl")).unwrap(), events);
}

#[test]
fn the_plan_is_written_as_it_is() {
    let disk = MemoryDisk::new();
    let Happened::RunStarted { plan, .. } = started().what else { panic!("no start") };
    folder(&disk).write_plan(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text(&disk, "plan.json")).unwrap(), *plan);
}

#[test]
fn events_that_begin_with_no_run_make_no_report() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    assert_eq!(folder.report(&[noted()]).unwrap(), None);
    folder.write_results(&[noted()]).unwrap();
    assert_eq!(names(&disk), Vec::<String>::new());
    folder.write_results(&[started()]).unwrap();
    assert_eq!(names(&disk), ["results.json"]);
}

#[test]
fn an_event_log_is_written_again_only_if_a_line_is_missing() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    folder.append("events.jsonl", "{\"a\":1}\n").unwrap();
    folder.append("events.jsonl", "{\"b\":2}\n").unwrap();
    let events = [started(), noted()];
    folder.report(&events).unwrap();
    assert_eq!(text(&disk, "events.jsonl"), "{\"a\":1}\n{\"b\":2}\n");
    folder.write("events.jsonl", "{\"a\":1}\n{\"b\":").unwrap();
    folder.report(&events).unwrap();
    assert_eq!(read_events(&text(&disk, "events.jsonl")).unwrap(), events);
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_that_names_it() {
    let disk = MemoryDisk::new();
    let folder = folder(&disk);
    disk.full(disk.steps(), u64::MAX);
    let error = folder.report(&[started()]).unwrap_err();
    assert_eq!(error.path, "/runs/r1/events.jsonl");
    let error = folder.write("plan.json", "{}").unwrap_err();
    assert_eq!(error.to_string(), "failed to write /runs/r1/plan.json");
}
